/**
 * 易支付 (彩虹易支付) v1, MD5. Source of the protocol: the gateways' own pages and dujiaoka's YipayController, collected
 * with recorded vectors in test/integrations/epay.test.ts. MD5 is what the protocol has; amount, order and a query of
 * the gateway before delivery (default on) stand beside it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatAmount, parseAmount } from '../../domain/money.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { couldBeResplit, parseForm } from './form.ts';
import {
  checkFields,
  QueryUnknown,
  type ConfigField,
  type PaymentProvider,
  type ProviderAccount,
  type QueryAnswer,
  type RawNotification,
  type Verdict,
} from './provider.ts';

const currency = 'CNY';

/**
 * Signature: all parameters but `sign`, `sign_type` and empty ones, sorted by key, joined un-encoded, the key appended
 * without a separator, MD5 in lower hex. The string "0" is not empty.
 */
export function signEpay(params: Iterable<readonly [string, string]>, key: string): string {
  const text = [...params]
    .filter(([name, value]) => name !== 'sign' && name !== 'sign_type' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return createHash('md5')
    .update(text + key, 'utf8')
    .digest('hex');
}

const configFields: readonly ConfigField[] = [
  { key: 'gateway', label: { zh: '网关地址', en: 'Gateway address' }, secret: false, required: true, pattern: /^https?:\/\/[^\s?#@]+$/ },
  { key: 'pid', label: { zh: '商户ID (pid)', en: 'Merchant id (pid)' }, secret: false, required: true, pattern: /^\d{1,20}$/ },
  { key: 'key', label: { zh: '商户密钥', en: 'Merchant key' }, secret: true, required: true, pattern: /^[\x21-\x7e]{8,128}$/ },
]; // prettier-ignore

function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  if (raw.method !== 'GET' && raw.method !== 'POST') return { ok: false, code: 'METHOD' };
  const key = account.config['key'] ?? '';
  if (key === '') return { ok: false, code: 'SECRET_MISSING' };
  // One place only: parameters split over query and body could be signed in either order.
  const form = parseForm(raw.method === 'GET' ? raw.query : raw.body.toString('utf8'));
  if (typeof form === 'string') return { ok: false, code: form };
  const sign = form.get('sign') ?? '';
  if (!/^[0-9a-f]{32}$/.test(sign) || (form.get('sign_type') ?? 'MD5') !== 'MD5' || couldBeResplit(form)) {
    return { ok: false, code: 'BAD_FORMAT' };
  }
  // All parameters received count: clones add some (api_trade_no, buyer, endtime …), a fixed list would break.
  if (!timingSafeEqual(Buffer.from(sign), Buffer.from(signEpay(form, key))))
    return { ok: false, code: 'BAD_SIGNATURE' };
  if (form.get('pid') !== account.config['pid']) return { ok: false, code: 'WRONG_MERCHANT' };

  const orderNo = form.get('out_trade_no') ?? '';
  const tradeNo = form.get('trade_no') ?? '';
  const amountMinor = parseAmount(form.get('money') ?? '', currency);
  if (!/^[\w-]{1,64}$/.test(orderNo) || !/^[\w-]{4,64}$/.test(tradeNo) || amountMinor === undefined) {
    return { ok: false, code: 'BAD_FORMAT' };
  }
  const meaning = form.get('trade_status') === 'TRADE_SUCCESS' ? 'paid' : 'waiting';
  return { ok: true, event: { meaning, orderNo, tradeNo, amountMinor, currency } };
}

/** Some clones nest the order under `data`; numbers come as numbers or strings. */
function readQuery(body: Buffer, orderNo: string): QueryAnswer {
  let answer: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) throw new Error('no object');
    const outer = parsed as Record<string, unknown>;
    const { data } = outer;
    answer = typeof data === 'object' && data !== null ? { ...outer, ...data } : outer;
    // The nested object may bring a `code` of its own; the outer one is the verdict.
    answer['code'] = outer['code'];
  } catch {
    throw new QueryUnknown('GATEWAY_BAD_ANSWER');
  }
  const text = (name: string): string => {
    const value = answer[name];
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  };
  if (text('code') !== '1' || (text('out_trade_no') !== '' && text('out_trade_no') !== orderNo)) {
    throw new QueryUnknown('GATEWAY_BAD_ANSWER');
  }
  if (text('status') === '0') return { status: 'unpaid' };
  if (text('status') === '2') return { status: 'refunded' };
  const amountMinor = parseAmount(text('money'), currency);
  const tradeNo = text('trade_no');
  if (text('status') !== '1' || amountMinor === undefined || !/^[\w-]{4,64}$/.test(tradeNo)) {
    throw new QueryUnknown('GATEWAY_BAD_ANSWER');
  }
  return { status: 'paid', tradeNo, amountMinor, currency };
}

const ack = (body: string, status = 200) => ({ status, contentType: 'text/plain', body });

function base(account: ProviderAccount): string {
  return (account.config['gateway'] ?? '').replace(/\/+$/, '');
}

export const epay: PaymentProvider = {
  id: 'epay',
  name: { zh: '易支付', en: 'Epay' },
  modes: ['live', 'test'],
  canQuery: true,
  // The browser's return URL carries the same signed parameters as the notification: a buyer simply has them.
  confirmByQueryDefault: true,
  configFields,
  checkConfig: (config) => checkFields(configFields, config),
  verify,
  acknowledge: { accepted: ack('success'), refused: ack('fail'), retryLater: ack('fail', 503) },

  createPayment(account, payment) {
    if (payment.currency !== currency || !orderNoPattern.test(payment.orderNo)) {
      return Promise.reject(new Error('易支付 takes orders in CNY only'));
    }
    // No text of buyers or operators is ever signed: `name` is made of our number alone.
    const params = new Map([
      ['pid', account.config['pid'] ?? ''],
      ['type', payment.method ?? 'alipay'],
      ['out_trade_no', payment.orderNo],
      ['notify_url', payment.notifyUrl],
      ['return_url', payment.returnUrl],
      ['name', `Order ${payment.orderNo}`],
      ['money', formatAmount(payment.amountMinor, currency)],
    ]);
    params.set('sign', signEpay(params, account.config['key'] ?? ''));
    params.set('sign_type', 'MD5');
    return Promise.resolve({
      kind: 'redirect',
      url: `${base(account)}/submit.php?${new URLSearchParams([...params]).toString()}`,
    });
  },

  async query(account, { orderNo }, outbound) {
    // The protocol puts the key into the URL: https only (the outbound door sees to it), and never logged.
    const params = new URLSearchParams({
      act: 'order',
      pid: account.config['pid'] ?? '',
      key: account.config['key'] ?? '',
      out_trade_no: orderNo,
    });
    const answer = await outbound
      .request({ method: 'GET', url: `${base(account)}/api.php?${params.toString()}` })
      .catch(() => {
        throw new QueryUnknown('GATEWAY_SILENT');
      });
    if (answer.status !== 200) throw new QueryUnknown('GATEWAY_SILENT');
    return readQuery(answer.body, orderNo);
  },
};
