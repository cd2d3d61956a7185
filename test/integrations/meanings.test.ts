import assert from 'node:assert/strict';
import { startFakeAlipay } from '../../dev/fakes/alipay-gateway.ts';
import { fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import { startFakeWechat } from '../../dev/fakes/wechat-gateway.ts';
import { signEpay } from '../../integrations/payments/epay.ts';
import type { PaymentEvent, PaymentMeaning, RawNotification, Verdict } from '../../integrations/payments/provider.ts';
import { signSandbox } from '../../integrations/payments/sandbox.ts';
import { accountOf, providerOf, rawForm, rawGet, rawSigned, webhookMessage, webhookSecret } from '../support/gateways.ts'; // prettier-ignore

/** Every status of every provider, and what it means for an order. A signature is not a payment (A5). */
type Row = [status: string, meaning: PaymentMeaning | 'BAD_FORMAT', change: object, refund?: PaymentEvent['refund']];

function check(verdict: Verdict, meaning: Row[1], refund: Row[3]): void {
  if (meaning === 'BAD_FORMAT') {
    assert.deepEqual(verdict, { ok: false, code: 'BAD_FORMAT' });
    return;
  }
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.equal(verdict.event.meaning, meaning);
  if (refund) assert.deepEqual(verdict.event.refund, refund);
}

function table(provider: string, rows: readonly Row[], make: (change: object) => Promise<Verdict> | Verdict): void {
  describe(`A5: what ${provider} says and what it means`, () => {
    for (const [status, meaning, change, refund] of rows)
      it(`${status} → ${meaning}`, async () => {
        check(await make(change), meaning, refund);
      });
  });
}

const refunded = { refund_fee: '0.40', gmt_refund: '2026-11-24 20:00:00', out_biz_no: 'R1' };
table(
  'alipay',
  [
    ['WAIT_BUYER_PAY', 'waiting', { trade_status: 'WAIT_BUYER_PAY' }],
    ['TRADE_SUCCESS', 'paid', { trade_status: 'TRADE_SUCCESS' }],
    ['TRADE_SUCCESS with refund_fee 0.00', 'paid', { trade_status: 'TRADE_SUCCESS', refund_fee: '0.00' }],
    ['TRADE_SUCCESS after a partial refund', 'partially_refunded', { trade_status: 'TRADE_SUCCESS', ...refunded }, { amountMinor: 40, refundNo: 'R1' }],
    ['TRADE_FINISHED', 'paid', { trade_status: 'TRADE_FINISHED' }],
    ['TRADE_FINISHED after a partial refund', 'partially_refunded', { trade_status: 'TRADE_FINISHED', ...refunded }, { amountMinor: 40, refundNo: 'R1' }],
    ['TRADE_CLOSED unpaid', 'closed', { trade_status: 'TRADE_CLOSED' }],
    ['TRADE_CLOSED after a full refund', 'refunded', { trade_status: 'TRADE_CLOSED', ...refunded, refund_fee: '1.00' }, { amountMinor: 100, refundNo: 'R1' }],
    ['a status nobody knows', 'BAD_FORMAT', { trade_status: 'TRADE_PENDING' }],
    ['another kind of notification', 'BAD_FORMAT', { trade_status: 'TRADE_SUCCESS', notify_type: 'servicemarket_order_notify' }],
  ], // prettier-ignore
  async (change) => {
    const fake = await startFakeAlipay({ port: 0 });
    const account = accountOf('alipay', fake.config);
    const { url } = await providerOf('alipay').createPayment(
      account,
      { orderNo: 'M1', amountMinor: 100, currency: 'CNY', notifyUrl: 'n', returnUrl: 'r', expiresAt: new Date() },
      { request: () => Promise.reject(new Error('no call')), close: () => Promise.resolve() },
    );
    await fetch(url);
    const raw = rawForm(fake.notification('M1', { ...change }).toString());
    await fake.close();
    return providerOf('alipay').verify(account, raw);
  },
);

const transaction = (state: string): object => ({ out_trade_no: 'M1', transaction_id: '42000001', trade_state: state, amount: { total: 100, currency: 'CNY' } }); // prettier-ignore
const refund = (status: string, amount: number): object => ({ out_trade_no: 'M1', transaction_id: '42000001', out_refund_no: 'R1', refund_status: status, amount: { total: 100, refund: amount } }); // prettier-ignore
table(
  'wechat',
  [
    ['TRANSACTION.SUCCESS / SUCCESS', 'paid', { type: 'TRANSACTION.SUCCESS', content: transaction('SUCCESS') }],
    ...['NOTPAY', 'USERPAYING', 'PAYERROR', 'CLOSED', 'REVOKED', 'REFUND'].map(
      (state): Row => [`TRANSACTION.SUCCESS / ${state}`, 'waiting', { type: 'TRANSACTION.SUCCESS', content: transaction(state) }],
    ),
    ['another event with a paid transaction', 'waiting', { type: 'TRANSACTION.OTHER', content: transaction('SUCCESS') }],
    ['REFUND.SUCCESS in part', 'partially_refunded', { type: 'REFUND.SUCCESS', content: refund('SUCCESS', 40) }, { refundNo: 'R1', amountMinor: 40 }],
    ['REFUND.SUCCESS whole', 'refunded', { type: 'REFUND.SUCCESS', content: refund('SUCCESS', 100) }, { refundNo: 'R1', amountMinor: 100 }],
    ['REFUND.ABNORMAL', 'refund_trouble', { type: 'REFUND.ABNORMAL', content: refund('ABNORMAL', 40) }],
    ['REFUND.CLOSED', 'refund_trouble', { type: 'REFUND.CLOSED', content: refund('CLOSED', 40) }],
    ['a refund status nobody knows', 'BAD_FORMAT', { type: 'REFUND.SUCCESS', content: refund('DONE', 40) }],
  ], // prettier-ignore
  async (change) => {
    const fake = await startFakeWechat({ port: 0 });
    const { type, content } = change as { type: string; content: object };
    const { mchid, appid } = fake.config;
    const raw = rawSigned(fake.event(type, { ...content, mchid, ...(type.startsWith('T') && { appid }) }));
    await fake.close();
    return providerOf('wechat').verify(accountOf('wechat', fake.config), raw);
  },
);

table(
  'epay',
  [
    ['TRADE_SUCCESS', 'paid', { trade_status: 'TRADE_SUCCESS' }],
    ...['WAIT_BUYER_PAY', 'TRADE_CLOSED', 'TRADE_FINISHED', 'trade_success', ''].map((status): Row => [`"${status}"`, 'waiting', { trade_status: status }]),
  ], // prettier-ignore
  (change) => {
    const params = { pid: fakeMerchant.pid, trade_no: 'T0001', out_trade_no: 'M1', type: 'alipay', name: 'x', money: '1.00', ...change }; // prettier-ignore
    const sign = signEpay(Object.entries(params), fakeMerchant.key);
    const raw = rawGet(new URLSearchParams({ ...params, sign }).toString());
    return providerOf('epay').verify(accountOf('epay', { gateway: 'https://x', ...fakeMerchant }), raw);
  },
);

table(
  'webhook',
  [
    ['payment.paid', 'paid', { type: 'payment.paid' }],
    ['payment.pending', 'waiting', { type: 'payment.pending' }],
    ['payment.closed', 'closed', { type: 'payment.closed' }],
    ['payment.partially_refunded', 'partially_refunded', { type: 'payment.partially_refunded', refund_amount: '0.40', refund_no: 'R1' }, { amountMinor: 40, refundNo: 'R1' }],
    ['payment.refunded', 'refunded', { type: 'payment.refunded' }],
    ['payment.disputed', 'disputed', { type: 'payment.disputed' }],
    ['an event nobody knows', 'BAD_FORMAT', { type: 'payment.maybe' }],
  ], // prettier-ignore
  (change) => {
    const { type, ...rest } = change as { type: string };
    const message = webhookMessage({ type, data: { order_no: 'M1', trade_no: 'T0001', amount: '1.00', currency: 'CNY', ...rest } }); // prettier-ignore
    return providerOf('webhook').verify(accountOf('webhook', { secret: webhookSecret }), rawSigned(message));
  },
);

const secret = 'sandbox-secret-of-tests-0123456789';
table(
  'sandbox',
  [
    ...(['paid', 'waiting', 'closed', 'partially_refunded', 'refunded', 'disputed'] as const).map((status): Row => [status, status, { status }]),
    ['a status nobody knows', 'BAD_FORMAT', { status: 'free' }],
  ], // prettier-ignore
  (change) => {
    const body = JSON.stringify({ orderNo: 'M1', tradeNo: 'T0001', amountMinor: 100, currency: 'CNY', ...change });
    const headers = { 'miaofa-sandbox-signature': signSandbox(secret, Math.floor(Date.now() / 1000), body) };
    const raw: RawNotification = rawSigned({ headers, body });
    return providerOf('sandbox').verify(accountOf('sandbox', { secret }), raw);
  },
);
