/**
 * 支付宝 notifications: a form in UTF-8 or GBK, signed RSA2 over its decoded bytes. The algorithm is ours to choose, not
 * the sender's; age says nothing (retries come for 25 hours with the first time), the unique key on the trade does.
 */
import { verify as verifyBytes, type KeyObject } from 'node:crypto';
import { parseAmount } from '../../../domain/money.ts';
import { canonical, couldBeResplit, foreignOrderNo, foreignTradeNo, parseFormBytes } from '../form.ts';
import { refuse, type PaymentMeaning, type ProviderAccount, type RawNotification, type Verdict } from '../provider.ts';
import { keysOf } from './config.ts';

export const alipayCurrency = 'CNY';

const charsets = new Set(['utf-8', 'utf8', 'gbk', 'gb2312', 'gb18030']);

/** What a trade status means; with money gone back it is a refund, whatever the status (payments.md, finding 6). */
export function meaningOf(status: string, refunded: boolean, whole: boolean): PaymentMeaning | undefined {
  switch (status) {
    case 'WAIT_BUYER_PAY':
      return 'waiting';
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return refunded ? (whole ? 'refunded' : 'partially_refunded') : 'paid';
    case 'TRADE_CLOSED':
      return refunded ? 'refunded' : 'closed';
    default:
      return undefined;
  }
}

function fits(form: ReadonlyMap<string, string>, signature: Buffer, key: KeyObject): boolean {
  const check = (keepEmpty: boolean): boolean =>
    verifyBytes('sha256', Buffer.from(canonical(form, { keepEmpty }), 'latin1'), key, signature);
  // Official clients differ about empty values; either reading needs Alipay's signature.
  return check(true) || ([...form.values()].includes('') && check(false));
}

export function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const { alipay } = keysOf(account.config);
  if (!alipay) return refuse('SECRET_MISSING');
  if (raw.method !== 'POST') return refuse('METHOD');
  const bytes = parseFormBytes(raw.body);
  if (typeof bytes === 'string') return refuse(bytes);
  const signature = bytes.get('sign') ?? '';
  if (bytes.get('sign_type') !== 'RSA2' || !/^[A-Za-z0-9+/]{300,700}={0,2}$/.test(signature))
    return refuse('BAD_FORMAT');
  if (couldBeResplit(bytes)) return refuse('AMBIGUOUS');
  if (!fits(bytes, Buffer.from(signature, 'base64'), alipay)) return refuse('BAD_SIGNATURE');
  return read(account, bytes);
}

function read(account: ProviderAccount, bytes: ReadonlyMap<string, string>): Verdict {
  const charset = (bytes.get('charset') ?? 'utf-8').toLowerCase();
  if (!charsets.has(charset) || bytes.get('notify_type') !== 'trade_status_sync') return refuse('BAD_FORMAT');
  const { appId, sellerId } = account.config;
  if (bytes.get('app_id') !== appId || bytes.get('seller_id') !== sellerId) return refuse('WRONG_MERCHANT');
  const orderNo = bytes.get('out_trade_no') ?? '';
  const tradeNo = bytes.get('trade_no') ?? '';
  // Not receipt_amount or buyer_pay_amount: coupons make those smaller.
  const amountMinor = parseAmount(bytes.get('total_amount') ?? '', alipayCurrency);
  if (!foreignOrderNo.test(orderNo) || !foreignTradeNo.test(tradeNo) || amountMinor === undefined)
    return refuse('BAD_FORMAT');
  const refundText = bytes.get('refund_fee') ?? '';
  const refundMinor = refundText === '' ? 0 : parseAmount(refundText, alipayCurrency);
  if (refundMinor === undefined) return refuse('BAD_FORMAT');
  const refunded = refundMinor > 0 || (bytes.get('gmt_refund') ?? '') !== '';
  const meaning = meaningOf(bytes.get('trade_status') ?? '', refunded, refundMinor >= amountMinor);
  if (!meaning) return refuse('BAD_FORMAT');
  const refundNo = bytes.get('out_biz_no') ?? '';
  return {
    ok: true,
    event: {
      meaning,
      orderNo,
      tradeNo,
      amountMinor,
      currency: alipayCurrency,
      ...(refunded && {
        // The sum of all refunds so far, not of this one.
        refund: { amountMinor: refundMinor, ...(foreignOrderNo.test(refundNo) && { refundNo }) },
      }),
    },
  };
}
