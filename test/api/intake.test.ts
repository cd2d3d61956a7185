import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call } from '../../dev/client.ts';
import { fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import { signEpay } from '../../integrations/payments/epay.ts';
import { startSystem, type System } from '../support/system.ts';

/** Intake alone: no Temporal anywhere near. */
describe('notifications are taken in', function () {
  this.timeout(30_000);
  let system: System;

  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  const order = (quantity = 1, accountId = system.sandbox) =>
    system.shop.order({ sku: system.sku, quantity, accountId });
  const rows = async <T extends object>(sql: string, ...values: unknown[]): Promise<T[]> =>
    (await system.parts.pool.query<T>(sql, values)).rows;
  const stateOf = async (no: string): Promise<string> => (await system.shop.read(no)).state;

  it('A4: fifty at once are acknowledged and make one payment, one promise, one state', async () => {
    const { orderNo } = await order();
    const answers = await Promise.all(Array.from({ length: 50 }, () => system.notify(orderNo)));
    assert.deepEqual(new Set(answers.map((a) => a.status)), new Set([200]));
    assert.equal(await stateOf(orderNo), 'paid');
    const [count] = await rows<{ payments: number; promises: number; kept: number }>(
      `select (select count(*)::int from payments where order_no = $1) as payments,
              (select count(*)::int from outbox b join orders o on o.id = b.order_id where o.no = $1) as promises,
              (select count(*)::int from notifications where order_no = $1) as kept`,
      orderNo,
    );
    assert.deepEqual(count, { payments: 1, promises: 1, kept: 50 });
  });

  it('A3: 易支付 hears exactly "success", without a charset, a cookie or anything else', async () => {
    const { orderNo, payUrl } = await order(1, system.epay);
    await fetch(payUrl);
    for (const method of ['GET', 'POST'] as const) {
      const form = system.gateway.notification(orderNo);
      const url = `${system.base}/notify/epay/${system.epay}`;
      const answer = await (method === 'GET' ? fetch(`${url}?${form.toString()}`) : fetch(url, { method, body: form }));
      assert.equal(await answer.text(), 'success');
      assert.equal(answer.headers.get('content-type'), 'text/plain');
      assert.equal(answer.headers.get('set-cookie'), null);
    }
    assert.equal(await stateOf(orderNo), 'paid');
  });

  it('A5: a forged, altered or foreign notification is refused and changes nothing', async () => {
    const { orderNo, payUrl } = await order(1, system.epay);
    await fetch(payUrl);
    const send = async (change: (form: URLSearchParams) => void): Promise<string> => {
      const form = system.gateway.notification(orderNo);
      change(form);
      return (await fetch(`${system.base}/notify/epay/${system.epay}?${form.toString()}`)).text();
    };
    const resign = (form: URLSearchParams): void => form.set('sign', signEpay(form, fakeMerchant.key));
    assert.equal(await send((f) => f.set('money', '0.01')), 'fail');
    assert.equal(await send((f) => f.append('money', '1.00')), 'fail', 'a repeated parameter');
    assert.equal(await send((f) => { f.set('pid', '1002'); resign(f); }), 'fail', 'another merchant'); // prettier-ignore
    assert.equal(await send((f) => { f.set('money', '1e0'); resign(f); }), 'fail', 'no plain amount'); // prettier-ignore
    assert.equal(await send((f) => { f.set('trade_status', 'WAIT_BUYER_PAY'); resign(f); }), 'success', 'signed, but not paid'); // prettier-ignore
    assert.equal(await stateOf(orderNo), 'unpaid');
    const [kept] = await rows<{ n: number }>(
      `select count(*)::int as n from notifications where verdict = 'BAD_SIGNATURE'`,
    );
    assert.equal(kept?.n, 1, 'kept as evidence');
    assert.equal(await send(() => undefined), 'success', 'the waiting event did not use up the paid one');
    assert.equal(await stateOf(orderNo), 'paid');
  });

  const misbehaving: [string, object, number, string][] = [
    ['less than the price', { amountMinor: 99 }, 1, 'PAYMENT_UNDER'],
    ['more than the price', { amountMinor: 101 }, 1, 'PAYMENT_OVER'],
    ['another currency', { currency: 'USD' }, 1, 'PAYMENT_WRONG_CURRENCY'],
  ];
  for (const [name, change, quantity, code] of misbehaving) {
    it(`A5 rule 10: ${name} is stored, acknowledged and put before a person`, async () => {
      const { orderNo } = await order(quantity);
      assert.equal((await system.notify(orderNo, change)).status, 200);
      assert.equal(await stateOf(orderNo), 'unpaid');
      const tasks = await rows<{ code: string }>(
        'select t.code from tasks t join orders o on o.id = t.order_id where o.no = $1',
        orderNo,
      );
      assert.deepEqual(tasks, [{ code }]);
    });
  }

  it('rule 10: a second payment, and one after a person closed the order, are cases and move nothing', async () => {
    const paid = await order();
    await system.notify(paid.orderNo);
    await system.notify(paid.orderNo, { tradeNo: 'sb-second' });
    const closed = await order();
    await call(`${system.base}/ops/api/orders/${closed.orderNo}/actions`, {
      token: system.opsToken,
      body: { id: randomUUID(), kind: 'close' },
    });
    await system.notify(closed.orderNo);
    assert.equal(await stateOf(paid.orderNo), 'paid');
    assert.equal(await stateOf(closed.orderNo), 'closed');
    const tasks = await rows<{ code: string }>(
      'select t.code from tasks t join orders o on o.id = t.order_id where o.no = any ($1) order by t.id',
      [paid.orderNo, closed.orderNo],
    );
    assert.deepEqual(
      tasks.map((t) => t.code),
      ['PAYMENT_SECOND', 'PAYMENT_AFTER_END'],
    );
  });

  it('rule 10: a payment for an order that expired an hour ago sets it going; for an unknown one it is kept for staff', async () => {
    const { orderNo } = await order();
    await rows(`update orders set state = 'expired', expires_at = now() - interval '1 hour' where no = $1`, orderNo);
    await system.notify(orderNo);
    assert.equal(await stateOf(orderNo), 'paid');
    assert.equal((await system.notify('M261124ZZZZZZZZZZZZZ')).status, 200);
    const [unmatched] = await rows<{ standing: string }>(
      `select p.standing from payments p join tasks t on t.payment_id = p.id where p.order_no = 'M261124ZZZZZZZZZZZZZ'`,
    );
    assert.deepEqual(unmatched, { standing: 'unmatched' });
  });

  it('rule 11: test money does not reach a live order, and the sandbox does not exist in live mode', async () => {
    const { orderNo } = await order();
    await rows(`update orders set mode = 'live' where no = $1`, orderNo);
    assert.equal((await system.notify(orderNo)).status, 400);
    assert.equal(
      (await rows<{ state: string }>('select state from orders where no = $1', orderNo))[0]?.state,
      'unpaid',
    );
    await assert.rejects(
      rows(`update payment_accounts set mode = 'live' where provider = 'sandbox'`),
      /check constraint/,
    );
  });

  it('A5: whatever bytes come, the answer is a refusal, never a crash', async () => {
    const url = `${system.base}/notify`;
    const odd: [string, RequestInit][] = [
      [`/epay/${system.epay}?a=%E4%B&__proto__=1&sign=x`, {}],
      [`/epay/999999`, {}],
      [`/epay/1e3`, {}],
      [`/epay/${system.sandbox}`, {}],
      [`/sandbox/${system.sandbox}`, { method: 'POST', body: Buffer.from([0xff, 0xfe, 0]) }],
      [`/sandbox/${system.sandbox}`, { method: 'PUT', body: '{}' }],
      [
        `/epay/${system.epay}`,
        { method: 'POST', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded; charset=GBK' } },
      ],
      [`/nobody/1`, {}],
    ];
    for (const [path, init] of odd) {
      const answer = await fetch(url + path, init);
      assert.ok([200, 400, 404].includes(answer.status), `${path} ${answer.status}`);
      assert.doesNotMatch(await answer.text(), /success|true/);
    }
    assert.equal((await fetch(`${url}/epay/${system.epay}`, { method: 'POST', body: 'x'.repeat(70_000) })).status, 413);
  });

  it('G4: the same Idempotency-Key gives the same order; with another request it is refused, in two languages', async () => {
    const key = randomUUID();
    const orders = await Promise.all(
      Array.from({ length: 10 }, () => system.shop.order({ sku: system.sku, accountId: system.sandbox, key })),
    );
    assert.equal(new Set(orders.map((o) => o.orderNo)).size, 1);
    assert.equal(new Set(orders.map((o) => o.pickupUrl)).size, 1);
    await assert.rejects(
      system.shop.order({ sku: system.sku, quantity: 2, accountId: system.sandbox, key }),
      /409.*IDEMPOTENCY_CONFLICT.*Idempotency-Key 已用于/s,
    );
  });

  it('G4: bad input says which field, and secrets of another shop stay closed', async () => {
    const url = `${system.base}/api/v1/orders`;
    const token = system.shop.apiKey;
    const headers = { 'idempotency-key': 'k' };
    type Problem = { error: { code: string; detail: { field: string }[] } };
    const bad = await call<Problem>(url, {
      token,
      headers,
      body: { sku: system.sku, quantity: 0, evil: 1 },
      expect: 400,
    });
    assert.ok(bad.error.detail.some((d) => d.field === 'body.quantity'));
    const missing = await call<Problem>(url, { token, body: { sku: system.sku }, expect: 400 });
    assert.equal(missing.error.code, 'IDEMPOTENCY_KEY_MISSING');
    await call(url, { headers, body: { sku: system.sku }, expect: 401 });
    await call(`${system.base}/ops/api/auto-delivery`, { token, body: { on: false }, expect: 401 });
    const { orderNo } = await order();
    const stranger = await call<{ apiKey: string }>(`${system.base}/ops/api/keys`, {
      token: system.opsToken,
      body: { shop: 'stranger', mode: 'test', scopes: ['orders'] },
    });
    await call(`${system.base}/api/v1/orders/${orderNo}`, { token: stranger.apiKey, expect: 404 });
    await call(`${system.base}/api/v1/products`, {
      token: stranger.apiKey,
      body: { sku: 'X', name: 'x', priceMinor: 1 },
      expect: 403,
    });
  });

  it('D4: a key that is in the pool or was sold is not added again', async () => {
    const key = `DUP-${randomUUID()}`;
    assert.deepEqual(pick(await system.shop.addCards(system.sku, [key, key, `${key}x`])), { added: 2, duplicates: 1 });
    await rows(`update cards set state = 'void' where state = 'available'`);
    assert.deepEqual(pick(await system.shop.addCards(system.sku, [key])), { added: 0, duplicates: 1 });
  });

  it('rule 16: without Temporal the API is ready and says what is missing', async () => {
    assert.equal((await fetch(`${system.base}/healthz`)).status, 200);
    const ready = await fetch(`${system.base}/readyz`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), { status: 'degraded', database: 'ok', keys: 'ok', temporal: 'down' });
    assert.equal((await fetch(`${system.base}/readyz?all=1`)).status, 503);
  });
});

function pick(answer: { added: number; duplicates: number }): { added: number; duplicates: number } {
  return { added: answer.added, duplicates: answer.duplicates };
}
