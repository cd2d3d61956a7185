/** Calls to 微信支付's API v3: each request is signed, each answer's signature is checked. */
import { randomBytes, sign, verify as verifyBytes, type KeyObject } from 'node:crypto';
import type { Outbound } from '../../outbound.ts';
import { gatewayOf } from '../../config-fields.ts';
import { ask, codeText, jsonOf, textOf, type JsonObject } from '../gateway-call.ts';
import { QueryUnknown, type ProviderAccount } from '../provider.ts';
import { keysOf, wechatGateway } from './config.ts';

export interface WechatAnswer {
  readonly status: number;
  /** Empty for 204. */
  readonly json: JsonObject;
  /** The provider's error code of a refusal. */
  readonly code: string;
}

const toleranceSeconds = 300;

/** The Authorization header. `path` with its query, as sent. */
export function authorization(
  account: ProviderAccount,
  method: string,
  path: string,
  body: string,
  { at = Math.floor(Date.now() / 1000), nonce = randomBytes(16).toString('hex') } = {},
): string {
  const { own, serial } = keysOf(account.config);
  if (!own) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'KEYS');
  const message = `${method}\n${path}\n${at}\n${nonce}\n${body}\n`;
  const signature = sign('sha256', Buffer.from(message, 'utf8'), own).toString('base64');
  const mchid = account.config['mchid'] ?? '';
  return (
    `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${nonce}",signature="${signature}",` +
    `timestamp="${at}",serial_no="${serial}"`
  );
}

/**
 * Answers between 200 and 499 whose signature is WeChat's; anything else is unknown. `introduced`: signers that the
 * answer itself proves (new platform certificates come sealed with the APIv3 key).
 */
export async function callWechat(
  account: ProviderAccount,
  method: 'GET' | 'POST',
  path: string,
  content: object | undefined,
  outbound: Outbound,
  introduced?: (body: Buffer) => ReadonlyMap<string, KeyObject>,
): Promise<WechatAnswer> {
  const { signers, preferred } = keysOf(account.config);
  const body = content === undefined ? '' : JSON.stringify(content);
  const answer = await ask(outbound, {
    method,
    url: `${gatewayOf(account.config, wechatGateway)}${path}`,
    headers: {
      accept: 'application/json',
      'user-agent': 'miaofa',
      authorization: authorization(account, method, path, body),
      // In public-key mode this names the signer of the answer.
      ...(preferred !== '' && { 'wechatpay-serial': preferred }),
      ...(content !== undefined && { 'content-type': 'application/json' }),
    },
    ...(content !== undefined && { body }),
  });
  const header = (name: string): string => {
    const value = answer.headers[name];
    return typeof value === 'string' ? value : '';
  };
  const at = header('wechatpay-timestamp');
  const serial = header('wechatpay-serial');
  const signer = signers.get(serial) ?? introduced?.(answer.body).get(serial);
  const message = Buffer.concat([Buffer.from(`${at}\n${header('wechatpay-nonce')}\n`), answer.body, Buffer.from('\n')]);
  const fresh = /^\d{10}$/.test(at) && Math.abs(Date.now() / 1000 - Number(at)) <= toleranceSeconds;
  const genuine =
    signer && verifyBytes('sha256', message, signer, Buffer.from(header('wechatpay-signature'), 'base64'));
  if (!fresh || !genuine) {
    // A refusal of our own signature (401) comes unsigned: believed only as far as "it was not done".
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', answer.status === 401 ? 'SIGN_ERROR' : 'SIGNATURE');
  }
  const json = answer.body.length === 0 ? {} : jsonOf(answer.body);
  return { status: answer.status, json, code: answer.status < 300 ? '' : codeText(textOf(json, 'code')) };
}
