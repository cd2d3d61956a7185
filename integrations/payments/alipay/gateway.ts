/** Calls to 支付宝's gateway: signed requests, and answers whose signature covers the raw text of their one node. */
import { sign, verify as verifyBytes } from 'node:crypto';
import type { Outbound } from '../../outbound.ts';
import { gatewayOf } from '../../config-fields.ts';
import { askForm, codeText, isObject, jsonOf, textOf, type JsonObject } from '../gateway-call.ts';
import { GatewayRefused, QueryUnknown, type ProviderAccount } from '../provider.ts';
import { canonical } from '../form.ts';
import { alipayGateway, keysOf } from './config.ts';

/** `2026-11-24 20:00:00` in Beijing, which is what Alipay's clocks show. */
export function beijingTime(at: Date): string {
  return new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** The signed parameters of a call. */
export function signedRequest(
  account: ProviderAccount,
  method: string,
  biz: object,
  extra: Readonly<Record<string, string>> = {},
  at: Date = new Date(),
): Map<string, string> {
  const { own, serials } = keysOf(account.config);
  if (!own) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'KEYS');
  const params = new Map(
    Object.entries({
      app_id: account.config['appId'] ?? '',
      method,
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: beijingTime(at),
      version: '1.0',
      ...extra,
      ...serials,
      biz_content: JSON.stringify(biz),
    }),
  );
  // Of requests, unlike notifications, sign_type is signed.
  const text = canonical(params, { keepSignType: true });
  params.set('sign', sign('sha256', Buffer.from(text, 'utf8'), own).toString('base64'));
  return params;
}

export function gatewayUrl(account: ProviderAccount): string {
  return gatewayOf(account.config, alipayGateway);
}

/** The raw text of one top-level object of a JSON answer: its bytes are what was signed. */
export function rawNode(text: string, name: string): string | undefined {
  const key = `"${name}":`;
  const at = text.indexOf(key);
  if (at < 0) return undefined;
  const start = at + key.length;
  if (text[start] !== '{') return undefined;
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return text.slice(start, i + 1);
  }
  return undefined;
}

/**
 * One call. Gives the answer's node if its code is 10000; `refused` holds the sub-code of a plain no. Everything else,
 * and every answer that is not signed by Alipay, is unknown.
 */
export async function callAlipay(
  account: ProviderAccount,
  method: string,
  biz: object,
  outbound: Outbound,
  extra: Readonly<Record<string, string>> = {},
): Promise<{ readonly node: JsonObject; readonly refused?: string }> {
  const { alipay } = keysOf(account.config);
  if (!alipay) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'KEYS');
  const answer = await askForm(outbound, gatewayUrl(account), signedRequest(account, method, biz, extra));
  const text = answer.body.toString('utf8');
  const json = jsonOf(answer.body);
  const raw = rawNode(text, `${method.replaceAll('.', '_')}_response`);
  const signature = Buffer.from(textOf(json, 'sign'), 'base64');
  if (raw === undefined || !verifyBytes('sha256', Buffer.from(raw, 'utf8'), alipay, signature)) {
    const { error_response: failure } = json;
    throw new QueryUnknown(
      'GATEWAY_BAD_ANSWER',
      isObject(failure) ? codeText(textOf(failure, 'sub_code') || textOf(failure, 'code')) : 'SIGNATURE',
    );
  }
  const node = jsonOf(Buffer.from(raw, 'utf8'));
  const code = textOf(node, 'code');
  if (code === '10000') return { node };
  const sub = codeText(textOf(node, 'sub_code') || code);
  // 20000 and SYSTEM_ERROR mean that Alipay itself does not know.
  if (code !== '40004' || /SYSTEM_ERROR/.test(sub)) throw new QueryUnknown('GATEWAY_BAD_ANSWER', sub);
  return { node, refused: sub };
}

/** The same where a no is an error of ours. */
export async function mustCall(
  account: ProviderAccount,
  method: string,
  biz: object,
  outbound: Outbound,
  extra: Readonly<Record<string, string>> = {},
): Promise<JsonObject> {
  const { node, refused } = await callAlipay(account, method, biz, outbound, extra);
  if (refused !== undefined) throw new GatewayRefused(refused);
  return node;
}
