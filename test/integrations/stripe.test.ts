import assert from 'node:assert/strict';
import Stripe from 'stripe';
import { accountOf, providerOf, rawSigned } from '../support/gateways.ts';

const provider = providerOf('stripe');
const secret = 'whsec_0123456789abcdef0123456789abcdef';
const account = accountOf('stripe', { secretKey: 'sk_test_012345678', webhookSecret: secret });
const webhooks = new Stripe('sk_test_012345678').webhooks;

const session = (change: object = {}) => ({ id: 'cs_test_1', object: 'checkout.session', status: 'complete', payment_status: 'paid', amount_total: 100, currency: 'usd', client_reference_id: 'M1', payment_intent: 'pi_1', ...change }); // prettier-ignore
const charge = (change: object = {}) => ({ id: 'ch_1', payment_intent: 'pi_1', amount: 100, amount_refunded: 100, refunded: true, currency: 'usd', metadata: { order_no: 'M1' }, ...change }); // prettier-ignore
const event = (type: string, object: object, change: object = {}): string =>
  JSON.stringify({ id: 'evt_1', object: 'event', type, livemode: false, data: { object }, ...change });

/** Signed by Stripe's own library. */
const signed = (payload: string, timestamp = Math.floor(Date.now() / 1000)) =>
  rawSigned({
    body: payload,
    headers: { 'stripe-signature': webhooks.generateTestHeaderString({ payload, secret, timestamp }) },
  });
const code = (raw: ReturnType<typeof signed>): string => {
  const verdict = provider.verify(account, raw);
  return verdict.ok ? verdict.event.meaning : verdict.code;
};

describe('Stripe', () => {
  it("A3: an event signed by Stripe's own library verifies", () => {
    assert.deepEqual(provider.verify(account, signed(event('checkout.session.completed', session()))), {
      ok: true,
      event: { meaning: 'paid', orderNo: 'M1', tradeNo: 'pi_1', amountMinor: 100, currency: 'USD' },
    });
  });

  const rows: [type: string, object: object, meaning: string][] = [
    ['checkout.session.completed', session({ payment_status: 'unpaid', payment_intent: null }), 'waiting'],
    ['checkout.session.completed', session({ payment_status: 'no_payment_required' }), 'waiting'],
    ['checkout.session.async_payment_succeeded', session(), 'paid'],
    ['checkout.session.async_payment_failed', session({ payment_status: 'unpaid' }), 'waiting'],
    ['checkout.session.expired', session({ status: 'expired', payment_status: 'unpaid', payment_intent: null }), 'closed'],
    ['charge.refunded', charge(), 'refunded'],
    ['charge.refunded', charge({ refunded: false, amount_refunded: 40 }), 'partially_refunded'],
    ['refund.updated', { id: 're_1', payment_intent: 'pi_1', amount: 100, currency: 'usd', status: 'succeeded', metadata: { refund_no: 'R1' } }, 'waiting'],
    ['refund.failed', { id: 're_1', payment_intent: 'pi_1', amount: 100, currency: 'usd', status: 'failed', metadata: { refund_no: 'R1' } }, 'refund_trouble'],
    ['charge.dispute.created', { id: 'dp_1', payment_intent: 'pi_1', amount: 100, currency: 'usd' }, 'disputed'],
    ['payment_intent.created', { id: 'pi_1' }, 'waiting'],
  ]; // prettier-ignore
  for (const [type, object, meaning] of rows)
    it(`A5: ${type} → ${meaning}`, () => assert.equal(code(signed(event(type, object))), meaning));

  it('A5: live and test are apart; stale, future, altered, unsigned or re-signed by another secret: refused', () => {
    const body = event('checkout.session.completed', session());
    const now = Math.floor(Date.now() / 1000);
    assert.equal(code(signed(event('checkout.session.completed', session(), { livemode: true }))), 'WRONG_MERCHANT');
    assert.equal(code(signed(body, now - 301)), 'STALE');
    assert.equal(code(signed(body, now + 10_000)), 'STALE', "Stripe's own library would let it pass");
    assert.equal(code({ ...signed(body), body: Buffer.from(body.replace('100', '900')) }), 'BAD_SIGNATURE');
    assert.equal(code({ ...signed(body), headers: {} }), 'BAD_FORMAT');
    const header = webhooks.generateTestHeaderString({
      payload: body,
      secret: 'whsec_another0123456789',
      timestamp: now,
    });
    assert.equal(code(rawSigned({ body, headers: { 'stripe-signature': header } })), 'BAD_SIGNATURE');
    const v0 = String(signed(body).headers['stripe-signature']).replace('v1=', 'v0=');
    assert.equal(code(rawSigned({ body, headers: { 'stripe-signature': v0 } })), 'BAD_FORMAT');
  });

  it('A3: during a change of secrets one of several signatures suffices', () => {
    const body = event('checkout.session.completed', session());
    const good = String(signed(body).headers['stripe-signature']);
    const both = good.replace('v1=', `v1=${'0'.repeat(64)},v1=`);
    assert.equal(code(rawSigned({ body, headers: { 'stripe-signature': both } })), 'paid');
  });

  it('E5: the publishable key in the place of the secret one is named', () => {
    const problems = provider.checkConfig({ secretKey: 'pk_test_012345678', webhookSecret: secret });
    assert.match(problems[0]?.zh ?? '', /可公开密钥/);
  });
});
