/** Every provider beside the fake that speaks its protocol: what contract, meaning and fuzz tests loop over. */
import { randomBytes } from 'node:crypto';
import { startFakeAlipay } from '../../dev/fakes/alipay-gateway.ts';
import { startFakeEpay, fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import { startFakeEpayV2 } from '../../dev/fakes/epay-v2-gateway.ts';
import { startFakeWechat, type SignedMessage } from '../../dev/fakes/wechat-gateway.ts';
import { startFakeStripe } from '../../dev/fakes/stripe-api.ts';
import { startFakeUsdt } from '../../dev/fakes/usdt-gateway.ts';
import { makeOrderNo, orderNoBytes } from '../../domain/ids.ts';
import { createOutbound, type Outbound } from '../../integrations/outbound.ts';
import type { PaymentProvider, PayRequest, ProviderAccount, RawNotification } from '../../integrations/payments/provider.ts'; // prettier-ignore
import { providers } from '../../integrations/payments/registry.ts';
import { signSandbox } from '../../integrations/payments/sandbox.ts';
import { signWebhook } from '../../integrations/webhook.ts';

export interface Gateway {
  readonly provider: PaymentProvider;
  readonly account: ProviderAccount;
  readonly outbound: Outbound;
  /** A payment of 1.00 CNY (or the provider's own currency), known to the gateway. */
  place(orderNo: string): Promise<PayRequest>;
  /** The buyer pays; nobody is told. */
  pay(orderNo: string): Promise<void>;
  /** The genuine notification of a placed order. */
  notification(orderNo: string): RawNotification;
  refundNext?(how: 'pending' | 'refused' | 'lost'): void;
  settleRefunds?(): void;
  refundTimes?(refundNo: string): number;
  misbehave?(trouble: 'timeout' | 'drop' | 'error' | 'html' | undefined): void;
  close(): Promise<void>;
}

export function freshOrderNo(): string {
  return makeOrderNo(new Date(), randomBytes(orderNoBytes));
}

export function rawGet(query: string): RawNotification {
  return { method: 'GET', headers: {}, query, body: Buffer.alloc(0), receivedAt: new Date() };
}
export function rawForm(form: string): RawNotification {
  return { method: 'POST', headers: {}, query: '', body: Buffer.from(form), receivedAt: new Date() };
}
export function rawSigned({ headers, body }: SignedMessage): RawNotification {
  return { method: 'POST', headers, query: '', body: Buffer.from(body), receivedAt: new Date() };
}

export function providerOf(id: string): PaymentProvider {
  const provider = providers.get(id);
  if (!provider) throw new Error(`no provider ${id}`);
  return provider;
}

export function accountOf(id: string, config: Readonly<Record<string, string>>): ProviderAccount {
  return { id: 1, provider: id, mode: 'test', config };
}

/** The parts that all gateways share. */
function common(
  id: string,
  config: Readonly<Record<string, string>>,
  url: string,
): Pick<Gateway, 'provider' | 'account' | 'outbound' | 'place'> {
  const provider = providerOf(id);
  const account = accountOf(id, config);
  const outbound = createOutbound({ allow: [new URL(url).host], timeoutMs: 300 });
  return {
    provider,
    account,
    outbound,
    async place(orderNo) {
      const request = await provider.createPayment(
        account,
        {
          orderNo,
          amountMinor: 100,
          currency: 'CNY',
          notifyUrl: 'http://127.0.0.1:9/notify',
          returnUrl: 'http://127.0.0.1:9/paid',
          expiresAt: new Date(Date.now() + 600_000),
        },
        outbound,
      );
      if (request.url.startsWith(url)) await fetch(request.url);
      return request;
    },
  };
}

async function alipay(): Promise<Gateway> {
  const fake = await startFakeAlipay({ port: 0 });
  const shared = common('alipay', fake.config, fake.url);
  return {
    ...shared,
    pay: (orderNo) => fake.pay(orderNo, { notify: false }),
    notification: (orderNo) => rawForm(fake.notification(orderNo, { trade_status: 'TRADE_SUCCESS' }).toString()),
    refundNext: (how) => fake.refundNext(how),
    settleRefunds: () => fake.settleRefunds(),
    refundTimes: (no) => fake.refunds.get(no)?.times ?? 0,
    misbehave: (trouble) => fake.misbehave('*', trouble),
    async close() {
      await shared.outbound.close();
      await fake.close();
    },
  };
}

async function wechat(): Promise<Gateway> {
  const fake = await startFakeWechat({ port: 0 });
  const shared = common('wechat', fake.config, fake.url);
  return {
    ...shared,
    pay: (orderNo) => fake.pay(orderNo, { notify: false }),
    notification: (orderNo) => rawSigned(fake.notification(orderNo, { trade_state: 'SUCCESS' })),
    refundNext: (how) => fake.refundNext(how === 'pending' ? 'PROCESSING' : how),
    settleRefunds: () => fake.settleRefunds(),
    refundTimes: (no) => fake.refunds.get(no)?.times ?? 0,
    misbehave: (trouble) => fake.misbehave('*', trouble),
    async close() {
      await shared.outbound.close();
      await fake.close();
    },
  };
}

async function epay(): Promise<Gateway> {
  const fake = await startFakeEpay({ port: 0 });
  const shared = common('epay', { gateway: fake.url, ...fakeMerchant }, fake.url);
  return {
    ...shared,
    pay: (orderNo) => fake.pay(orderNo, { notify: false }),
    notification: (orderNo) => rawGet(fake.notification(orderNo).toString()),
    refundNext: (how) => fake.refundNext(how === 'pending' ? undefined : how),
    misbehave: (trouble) => fake.misbehave('*', trouble),
    async close() {
      await shared.outbound.close();
      await fake.close();
    },
  };
}

async function epayV2(): Promise<Gateway> {
  const fake = await startFakeEpayV2({ port: 0 });
  const shared = common('epay_v2', fake.config, fake.url);
  return {
    ...shared,
    pay: (orderNo) => fake.pay(orderNo, { notify: false }),
    notification: (orderNo) => rawGet(fake.notification(orderNo).toString()),
    settleRefunds: () => fake.settleRefunds(),
    refundTimes: (no) => fake.refunds.get(no)?.times ?? 0,
    misbehave: (trouble) => fake.misbehave('*', trouble),
    async close() {
      await shared.outbound.close();
      await fake.close();
    },
  };
}

async function stripe(): Promise<Gateway> {
  const fake = await startFakeStripe({ port: 0 });
  const shared = common('stripe', fake.config, fake.url);
  return {
    ...shared,
    pay(orderNo) {
      fake.pay(orderNo);
      return Promise.resolve();
    },
    notification(orderNo) {
      const body = fake.event(orderNo);
      return rawSigned({ body, headers: { 'stripe-signature': fake.sign(body) } });
    },
    refundNext: (how) => fake.refundNext(how),
    settleRefunds: () => fake.settleRefunds(),
    misbehave: (trouble) => fake.misbehave(trouble),
    async close() {
      await shared.outbound.close();
      await fake.close();
    },
  };
}

async function usdt(flavour: 'assimon' | 'gmwallet' | 'bepusdt'): Promise<Gateway> {
  const fake = await startFakeUsdt({ port: 0, flavour });
  const shared = common('usdt', fake.config, `${fake.url}/none`);
  return {
    ...shared,
    pay(orderNo) {
      fake.pay(orderNo);
      return Promise.resolve();
    },
    notification: (orderNo) => rawSigned({ headers: {}, body: fake.notification(orderNo, { status: 2 }) }),
    misbehave: (trouble) => fake.misbehave(trouble),
    async close() {
      await shared.outbound.close();
      await fake.close();
    },
  };
}

export const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A message of the generic webhook. */
export function webhookMessage(body: object, at = Math.floor(Date.now() / 1000), id = 'msg_1'): SignedMessage {
  const text = JSON.stringify(body);
  return {
    body: text,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': signWebhook(webhookSecret, id, at, text),
    },
  };
}

