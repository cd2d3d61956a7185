/** Standard Webhooks signatures (standardwebhooks.com): base64 HMAC-SHA256 over `id.timestamp.body`, secret `whsec_<base64>`. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { secretAad, type Keyring } from './keyring/keyring.ts';

const leastBytes = 16;

function bytesOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}

function keyOf(secret: string): Buffer {
  const key = bytesOf(secret);
  // An empty secret would sign and accept anything.
  if (key.length < leastBytes) throw new Error('a webhook secret has at least 16 bytes');
  return key;
}

/** False for a secret that {@link signWebhook} would throw on. */
export function secretIsUsable(secret: string): boolean {
  return bytesOf(secret).length >= leastBytes;
}

/** The header value `v1,<base64>`. `timestamp` in seconds. */
export function signWebhook(secret: string, id: string, timestamp: number, body: string | Buffer): string {
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${mac.digest('base64')}`;
}

/** The secrets of a shop in clear, the present one first. */
export function openWebhookSecrets(
  keyring: Keyring,
  shopId: number,
  sealed: { readonly webhookSecret: Buffer | null; readonly webhookSecretBefore: Buffer | null },
): string[] {
  return [sealed.webhookSecret, sealed.webhookSecretBefore]
    .filter((secret) => secret !== null)
    .map((secret) => keyring.open('secret', secret, secretAad('shops', shopId)).toString('utf8'));
}

/** {@link signWebhook} by each secret, the present one first: while a secret is being replaced, either verifies. */
export function signWebhookByEach(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  return secrets.map((secret) => signWebhook(secret, id, timestamp, body)).join(' ');
}

/** True if one of the space-separated signatures fits and the timestamp is within `toleranceSeconds` of `nowSeconds`. */
export function verifyWebhook(
  secret: string,
  given: { id: string; timestamp: number; signature: string; body: string | Buffer },
  nowSeconds: number,
  toleranceSeconds = 300,
): boolean {
  if (!Number.isInteger(given.timestamp) || Math.abs(nowSeconds - given.timestamp) > toleranceSeconds) return false;
  const expected = Buffer.from(signWebhook(secret, given.id, given.timestamp, given.body));
  return given.signature.split(' ').some((one) => {
    const candidate = Buffer.from(one);
    return candidate.length === expected.length && timingSafeEqual(candidate, expected);
  });
}
