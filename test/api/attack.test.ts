import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { until } from '../../dev/client.ts';
import { advance } from '../../activities/advance.ts';
import { dueQueries } from '../../db/payment-queries.ts';
import { grantTurns } from '../../worker/loops/grants.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

describe('under attack', function () {
  this.timeout(60_000);
  let system: System;

  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  it('E6: streams whose browser has gone before they began take no place of the person', async () => {
    const person = await signedIn(system, 'viewer');
    const locker = new pg.Client({ connectionString: system.database.url });
    await locker.connect();
    try {
      await locker.query('begin');
      await locker.query('lock table staff_sessions in access exclusive mode');
      const gone = new AbortController();
      const { signal } = gone;
      const streams = Array.from({ length: 25 }, () =>
        fetch(`${system.base}/api/console/events`, { headers: { cookie: person.cookie }, signal }).catch(() => 'gone'),
      );
      await until(
        'looks at the session that wait',
        async () => {
          const { rows } = await locker.query<{ n: number }>(
            `select count(*)::int as n from pg_locks where not granted and relation = 'staff_sessions'::regclass`,
          );
          return (rows[0]?.n ?? 0) > 5 ? true : undefined;
        },
        5_000,
      );
      gone.abort();
      assert.deepEqual(new Set(await Promise.all(streams)), new Set(['gone']));
      await fetch(`${system.base}/healthz`);
      await locker.query('commit');
    } finally {
      await locker.end();
    }
    // Behind those that are still being answered.
    await until(
      'a stream',
      async () => {
        const stop = new AbortController();
        const { status } = await fetch(`${system.base}/api/console/events`, {
          headers: { cookie: person.cookie },
          signal: stop.signal,
        });
        stop.abort();
        assert.equal(status, 200);
        return true;
      },
      5_000,
    );
  });

  it('E6: who is not known may not send megabytes to be parsed', async () => {
    const answer = await fetch(`${system.base}/api/console/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: 'a', password: 'x'.repeat(1 << 20) }),
    });
    assert.equal(answer.status, 413);
  });

  it('rule 10: each of two surplus payments is a task; the second does not hide behind the first', async () => {
    const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(orderNo);
    for (const tradeNo of ['sb-surplus-1', 'sb-surplus-2', 'sb-surplus-1']) await system.notify(orderNo, { tradeNo });
    const tasks = await query<{ trade: string }>(
      system,
      `select p.trade_no as trade from tasks t join payments p on p.id = t.payment_id
       where t.code = 'PAYMENT_SECOND' and p.order_no = $1 order by t.id`,
      orderNo,
    );
    assert.deepEqual(
      tasks.map((t) => t.trade),
      ['sb-surplus-1', 'sb-surplus-2'],
    );
  });

  it('D5: a key that has expired is not sold, although nothing has marked it yet', async () => {
    const sku = `LATE-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: 'late', priceMinor: 100 });
    await system.shop.addCards(sku, [randomUUID(), randomUUID()]);
    await query(
      system,
      `update cards set expires_at = now() - interval '1 minute'
       where id = (select min(c.id) from cards c join products p on p.id = c.product_id where p.sku = $1)`,
      sku,
    );
    const [first = 0, second = 0] = await paidOrders(system, 2, 1, sku);
    assert.equal((await advance(system.parts.steps, first)).next, 'end');
    const outcome = await advance(system.parts.steps, second);
    assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_EMPTY', JSON.stringify(outcome));
  });

  it('A4: an account that takes no new orders still takes the money of those that were sent to it', async () => {
    // No earlier test has used this account, so nothing of it is kept.
    const { orderNo, payUrl } = await system.shop.order({ sku: system.sku, accountId: system.epay });
    await fetch(payUrl);
    await query(system, 'update payment_accounts set enabled = false where id = $1', system.epay);
    try {
      await assert.rejects(system.shop.order({ sku: system.sku, accountId: system.epay }), /ACCOUNT_NOT_FOUND/);
      const form = system.gateway.notification(orderNo);
      const answer = await fetch(`${system.base}/notify/epay/${system.epay}?${form.toString()}`);
      assert.equal(await answer.text(), 'success');
      assert.equal((await system.shop.read(orderNo)).state, 'paid');
    } finally {
      await query(system, 'update payment_accounts set enabled = true where id = $1', system.epay);
    }
  });

  it('G4: the same request ten times at once is one order, also where the first one used up the limit', async () => {
    const sku = `ONE-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: 'one', priceMinor: 100 });
    await query(system, 'update products set buyer_limit = 1 where sku = $1', sku);
    const key = randomUUID();
    const one = { sku, accountId: system.sandbox, email: 'one@example.com', key };
    const orders = await Promise.all(Array.from({ length: 10 }, () => system.shop.order(one)));
    assert.equal(new Set(orders.map((o) => o.orderNo)).size, 1);
    await assert.rejects(system.shop.order({ ...one, key: randomUUID() }), /BUYER_LIMIT/);
  });

  const sandboxOrder = async (sku = system.sku): Promise<{ no: string; id: number }> => {
    const { orderNo: no } = await system.shop.order({ sku, accountId: system.sandbox });
    const [row] = await query<{ id: number }>(system, 'select id from orders where no = $1', no);
    return { no, id: row?.id ?? 0 };
  };

  it('A5: a trade that is told again for another order, or with another amount, is put before a person, once', async () => {
    const [first, other] = [await sandboxOrder(), await sandboxOrder()];
    const tradeNo = `sb-${randomUUID()}`;
    const tasks = () =>
      query<{ code: string }>(
        system,
        `select t.code from tasks t join payments p on p.id = t.payment_id where p.trade_no = $1`,
        tradeNo,
      );
    await system.notify(first.no, { tradeNo });
    await system.notify(first.no, { tradeNo });
    assert.deepEqual(await tasks(), []);
    for (let i = 0; i < 3; i++) assert.equal((await system.notify(other.no, { tradeNo })).status, 200);
    await system.notify(first.no, { tradeNo, amountMinor: 99_900 });
    assert.deepEqual(await tasks(), [{ code: 'PAYMENT_REUSED' }]);
    assert.equal((await system.shop.read(other.no)).state, 'unpaid');
  });

  it('A5: of a payment that was said to be refunded before it was said to be paid, the provider is asked first', async () => {
    const { no, id } = await sandboxOrder();
    await system.notify(no, { status: 'refunded' });
    await system.notify(no);
    const outcome = await advance(system.parts.steps, id);
    assert.equal(outcome.next, 'confirm');
  });

  it('rule 7 A5: an order that is refunded outside while it waits for stock leaves the line to those behind it', async () => {
    const sku = `REFUND-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: 'refunded', priceMinor: 100 });
    const waiting = [await sandboxOrder(sku), await sandboxOrder(sku)];
    for (const { no, id } of waiting) {
      await system.notify(no);
      assert.equal((await advance(system.parts.steps, id)).next, 'wait');
    }
    const [first, second] = waiting;
    await system.notify(first?.no ?? '', { status: 'refunded' });
    await system.shop.addCards(sku, [randomUUID()]);
    await grantTurns(system.parts.pool, system.parts.log, () => undefined);
    assert.equal((await system.shop.read(first?.no ?? '')).state, 'attention');
    assert.equal((await system.shop.read(second?.no ?? '')).state, 'delivered');
  });

  it('A4: providers are asked at any number of questions, and while a late payment still delivers', async () => {
    const { no } = await sandboxOrder();
    await query(system, `update orders set queries = 5000, next_query_at = now() where no = $1`, no);
    assert.ok((await dueQueries(system.parts.pool, 1000)).some((due) => due.orderNo === no));
    await query(
      system,
      `update orders set state = 'expired', expires_at = now() - interval '1 minute', next_query_at = now() - interval '1 minute' where no = $1`,
      no,
    );
    await query(system, 'update payment_accounts set query_tokens = 100');
    await dueQueries(system.parts.pool, 1000);
    const [next] = await query<{ minutes: number }>(
      system,
      'select extract(epoch from next_query_at - expires_at)::int / 60 as minutes from orders where no = $1',
      no,
    );
    assert.equal(next?.minutes, 10);
  });
});
