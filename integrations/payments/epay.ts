/**
 * 易支付 (彩虹易支付) v1, MD5. Source of the protocol: the gateways' own pages and dujiaoka's YipayController, collected
 * with recorded vectors in test/integrations/epay.test.ts. MD5 is what the protocol has; amount, order and a query of
 * the gateway before delivery (default on) stand beside it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatAmount, parseAmount } from '../../domain/money.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { checkFields, gatewayOf, urlPattern, type ConfigField } from '../config-fields.ts';
import { canonical, couldBeResplit, foreignOrderNo, foreignTradeNo, parseForm } from './form.ts';
import { ack, ask, codeText, isObject, jsonOf, textOf, type JsonObject } from './gateway-call.ts';
import {
  GatewayRefused,
  QueryUnknown,
  refuse,
  type Payment,
  type PaymentProvider,
  type ProviderAccount,
  type QueryAnswer,
  type RawNotification,
  type Verdict,
} from './provider.ts';

export const epayCurrency = 'CNY';

/** The channels that 易支付 sites share. */
export const epayMethods = [
  { id: 'alipay', label: { zh: '支付宝', en: 'Alipay' } },
  { id: 'wxpay', label: { zh: '微信支付', en: 'WeChat Pay' } },
  { id: 'qqpay', label: { zh: 'QQ钱包', en: 'QQ Wallet' } },
  { id: 'bank', label: { zh: '网银', en: 'Online banking' } },
  { id: 'usdt', label: { zh: 'USDT', en: 'USDT' } },
] as const;

/**
 * Signature: all parameters but `sign`, `sign_type` and empty ones, sorted by key, joined un-encoded, the key appended
 * without a separator, MD5 in lower hex. The string "0" is not empty.
 */
export function signEpay(params: Iterable<readonly [string, string]>, key: string): string {
  return createHash('md5')
    .update(canonical(params) + key, 'utf8')
    .digest('hex');
}

const configFields: readonly ConfigField[] = [
  { key: 'gateway', label: { zh: '网关地址', en: 'Gateway address' }, secret: false, required: true, pattern: urlPattern, help: { zh: '易支付站点首页地址，不含 submit.php', en: 'Home page of the site, without submit.php' } },
  { key: 'pid', label: { zh: '商户ID (pid)', en: 'Merchant id (pid)' }, secret: false, required: true, pattern: /^\d{1,20}$/ },
  { key: 'key', label: { zh: '商户密钥', en: 'Merchant key' }, secret: true, required: true, pattern: /^[\x21-\x7e]{8,128}$/ },
]; // prettier-ignore

/** The parameters of a notification, from one place only: split over query and body they could be signed in any order. */
export function epayForm(raw: RawNotification): ReturnType<typeof parseForm> | 'METHOD' {
  if (raw.method !== 'GET' && raw.method !== 'POST') return 'METHOD';
  return parseForm(raw.method === 'GET' ? raw.query : raw.body.toString('utf8'));
}

/** What both versions say about an order, once the signature is right. */
export function epayEvent(account: ProviderAccount, form: ReadonlyMap<string, string>): Verdict {
  if (form.get('pid') !== account.config['pid']) return refuse('WRONG_MERCHANT');
  const orderNo = form.get('out_trade_no') ?? '';
  const tradeNo = form.get('trade_no') ?? '';
  const amountMinor = parseAmount(form.get('money') ?? '', epayCurrency);
  if (!foreignOrderNo.test(orderNo) || !foreignTradeNo.test(tradeNo) || amountMinor === undefined)
    return refuse('BAD_FORMAT');
  const meaning = form.get('trade_status') === 'TRADE_SUCCESS' ? 'paid' : 'waiting';
  return { ok: true, event: { meaning, orderNo, tradeNo, amountMinor, currency: epayCurrency } };
}

function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const key = account.config['key'] ?? '';
  if (key === '') return refuse('SECRET_MISSING');
  const form = epayForm(raw);
  if (typeof form === 'string') return refuse(form);
  const sign = form.get('sign') ?? '';
  if (!/^[0-9a-f]{32}$/.test(sign) || (form.get('sign_type') ?? 'MD5') !== 'MD5') return refuse('BAD_FORMAT');
  if (couldBeResplit(form)) return refuse('AMBIGUOUS');
  // All parameters received count: clones add some (api_trade_no, buyer, endtime …), a fixed list would break.
  if (!timingSafeEqual(Buffer.from(sign), Buffer.from(signEpay(form, key)))) return refuse('BAD_SIGNATURE');
  return epayEvent(account, form);
}

