/**
 * Addresses of objects that are signed for some minutes: AWS Signature Version 4 in the query, as S3 and what speaks it
 * (R2, OSS, COS, MinIO) check it. Source: AWS "Authenticating Requests: Using Query Parameters"; its published example is
 * in test/integrations/object-stores.test.ts.
 */
import { createHash, createHmac } from 'node:crypto';

export interface ObjectStore {
  /** Without the bucket: `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The bucket as the first part of the path instead of the host's name (MinIO). */
  readonly pathStyle: boolean;
}

/** The longest validity that the protocol knows, in seconds. */
export const longestPresigned = 604_800;

/** All but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();

/** The key that signs one day's requests to one region. */
function signingKey(secret: string, day: string, region: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), 's3'), 'aws4_request');
}

/**
 * An address that downloads the object for so many seconds from `at` on. `fileName`: the name under which browsers save it.
 */
export function presign(store: ObjectStore, key: string, seconds: number, at: Date, fileName?: string): string {
  const endpoint = new URL(store.endpoint);
  const host = store.pathStyle ? endpoint.host : `${store.bucket}.${endpoint.host}`;
  const path = `/${[...(store.pathStyle ? [store.bucket] : []), ...key.split('/')].map(encode).join('/')}`;
  const stamp = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = stamp.slice(0, 8);
  const scope = `${day}/${store.region}/s3/aws4_request`;
  const fields: readonly (readonly [string, string])[] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${store.accessKeyId}/${scope}`],
    ['X-Amz-Date', stamp],
    ['X-Amz-Expires', String(Math.min(Math.max(Math.floor(seconds), 1), longestPresigned))],
    ['X-Amz-SignedHeaders', 'host'],
    ...(fileName === undefined ? [] : [['response-content-disposition', `attachment; filename*=UTF-8''${encode(fileName)}`] as const]), // prettier-ignore
  ];
  const query = fields.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const request = ['GET', path, query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(request, 'utf8').digest('hex');
  const signature = hmac(
    signingKey(store.secretAccessKey, day, store.region),
    ['AWS4-HMAC-SHA256', stamp, scope, digest].join('\n'),
  );
  return `${endpoint.protocol}//${host}${path}?${query}&X-Amz-Signature=${signature.toString('hex')}`;
}
