/** A taken port is said before anything is started: which, who wants it, and how to move it. */
import net from 'node:net';
import { SetupError } from './settings.ts';

function free(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export async function requireFree(wanted: readonly { name: string; port: number; host: string }[]): Promise<void> {
  const taken: string[] = [];
  for (const { name, port, host } of wanted) {
    if (!(await free(port, host))) {
      taken.push(`端口 ${port} 已被占用，可用 ${name}=… 换一个 / port ${port} is taken, move it with ${name}=…`);
    }
  }
  if (taken.length > 0) throw new SetupError(taken.join('\n'));
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves once something accepts connections there; rejects after `timeoutMs`. */
export async function untilListening(port: number, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
