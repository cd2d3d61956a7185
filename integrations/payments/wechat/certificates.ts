/**
 * Platform certificates of 微信支付 change every few years, and during a change two are in use. `GET /v3/certificates`
 * gives those that are valid, sealed with the APIv3 key: that proves a new one before anything is signed with it.
 * Never fetched because a notification names a serial that nobody knows: anybody could make us call. Source:
 * pay.weixin.qq.com, "获取平台证书列表".
 */
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { Outbound } from '../../outbound.ts';
import { GatewayRefused, QueryUnknown, type ProviderAccount } from '../provider.ts';
import { keysOf, serialOf } from './config.ts';
import { callWechat } from './gateway.ts';
import { openResource } from './notify.ts';

const list = z.object({
  data: z
    .array(
      z.object({
        serial_no: z.string().max(64),
        encrypt_certificate: z.object({
          algorithm: z.literal('AEAD_AES_256_GCM'),
          nonce: z.string().length(12),
          associated_data: z.string().max(32),
          ciphertext: z.string().max(20_000),
        }),
      }),
    )
    .max(20),
});

/** Those that open, are whole, and carry the serial that the list gives them. */
function certificatesIn(account: ProviderAccount, body: Buffer): X509Certificate[] {
  const { apiV3 } = keysOf(account.config);
  let parsed;
  try {
    parsed = list.safeParse(JSON.parse(body.toString('utf8')));
  } catch {
    return [];
  }
  if (!apiV3 || !parsed.success) return [];
  return parsed.data.data.flatMap(({ serial_no, encrypt_certificate }) => {
    try {
      const certificate = new X509Certificate(openResource(apiV3, encrypt_certificate) ?? '');
      return serialOf(certificate) === serial_no.toUpperCase() ? [certificate] : [];
    } catch {
      return [];
    }
  });
}

/** The configuration's certificates as WeChat gives them now. Nothing for who uses the public key alone. */
export async function refreshKeys(
  account: ProviderAccount,
  outbound: Outbound,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { platformCerts = '', publicKey = '' } = account.config;
  if (platformCerts === '' && publicKey !== '') return undefined;
  let found: X509Certificate[] = [];
  const answer = await callWechat(account, 'GET', '/v3/certificates', undefined, outbound, (body) => {
    found = certificatesIn(account, body);
    return new Map(found.map((certificate) => [serialOf(certificate), certificate.publicKey]));
  });
  if (answer.status !== 200) throw new GatewayRefused(answer.code);
  if (found.length === 0) found = certificatesIn(account, Buffer.from(JSON.stringify(answer.json)));
  const valid = found.filter((certificate) => Date.parse(certificate.validTo) > Date.now());
  // An empty list would leave the account without any signer: that is no answer.
  if (valid.length === 0) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'CERTIFICATES');
  return { platformCerts: valid.map((certificate) => certificate.toString().trim()).join('\n') };
}
