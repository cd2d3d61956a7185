/**
 * Any payment system that can sign: Standard Webhooks (headers `webhook-id`, `webhook-timestamp`, `webhook-signature`,
 * HMAC-SHA256 over `id.timestamp.body`). The body is JSON:
 * `{"type":"payment.paid","data":{"order_no","trade_no","amount":"10.00","currency":"CNY"}}`.
 * Types: payment.paid, payment.pending, payment.closed, payment.refunded, payment.partially_refunded, payment.disputed.
 * docs/payments.md has the whole contract, with the optional query address.
 */
import { z } from 'zod';
import { formatAmount, parseAmount } from '../../domain/money.ts';
import { secretIsUsable, signWebhook, verifyWebhook } from '../webhook.ts';
import { checkFields, urlPattern, type ConfigField } from '../config-fields.ts';
import { foreignOrderNo, foreignTradeNo } from './form.ts';
import { ack } from './gateway-call.ts';
import { QueryUnknown, refuse, type PaymentMeaning, type PaymentProvider, type ProviderAccount, type RawNotification, type Verdict } from './provider.ts'; // prettier-ignore

const configFields: readonly ConfigField[] = [
  { key: 'secret', label: { zh: '签名密钥', en: 'Signing secret' }, secret: true, required: true, pattern: /^whsec_[A-Za-z0-9+/]{22,128}={0,2}$/, help: { zh: 'whsec_ 开头，其后为base64，至少16字节', en: 'whsec_ and base64 of at least 16 bytes' } },
  { key: 'payUrl', label: { zh: '支付页地址', en: 'Pay page' }, secret: false, required: true, pattern: urlPattern, help: { zh: '买家将带着订单号、金额和签名跳转到此地址', en: 'Buyers go there with number, amount and a signature' } },
]; // prettier-ignore

const meanings: Readonly<Record<string, PaymentMeaning>> = {
  'payment.paid': 'paid',
  'payment.pending': 'waiting',
  'payment.closed': 'closed',
  'payment.refunded': 'refunded',
  'payment.partially_refunded': 'partially_refunded',
  'payment.disputed': 'disputed',
};

const message = z.object({
  type: z.string().max(64),
  data: z.object({
    order_no: z.string().regex(foreignOrderNo),
    trade_no: z.string().regex(foreignTradeNo),
    amount: z.string().max(32),
    currency: z.string().regex(/^[A-Z]{3}$/),
    confirmations: z.int().min(0).optional(),
    refund_no: z.string().regex(foreignOrderNo).optional(),
    refund_amount: z.string().max(32).optional(),
  }),
});

function header(raw: RawNotification, name: string): string {
  const value = raw.headers[name];
  return typeof value === 'string' ? value : '';
}

function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const secret = account.config['secret'] ?? '';
  if (raw.method !== 'POST') return refuse('METHOD');
  if (!secretIsUsable(secret)) return refuse('SECRET_MISSING');
  const id = header(raw, 'webhook-id');
  const timestamp = header(raw, 'webhook-timestamp');
  const signature = header(raw, 'webhook-signature');
  if (!/^[\x21-\x7e]{1,128}$/.test(id) || !/^\d{10}$/.test(timestamp) || !/^v1,[\x20-\x7e]{1,600}$/.test(signature))
    return refuse('BAD_FORMAT');
  const given = { id, timestamp: Number(timestamp), signature, body: raw.body };
  // The time of the message itself as "now": age is judged apart, so that the log says which of the two was wrong.
  if (!verifyWebhook(secret, given, Number(timestamp))) return refuse('BAD_SIGNATURE');
  if (Math.abs(raw.receivedAt.getTime() / 1000 - Number(timestamp)) > 300) return refuse('STALE');
  return read(raw.body.toString('utf8'));
}

function read(text: string): Verdict {
  let parsed;
  try {
    parsed = message.safeParse(JSON.parse(text));
  } catch {
    return refuse('BAD_FORMAT');
  }
  if (!parsed.success) return refuse('BAD_FORMAT');
  const { type, data } = parsed.data;
  const meaning = Object.hasOwn(meanings, type) ? meanings[type] : undefined;
  const amountMinor = parseAmount(data.amount, data.currency);
  const refundMinor = data.refund_amount === undefined ? 0 : parseAmount(data.refund_amount, data.currency);
  if (!meaning || amountMinor === undefined || refundMinor === undefined) return refuse('BAD_FORMAT');
  return {
    ok: true,
    event: {
      meaning,
      orderNo: data.order_no,
      tradeNo: data.trade_no,
      amountMinor,
      currency: data.currency,
      ...(data.confirmations !== undefined && { confirmations: data.confirmations }),
      ...(data.refund_amount !== undefined && {
        refund: { amountMinor: refundMinor, ...(data.refund_no !== undefined && { refundNo: data.refund_no }) },
      }),
    },
  };
}

export const signedWebhook: PaymentProvider = {
  id: 'webhook',
  name: { zh: '签名回调（自有支付系统）', en: 'Signed webhook (any payment system)' },
  modes: ['live', 'test'],
  currencies: 'any',
  methods: [],
  canQuery: false,
  confirmByQueryDefault: false,
  createsRemotely: false,
  configFields,
  checkConfig: (config) => checkFields(configFields, config),
  selfNotification({ config }, orderNo, now) {
    const id = `check-${orderNo}`;
    const at = Math.floor(now.getTime() / 1000);
    const data = { order_no: orderNo, trade_no: id, amount: '0.01', currency: 'CNY' };
    const body = JSON.stringify({ type: 'payment.pending', data });
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signWebhook(config['secret'] ?? '', id, at, body) }; // prettier-ignore
    return { method: 'POST', headers, query: '', body: Buffer.from(body) };
  },
  verify,
  acknowledge: {
    accepted: ack('{"ok":true}', 200, 'application/json'),
    refused: ack('{"ok":false}', 400, 'application/json'),
    retryLater: ack('{"ok":false}', 503, 'application/json'),
  },
  createPayment(account, payment) {
    const at = Math.floor(Date.now() / 1000);
    const params = new URLSearchParams({
      order_no: payment.orderNo,
      amount: formatAmount(payment.amountMinor, payment.currency),
      currency: payment.currency,
      notify_url: payment.notifyUrl,
      return_url: payment.returnUrl,
      timestamp: String(at),
    });
    // Signed like a webhook whose body is the query so far: the pay page can check that the amount is ours.
    params.set('signature', signWebhook(account.config['secret'] ?? '', payment.orderNo, at, params.toString()));
    return Promise.resolve({ kind: 'redirect', url: `${account.config['payUrl'] ?? ''}?${params.toString()}` });
  },
  query: () => Promise.reject(new QueryUnknown('GATEWAY_SILENT')),
};
