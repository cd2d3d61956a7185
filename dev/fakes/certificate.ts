/** Self-made X.509 certificates for fakes and tests: just enough DER (X.690), signed SHA256withRSA. */
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'));
const sha256WithRsa = sequence(oid('2a864886f70d01010b'), der(0x05));
const oids: Readonly<Record<string, string>> = { C: '550406', O: '55040a', OU: '55040b', CN: '550403' };

/** `[['C', 'CN'], ['CN', 'x']]` → a distinguished name. */
function name(parts: readonly (readonly [string, string])[]): Buffer {
  return sequence(...parts.map(([key, value]) => der(0x31, sequence(oid(oids[key] ?? ''), utf8(value)))));
}

function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${text}Z`));
}

export interface CertificateRequest {
  readonly subject: readonly (readonly [string, string])[];
  readonly issuer?: readonly (readonly [string, string])[];
  readonly key: KeyObject;
  /** Default: signed by its own key. */
  readonly issuerKey?: KeyObject;
  readonly validTo?: Date;
  /** A server's certificate, for this host name. */
  readonly host?: string;
}

/** PEM. `key` and `issuerKey` are private keys. */
export function makeCertificate(request: CertificateRequest): string {
  const { subject, issuer = subject, key, issuerKey = key, validTo = new Date(Date.now() + 5 * 365 * 86_400_000) } = request; // prettier-ignore
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    sha256WithRsa,
    name(issuer),
    sequence(time(new Date(Date.now() - 86_400_000)), time(validTo)),
    name(subject),
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    // subjectAltName: [2] dNSName
    ...(request.host === undefined
      ? []
      : [der(0xa3, sequence(sequence(oid('551d11'), der(0x04, sequence(der(0x82, Buffer.from(request.host)))))))]),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, issuerKey));
  const base64 = sequence(body, sha256WithRsa, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}
