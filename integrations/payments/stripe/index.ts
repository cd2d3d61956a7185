/** Stripe Checkout. Source: docs.stripe.com/api (version 2026-10 and before: only fields that have been there for years). */
import { createHmac } from 'node:crypto';
import type { Outbound } from '../../outbound.ts';
import { checkFields, gatewayOf, urlPattern, type ConfigField, type ConfigProblem } from '../../config-fields.ts';
import { ack, ask, codeText, isObject, jsonOf, textOf, type JsonObject } from '../gateway-call.ts';
import { GatewayRefused, QueryUnknown, type PaymentProvider, type PlacedPayment, type ProviderAccount, type QueryAnswer, type Refund, type RefundAnswer } from '../provider.ts'; // prettier-ignore
import { session, verify } from './notify.ts';

const api = 'https://api.stripe.com';

const configFields: readonly ConfigField[] = [
  { key: 'secretKey', label: { zh: '密钥 (Secret key)', en: 'Secret key' }, secret: true, required: true, pattern: /^(sk|rk)_(live|test)_[A-Za-z0-9_]{8,240}$/, help: { zh: 'sk_ 或 rk_ 开头', en: 'Begins with sk_ or rk_' } },
  { key: 'webhookSecret', label: { zh: 'Webhook 签名密钥', en: 'Webhook signing secret' }, secret: true, required: true, pattern: /^whsec_[A-Za-z0-9+/=_]{16,240}$/, help: { zh: '在 Stripe 添加回调地址后显示，whsec_ 开头', en: 'Shown with the endpoint; begins with whsec_' } },
  { key: 'gateway', label: { zh: '接口地址', en: 'API address' }, secret: false, required: false, pattern: urlPattern, fallback: api },
]; // prettier-ignore

/** One call; 4xx is a refusal with Stripe's code, anything unclear is unknown. */
async function call(
  account: ProviderAccount,
  outbound: Outbound,
  method: 'GET' | 'POST',
  path: string,
  params?: Readonly<Record<string, string>>,
  idempotencyKey?: string,
): Promise<{ readonly json: JsonObject; readonly refused?: string }> {
  const answer = await ask(outbound, {
    method,
    url: `${gatewayOf(account.config, api)}${path}`,
    headers: {
      authorization: `Bearer ${account.config['secretKey'] ?? ''}`,
      ...(params && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    },
    ...(params && { body: new URLSearchParams(params).toString() }),
  });
  const json = jsonOf(answer.body);
  if (answer.status < 300) return { json };
  const { error } = json;
  const code = isObject(error) ? codeText(textOf(error, 'code') || textOf(error, 'type')) : `HTTP_${answer.status}`;
  // 409: the same key is in flight; 401 and 403: our key is wrong, nothing was done and nothing is known.
  if (answer.status === 409 || answer.status === 401 || answer.status === 403)
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', code);
  return { json, refused: code };
}

async function query(account: ProviderAccount, placed: PlacedPayment, outbound: Outbound): Promise<QueryAnswer> {
  const id = placed.quote?.['session'] ?? '';
  if (!/^[\w-]{4,255}$/.test(id)) return { status: 'unpaid' }; // no session was ever made
  const { json, refused } = await call(account, outbound, 'GET', `/v1/checkout/sessions/${id}?expand%5B%5D=payment_intent.latest_charge`); // prettier-ignore
  const parsed = session.safeParse(json);
  if (refused !== undefined || !parsed.success || parsed.data.client_reference_id !== placed.orderNo)
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', refused);
  const { status, payment_status, payment_intent: tradeNo, amount_total: amountMinor, currency } = parsed.data;
  if (payment_status !== 'paid') return { status: status === 'expired' ? 'closed' : 'unpaid' };
  if (!tradeNo) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'PAYMENT_INTENT');
  const { payment_intent: intent } = json;
  const latest = isObject(intent) ? intent['latest_charge'] : undefined;
  if (isObject(latest) && latest['refunded'] === true) return { status: 'refunded' };
  return { status: 'paid', tradeNo, amountMinor, currency };
}

function refundAnswer(json: JsonObject): RefundAnswer {
  switch (textOf(json, 'status')) {
    case 'succeeded':
      return { status: 'done' };
    case 'pending':
      return { status: 'pending' };
    case 'requires_action':
      return { status: 'abnormal', detail: 'requires_action' };
    default:
      return { status: 'failed', detail: codeText(textOf(json, 'failure_reason') || textOf(json, 'status')) };
  }
}

