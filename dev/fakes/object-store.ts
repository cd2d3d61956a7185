/**
 * An object store that speaks S3 as far as presigned downloads go: it checks Signature Version 4 of the query as a store
 * does, from the request it received and nothing of what our side computed. Buckets in the path.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { startFakeServer, type FakeRequest } from './server.ts';

export const fakeStoreLogin = {
  accessKeyId: 'FAKESTOREREADER',
  secretAccessKey: 'fake-store-secret-0123456789',
} as const;

export interface FakeObjectStore {
  readonly url: string;
  readonly config: Readonly<Record<string, string>>;
  put(key: string, body: string): void;
  /** Downloads that were let through, and the code of each that was refused. */
  readonly served: string[];
  readonly refused: string[];
  /** What the store believes the time is. */
  now: () => Date;
  close(): Promise<void>;
}

const region = 'fake-1';
const bucket = 'goods';

/** Why the request is refused, in the words of S3; undefined if it is genuine. */
function judge(request: FakeRequest, now: Date): string | undefined {
  // The text as it came over the wire: what a proxy or a client changed on the way does not verify.
  const [path = '', query = ''] = request.target.split('?', 2);
  const pairs = query.split('&').map((pair) => pair.split('=', 2) as [string, string?]);
  const get = (name: string): string => decodeURIComponent(pairs.find(([key]) => key === name)?.[1] ?? '');
  const signature = get('X-Amz-Signature');
  if (signature === '') return 'AccessDenied';
  const [id, day, where, service, end] = get('X-Amz-Credential').split('/');
  if (get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' || where !== region || service !== 's3' || end !== 'aws4_request') {
    return 'AuthorizationQueryParametersError';
  }
  if (id !== fakeStoreLogin.accessKeyId) return 'InvalidAccessKeyId';
  const stamp = get('X-Amz-Date');
  const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const seconds = Number(get('X-Amz-Expires'));
  if (!stamp.startsWith(day ?? '-') || !(seconds >= 1 && seconds <= 604_800))
    return 'AuthorizationQueryParametersError';
  if (now.getTime() > at + seconds * 1000) return 'AccessDenied';
  const signed = pairs
    .filter(([key]) => key !== 'X-Amz-Signature')
    .map(([key, value = '']) => `${key}=${value}`)
    .sort();
  const headers = get('X-Amz-SignedHeaders').split(';');
  const lines = headers.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`).join('');
  const canonical = `${request.method}\n${path}\n${signed.join('&')}\n${lines}\n${headers.join(';')}\nUNSIGNED-PAYLOAD`;
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${day}/${region}/s3/aws4_request\n${createHash('sha256').update(canonical).digest('hex')}`;
  let key: Buffer | string = `AWS4${fakeStoreLogin.secretAccessKey}`;
  for (const part of [day ?? '', region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  const expected = createHmac('sha256', key).update(text).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected) ? undefined : 'SignatureDoesNotMatch';
}

export async function startFakeObjectStore({ port }: { readonly port: number }): Promise<FakeObjectStore> {
  const objects = new Map<string, string>();
  const served: string[] = [];
  const refused: string[] = [];
  const server = await startFakeServer(port, (request, response) => {
    const refusal = request.method === 'GET' ? judge(request, fake.now()) : 'MethodNotAllowed';
    const key = decodeURIComponent(request.url.pathname).slice(bucket.length + 2);
    const body = objects.get(key);
    const code = refusal ?? (body === undefined ? 'NoSuchKey' : undefined);
    if (code !== undefined) {
      refused.push(code);
      response.writeHead(code === 'NoSuchKey' ? 404 : 403, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`);
      return;
    }
    const disposition = request.url.searchParams.get('response-content-disposition');
    const head = { 'content-type': 'text/plain', ...(disposition !== null && { 'content-disposition': disposition }) };
    const range = request.headers.range === 'bytes=0-0';
    if (!range) served.push(key);
    response.writeHead(range ? 206 : 200, head).end(range ? body?.slice(0, 1) : body);
  });
  const fake: FakeObjectStore = {
    url: server.url,
    config: { endpoint: server.url, region, bucket, style: 'path', ...fakeStoreLogin },
    put: (key, body) => void objects.set(key, body),
    served,
    refused,
    now: () => new Date(),
    close: () => server.close(),
  };
  return fake;
}