/** What a payment is created with. No text of buyers or operators is ever signed: `name` is made of our number alone. */
export function epayPayment(account: ProviderAccount, payment: Payment): Map<string, string> {
  if (payment.currency !== epayCurrency || !orderNoPattern.test(payment.orderNo)) {
    throw new GatewayRefused('CURRENCY');
  }
  return new Map([
    ['pid', account.config['pid'] ?? ''],
    ['type', payment.method ?? epayMethods[0].id],
    ['out_trade_no', payment.orderNo],
    ['notify_url', payment.notifyUrl],
    ['return_url', payment.returnUrl],
    ['name', `Order ${payment.orderNo}`],
    ['money', formatAmount(payment.amountMinor, epayCurrency)],
  ]);
}

/** The order in an answer to a query, of either version. Some clones nest it under `data`. */
export function readEpayOrder(outer: JsonObject, success: string, orderNo: string): QueryAnswer {
  const { data } = outer;
  // The nested object may bring a `code` of its own; the outer one is the verdict.
  const answer = isObject(data) ? { ...outer, ...data, code: outer['code'] } : outer;
  const bad = (): QueryUnknown => new QueryUnknown('GATEWAY_BAD_ANSWER');
  if (textOf(answer, 'code') !== success) throw bad();
  if (textOf(answer, 'out_trade_no') !== '' && textOf(answer, 'out_trade_no') !== orderNo) throw bad();
  const status = textOf(answer, 'status');
  if (status === '0') return { status: 'unpaid' };
  if (status === '2') return { status: 'refunded' };
  const amountMinor = parseAmount(textOf(answer, 'money'), epayCurrency);
  const tradeNo = textOf(answer, 'trade_no');
  if (status !== '1' || amountMinor === undefined || !foreignTradeNo.test(tradeNo)) throw bad();
  return { status: 'paid', tradeNo, amountMinor, currency: epayCurrency };
}

async function query(
  account: ProviderAccount,
  { orderNo }: { readonly orderNo: string },
  outbound: Parameters<PaymentProvider['query']>[2],
): Promise<QueryAnswer> {
  // The protocol puts the key into the URL: https only (the outbound door sees to it), and never logged.
  const params = new URLSearchParams({
    act: 'order',
    pid: account.config['pid'] ?? '',
    key: account.config['key'] ?? '',
    out_trade_no: orderNo,
  });
  const url = `${gatewayOf(account.config)}/api.php?${params.toString()}`;
  const answer = await ask(outbound, { method: 'GET', url });
  if (answer.status !== 200) throw new QueryUnknown('GATEWAY_SILENT', `HTTP ${answer.status}`);
  return readEpayOrder(jsonOf(answer.body), '1', orderNo);
}

export const epay: PaymentProvider = {
  id: 'epay',
  name: { zh: '易支付 (MD5)', en: 'Epay (MD5)' },
  modes: ['live', 'test'],
  currencies: [epayCurrency],
  methods: epayMethods,
  canQuery: true,
  // The browser's return URL carries the same signed parameters as the notification: a buyer simply has them.
  confirmByQueryDefault: true,
  createsRemotely: false,
  configFields,
  checkConfig: (config) => checkFields(configFields, config),
  selfNotification(account, orderNo) {
    const params = { pid: account.config['pid'] ?? '', trade_no: `check${orderNo}`, out_trade_no: orderNo, type: 'alipay', name: 'check', money: '0.01', trade_status: 'WAIT_BUYER_PAY' }; // prettier-ignore
    const sign = signEpay(Object.entries(params), account.config['key'] ?? '');
    const query = new URLSearchParams({ ...params, sign, sign_type: 'MD5' }).toString();
    return { method: 'GET', headers: {}, query, body: Buffer.alloc(0) };
  },
  verify,
  acknowledge: { accepted: ack('success'), refused: ack('fail'), retryLater: ack('fail', 503) },

  async createPayment(account, payment) {
    const params = epayPayment(account, payment);
    params.set('sign', signEpay(params, account.config['key'] ?? ''));
    params.set('sign_type', 'MD5');
    const url = `${gatewayOf(account.config)}/submit.php?${new URLSearchParams([...params]).toString()}`;
    return Promise.resolve({ kind: 'redirect', url });
  },
  query,
  refunds: {
    partial: true,
    // There is no refund number: a second call would be a second refund.
    idempotent: false,
    async send(account, refund, outbound) {
      const answer = await ask(outbound, {
        method: 'POST',
        url: `${gatewayOf(account.config)}/api.php?act=refund`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          pid: account.config['pid'] ?? '',
          key: account.config['key'] ?? '',
          trade_no: refund.tradeNo,
          money: formatAmount(refund.amountMinor, refund.currency),
        }).toString(),
      });
      const json = jsonOf(answer.body);
      if (textOf(json, 'code') === '1') return { status: 'done' };
      return { status: 'failed', detail: codeText(textOf(json, 'code')) };
    },
    async ask(account, refund, outbound) {
      // The order's status says that something went back, not which refund: only of a whole one it is an answer.
      if (refund.amountMinor < refund.totalMinor) return { status: 'none' };
      const answer = await query(account, refund, outbound);
      return { status: answer.status === 'refunded' ? 'done' : 'none' };
    },
  },
};
