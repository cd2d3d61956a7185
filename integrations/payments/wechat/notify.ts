/**
 * 微信支付 v3 notifications: signed over the raw bytes, the content sealed with AES-256-GCM. The signer is chosen by the
 * serial among our own keys; an unknown serial is refused, and never fetched because a stranger named it.
 */
import { createDecipheriv, verify as verifyBytes, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { foreignOrderNo, foreignTradeNo } from '../form.ts';
import { refuse, type PaymentEvent, type ProviderAccount, type RawNotification, type Verdict } from '../provider.ts';
import { keysOf, type WechatKeys } from './config.ts';

export const wechatCurrency = 'CNY';
const toleranceSeconds = 300;

const envelope = z.object({
  event_type: z.string().max(64),
  resource_type: z.literal('encrypt-resource'),
  resource: z.object({
    algorithm: z.literal('AEAD_AES_256_GCM'),
    ciphertext: z.string().regex(/^[A-Za-z0-9+/]{24,40000}={0,2}$/),
    associated_data: z.string().max(64).default(''),
    nonce: z.string().length(12),
  }),
});

const minor = z.int().min(0);
const orderNo = z.string().regex(foreignOrderNo);
const tradeNo = z.string().regex(foreignTradeNo);
/** Also the answer to a query; only the fields that are used. */
export const transaction = z.object({
  mchid: z.string(),
  appid: z.string(),
  out_trade_no: orderNo,
  transaction_id: tradeNo,
  trade_state: z.string().max(32),
  // Not payer_total: coupons make it smaller.
  amount: z.object({ total: minor, currency: z.literal(wechatCurrency).default(wechatCurrency) }),
});
const refundNotice = z.object({
  mchid: z.string(),
  out_trade_no: orderNo,
  transaction_id: tradeNo,
  out_refund_no: orderNo,
  refund_status: z.enum(['SUCCESS', 'CLOSED', 'ABNORMAL']),
  amount: z.object({ total: minor, refund: minor }),
});

const header = (raw: RawNotification, name: string): string => {
  const value = raw.headers[name];
  return typeof value === 'string' ? value : '';
};

/** Opens a sealed resource; undefined if it was altered. `final()` is what checks the tag. */
export function openResource(
  key: KeyObject,
  sealed: { readonly ciphertext: string; readonly nonce: string; readonly associated_data: string },
): string | undefined {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  if (bytes.length < 17) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.nonce, 'utf8'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(sealed.associated_data, 'utf8'));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function checkSignature(keys: WechatKeys, raw: RawNotification): ReturnType<typeof refuse> | undefined {
  const timestamp = header(raw, 'wechatpay-timestamp');
  const nonce = header(raw, 'wechatpay-nonce');
  const signature = header(raw, 'wechatpay-signature');
  const serial = header(raw, 'wechatpay-serial');
  if (!/^\d{10}$/.test(timestamp) || !/^[\x21-\x7e]{1,64}$/.test(nonce) || serial === '') return refuse('BAD_FORMAT');
  // WeChat's own probe whether signatures are checked: refused like any other, and no alarm.
  if (signature.startsWith('WECHATPAY/SIGNTEST/')) return refuse('SIGNATURE_PROBE');
  if (!/^[A-Za-z0-9+/]{300,700}={0,2}$/.test(signature)) return refuse('BAD_FORMAT');
  const signer = keys.signers.get(serial);
  if (!signer) return refuse('UNKNOWN_KEY');
  // Each retry is signed anew, so a window loses nothing.
  if (Math.abs(raw.receivedAt.getTime() / 1000 - Number(timestamp)) > toleranceSeconds) return refuse('STALE');
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), raw.body, Buffer.from('\n')]);
  return verifyBytes('sha256', message, signer, Buffer.from(signature, 'base64')) ? undefined : refuse('BAD_SIGNATURE');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const keys = keysOf(account.config);
  if (raw.method !== 'POST') return refuse('METHOD');
  if (!keys.apiV3 || keys.signers.size === 0) return refuse('SECRET_MISSING');
  const refused = checkSignature(keys, raw);
  if (refused) return refused;
  const outer = envelope.safeParse(parse(raw.body.toString('utf8')));
  if (!outer.success) return refuse('BAD_FORMAT');
  const text = openResource(keys.apiV3, outer.data.resource);
  if (text === undefined) return refuse('BAD_SIGNATURE');
  return read(account, outer.data.event_type, parse(text));
}

function read(account: ProviderAccount, type: string, content: unknown): Verdict {
  const { mchid, appid } = account.config;
  if (type.startsWith('REFUND.')) {
    const refund = refundNotice.safeParse(content);
    if (!refund.success) return refuse('BAD_FORMAT');
    if (refund.data.mchid !== mchid) return refuse('WRONG_MERCHANT');
    return { ok: true, event: refundEvent(refund.data) };
  }
  const paid = transaction.safeParse(content);
  if (!paid.success) return refuse('BAD_FORMAT');
  if (paid.data.mchid !== mchid || paid.data.appid !== appid) return refuse('WRONG_MERCHANT');
  const { out_trade_no, transaction_id, trade_state, amount } = paid.data;
  return {
    ok: true,
    event: {
      meaning: type === 'TRANSACTION.SUCCESS' && trade_state === 'SUCCESS' ? 'paid' : 'waiting',
      orderNo: out_trade_no,
      tradeNo: transaction_id,
      amountMinor: amount.total,
      currency: wechatCurrency,
    },
  };
}

function refundEvent(r: z.output<typeof refundNotice>): PaymentEvent {
  const whole = r.amount.refund >= r.amount.total;
  return {
    meaning: r.refund_status !== 'SUCCESS' ? 'refund_trouble' : whole ? 'refunded' : 'partially_refunded',
    orderNo: r.out_trade_no,
    tradeNo: r.transaction_id,
    amountMinor: r.amount.total,
    currency: wechatCurrency,
    refund: { refundNo: r.out_refund_no, amountMinor: r.amount.refund },
  };
}
