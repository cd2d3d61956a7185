/** A small HTTP server for fakes: the body read, errors as 500, closed without waiting for anybody. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  /** Path with query, as sent. */
  readonly target: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startFakeServer(
  port: number,
  handle: (request: FakeRequest, response: http.ServerResponse) => Promise<void> | void,
): Promise<FakeServer> {
  const server = http.createServer((request, response) => {
    const work = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const target = request.url ?? '/';
      await handle(
        {
          method: request.method ?? 'GET',
          url: new URL(target, 'http://gateway'),
          target,
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        },
        response,
      );
    };
    work().catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: http.ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Trouble that a fake can be told to make when it is asked about an order ('*' for all). */
export type Trouble = 'timeout' | 'drop' | 'error' | 'html';

/** Makes the trouble; true if the request is done with. */
export function makeTrouble(trouble: Trouble | undefined, response: http.ServerResponse): boolean {
  if (trouble === undefined) return false;
  if (trouble === 'drop') response.destroy();
  if (trouble === 'error') response.writeHead(502).end('error');
  if (trouble === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>502 Bad Gateway</html>');
  return true;
}

/** Repeats until the receiver says yes, as gateways do. */
export async function notifyUntil(send: () => Promise<boolean>, stopped: AbortSignal): Promise<void> {
  for (const pause of [0, 1_000, 3_000, 10_000, 30_000, 60_000]) {
    await new Promise((resolve) => setTimeout(resolve, pause).unref());
    if (stopped.aborted || (await send().catch(() => false))) return;
  }
}
