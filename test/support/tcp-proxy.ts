/** A line between a client and a server that can be cut, or go silent as a host that hangs does. */
import net from 'node:net';
import { freePort } from '../../dev/embedded/ports.ts';
import { onEnd } from './services.ts';

type Line = 'open' | 'cut' | 'silent' | 'stalled';

export interface TcpProxy {
  readonly port: number;
  /**
   * `open` passes on; `cut` refuses; `silent` takes connections and bytes and gives nothing; `stalled` keeps what comes
   * and passes it on when it is open again.
   */
  set(line: Line): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  let line: Line = 'open';
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const onward = net.connect(target);
    for (const socket of [client, onward]) {
      sockets.add(socket);
      if (line === 'stalled') socket.pause();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        onward.destroy();
      });
    }
    client.on('data', (bytes) => line !== 'silent' && onward.write(bytes));
    onward.on('data', (bytes) => line !== 'silent' && client.write(bytes));
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const port = await freePort();
  await listen(port);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onEnd(close);
  return {
    port,
    async set(next) {
      line = next;
      for (const socket of sockets) {
        if (next === 'stalled') socket.pause();
        else socket.resume();
      }
      if (next === 'cut') await close();
      else if (!server.listening) await listen(port);
    },
  };
}
