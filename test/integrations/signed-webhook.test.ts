import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { verifyWebhook } from '../../integrations/webhook.ts';
import { accountOf, providerOf, rawSigned, webhookMessage, webhookSecret } from '../support/gateways.ts';

const provider = providerOf('webhook');
const account = accountOf('webhook', { secret: webhookSecret, payUrl: 'https://pay.example.com' });
const paid = { type: 'payment.paid', data: { order_no: 'M1', trade_no: 'T0001', amount: '10.00', currency: 'CNY' } };
const code = (raw: ReturnType<typeof rawSigned>): string => {
  const verdict = provider.verify(account, raw);
  return verdict.ok ? verdict.event.meaning : verdict.code;
};

describe('签名回调: Standard Webhooks', () => {
  it('A3: a signature computed by hand verifies, also as one of several during a change of secrets', () => {
    const at = Math.floor(Date.now() / 1000);
    const body = JSON.stringify(paid);
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update(`id-1.${at}.${body}`).digest('base64');
    const headers = { 'webhook-id': 'id-1', 'webhook-timestamp': String(at), 'webhook-signature': `v1,${'A'.repeat(43)}= v1,${mac}` }; // prettier-ignore
    assert.equal(code(rawSigned({ body, headers })), 'paid');
  });

  it('A5: altered, stale, empty secret, wrong amount pattern, unknown type: refused', () => {
    const now = Math.floor(Date.now() / 1000);
    const good = webhookMessage(paid);
    assert.equal(code(rawSigned({ ...good, body: good.body.replace('10.00', '1.00') })), 'BAD_SIGNATURE');
    assert.equal(code(rawSigned({ ...good, headers: { ...good.headers, 'webhook-id': 'other' } })), 'BAD_SIGNATURE');
    assert.equal(code(rawSigned(webhookMessage(paid, now - 400))), 'STALE');
    assert.equal(code(rawSigned(webhookMessage(paid, now + 400))), 'STALE');
    for (const amount of ['1e3', '-1', '10.001', '', ' 10', '١٠'])
      assert.equal(code(rawSigned(webhookMessage({ ...paid, data: { ...paid.data, amount } }))), 'BAD_FORMAT', amount);
    assert.equal(code(rawSigned(webhookMessage({ ...paid, type: 'toString' }))), 'BAD_FORMAT');
    const empty = accountOf('webhook', { secret: 'whsec_', payUrl: 'https://x' });
    assert.deepEqual(provider.verify(empty, rawSigned(good)), { ok: false, code: 'SECRET_MISSING' });
  });

  it('A5: the redirect to the pay page is signed, so that the amount cannot be changed on the way', async () => {
    const { url } = await provider.createPayment(
      account,
      {
        orderNo: 'M1',
        amountMinor: 1000,
        currency: 'CNY',
        notifyUrl: 'https://s/n',
        returnUrl: 'https://s/r',
        expiresAt: new Date(),
      },
      { request: () => Promise.reject(new Error('no call')), close: () => Promise.resolve() },
    );
    const [, query = ''] = url.split('?');
    const [signedPart = '', signature = ''] = query.split('&signature=');
    const timestamp = Number(new URLSearchParams(query).get('timestamp'));
    const given = { id: 'M1', timestamp, signature: decodeURIComponent(signature), body: signedPart };
    assert.ok(verifyWebhook(webhookSecret, given, timestamp));
  });
});
