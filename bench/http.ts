/** HTTP as cheap as Node has it: what drives a benchmark must not be what limits it. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

export function request(
  agent: http.Agent,
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = http.request(url, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A pickup session for the token of a pickup link: the cookie, and what is stored of both. */
export function cookieOf(pickupUrl: string): { cookie: string; tokenHash: Buffer; sessionHash: Buffer } {
  const session = randomBytes(32).toString('base64url');
  const tokenHash = sha256(new URL(pickupUrl).hash.slice(1));
  return { cookie: `miaofa_pickup=${session}`, tokenHash, sessionHash: sha256(session) };
}