async function sendRefund(account: ProviderAccount, refund: Refund, outbound: Outbound): Promise<RefundAnswer> {
  const { json, refused } = await call(
    account,
    outbound,
    'POST',
    '/v1/refunds',
    {
      payment_intent: refund.tradeNo,
      amount: String(refund.amountMinor),
      'metadata[refund_no]': refund.refundNo,
      'metadata[order_no]': refund.orderNo,
    },
    refund.refundNo,
  );
  return refused === undefined ? refundAnswer(json) : { status: 'failed', detail: refused };
}

export const stripe: PaymentProvider = {
  id: 'stripe',
  name: { zh: 'Stripe', en: 'Stripe' },
  modes: ['live', 'test'],
  currencies: 'any',
  methods: [],
  canQuery: true,
  confirmByQueryDefault: false,
  createsRemotely: true,
  configFields,
  checkConfig(config): ConfigProblem[] {
    const problems = checkFields(configFields, config);
    if (config['secretKey']?.startsWith('pk_'))
      return [
        { field: 'secretKey', zh: '这是可公开密钥 (pk_)，请填写密钥 (sk_)', en: 'this is the publishable key (pk_)' },
      ];
    return problems;
  },
  selfNotification(account, orderNo, now) {
    const at = Math.floor(now.getTime() / 1000);
    const object = { id: `check_${orderNo}` };
    const body = JSON.stringify({ id: `evt_check_${orderNo}`, object: 'event', type: 'miaofa.check', livemode: account.mode === 'live', data: { object } }); // prettier-ignore
    const signature = createHmac('sha256', account.config['webhookSecret'] ?? '')
      .update(`${at}.${body}`)
      .digest('hex');
    const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` };
    return { method: 'POST', headers, query: '', body: Buffer.from(body) };
  },
  verify,
  acknowledge: { accepted: ack('ok'), refused: ack('refused', 400), retryLater: ack('try again', 503) },

  async createPayment(account, payment, outbound) {
    const { json, refused } = await call(
      account,
      outbound,
      'POST',
      '/v1/checkout/sessions',
      {
        mode: 'payment',
        client_reference_id: payment.orderNo,
        success_url: payment.returnUrl,
        cancel_url: payment.returnUrl,
        'line_items[0][quantity]': '1',
        'line_items[0][price_data][currency]': payment.currency.toLowerCase(),
        'line_items[0][price_data][unit_amount]': String(payment.amountMinor),
        'line_items[0][price_data][product_data][name]': `Order ${payment.orderNo}`,
        'metadata[order_no]': payment.orderNo,
        'payment_intent_data[metadata][order_no]': payment.orderNo,
      },
      `pay-${payment.orderNo}`,
    );
    if (refused !== undefined) throw new GatewayRefused(refused);
    const url = textOf(json, 'url');
    const id = textOf(json, 'id');
    if (!/^https?:\/\/\S{1,2000}$/.test(url) || id === '') throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'SESSION');
    return { kind: 'redirect', url, quote: { session: id } };
  },
  query,
  async close(account, placed, outbound) {
    const id = placed.quote?.['session'] ?? '';
    if (!/^[\w-]{4,255}$/.test(id)) return 'closed';
    const { refused } = await call(account, outbound, 'POST', `/v1/checkout/sessions/${id}/expire`, {});
    if (refused === undefined) return 'closed';
    const now = await query(account, placed, outbound);
    if (now.status === 'unpaid') throw new QueryUnknown('GATEWAY_BAD_ANSWER', refused);
    return now.status === 'closed' ? 'closed' : 'paid';
  },
  refunds: {
    partial: true,
    idempotent: true, // by Idempotency-Key for a day, then by looking for our number first
    send: sendRefund,
    async ask(account, refund, outbound) {
      const path = `/v1/refunds?limit=100&payment_intent=${encodeURIComponent(refund.tradeNo)}`;
      const { json, refused } = await call(account, outbound, 'GET', path);
      const { data } = json;
      if (refused !== undefined || !Array.isArray(data)) throw new QueryUnknown('GATEWAY_BAD_ANSWER', refused);
      const mine = data.find(
        (r): r is JsonObject =>
          isObject(r) && isObject(r['metadata']) && r['metadata']['refund_no'] === refund.refundNo,
      );
      return mine ? refundAnswer(mine) : { status: 'none' };
    },
  },
};