function webhook(): Promise<Gateway> {
  const url = 'https://pay.example.com/checkout';
  const shared = common('webhook', { secret: webhookSecret, payUrl: url }, url);
  const place: Gateway['place'] = (orderNo) =>
    shared.provider.createPayment(
      shared.account,
      { orderNo, amountMinor: 100, currency: 'CNY', notifyUrl: 'n', returnUrl: 'r', expiresAt: new Date() },
      shared.outbound,
    );
  return Promise.resolve({
    ...shared,
    place,
    pay: () => Promise.resolve(),
    notification: (orderNo) =>
      rawSigned(webhookMessage({ type: 'payment.paid', data: { order_no: orderNo, trade_no: `t-${orderNo}`, amount: '1.00', currency: 'CNY' } })), // prettier-ignore
    close: () => shared.outbound.close(),
  });
}

function sandbox(): Promise<Gateway> {
  const secret = 'sandbox-secret-of-tests-0123456789';
  const shared = common('sandbox', { secret }, 'http://127.0.0.1:9');
  return Promise.resolve({
    ...shared,
    place: (orderNo) => Promise.resolve({ kind: 'redirect', url: orderNo }),
    pay: () => Promise.resolve(),
    notification(orderNo) {
      const body = JSON.stringify({ orderNo, tradeNo: `sb-${orderNo}`, amountMinor: 100, currency: 'CNY', status: 'paid' }); // prettier-ignore
      const headers = { 'miaofa-sandbox-signature': signSandbox(secret, Math.floor(Date.now() / 1000), body) };
      return rawSigned({ headers, body });
    },
    close: () => shared.outbound.close(),
  });
}

export const gateways: Readonly<Record<string, () => Promise<Gateway>>> = {
  alipay,
  wechat,
  epay,
  epay_v2: epayV2,
  stripe,
  usdt: () => usdt('assimon'),
  'usdt-gmwallet': () => usdt('gmwallet'),
  'usdt-bepusdt': () => usdt('bepusdt'),
  webhook,
  sandbox,
};
