import assert from 'node:assert/strict';
import { insertOldOrders } from '../../bench/old-orders.ts';
import { failuresOf, figuresOf, figuresSql, type Figures } from '../../db/figures.ts';
import { settleFigures } from '../../db/settle-figures.ts';
import { createPool } from '../../db/sql.ts';
import { failureRate } from '../../domain/failure-rate.ts';
import { openImporter } from '../support/goods.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E3: the failure rate, one definition', () => {
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  it('counts live orders that reached a task by a failure or missed 60 s; money, rules, mail and tests do not count', async () => {
    const { pool } = system.parts;
    const cases: [mode: string, state: string, paidAgo: number, took: number | null, task: string | null][] = [
      ['live', 'delivered', 300, 1, null],
      ['live', 'delivered', 300, 90, null], // missed the promise
      ['live', 'attention', 10, null, 'SUPPLIER_SILENT'], // a failure at once
      ['live', 'attention', 10, null, 'EXCEPTION_RULE'],
      ['live', 'waiting_stock', 120, null, 'POOL_EMPTY'],
      ['live', 'delivered', 300, 1, 'MAIL_REJECTED'],
      ['live', 'delivered', 300, 1, 'PAYMENT_SECOND'],
      ['test', 'attention', 300, null, 'POOL_EMPTY'],
      ['live', 'delivered', 7200, 90, null], // before the window
    ];
    for (const [i, [mode, state, ago, took, code]] of cases.entries()) {
      await pool.query(
        `with o as (
           insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency,
             account_id, confirm_by_query, policy, token_hash, token, state, expires_at, paid_at, released_at)
           select 'F' || $1::int, $2, (select min(id) from shops), 'f' || $1::int, '', (select min(id) from products), 1, 100, 'CNY',
             (select min(id) from payment_accounts), false, '{}', sha256(('f' || $1::int)::bytea), '', $3, now(),
             now() - $4 * interval '1 second', now() - $4 * interval '1 second' + $5::float8 * interval '1 second' returning id
         ) insert into tasks (order_id, code) select id, $6 from o where $6::text is not null`,
        [i, mode, state, ago, took, code],
      );
    }
    const from = new Date(Date.now() - 3_600_000);
    const { paid, failed } = await failuresOf(pool, 'live', from, new Date());
    assert.deepEqual([paid, failed], [7, 3]);
    assert.equal(failureRate(failed, paid), 4286);
    const whole = (await figuresOf(pool, 'live', from, new Date())).find((row) => row.whole);
    assert.deepEqual([whole?.paid, whole?.failed, whole?.delivered], [7, 3, 4]);
  });

  it('E3: goods from suppliers are judged by the promise of their product, as it was when they were sold', async () => {
    const { pool } = system.parts;
    const { id, sku } = await openImporter(system).product({ kind: 'supplier', promiseSeconds: 600 });
    const place = (): Promise<{ orderNo: string }> => system.shop.order({ sku, accountId: system.sandbox });
    const [within, beyond, waiting, late] = [await place(), await place(), await place(), await place()];
    // The promise of today is not that of the orders before.
    await pool.query('update products set promise_seconds = null where id = $1', [id]);
    const usual = await place();
    const took: [{ orderNo: string }, paidAgo: number, seconds: number | null][] = [[within, 1_000, 590], [beyond, 1_000, 610], [waiting, 590, null], [late, 610, null], [usual, 1_000, 61]]; // prettier-ignore
    for (const [{ orderNo }, ago, seconds] of took) {
      await pool.query(
        `update orders set mode = 'live', state = case when $3::int is null then 'paid' else 'delivered' end,
           paid_at = now() - $2 * interval '1 second', released_at = now() + ($3 - $2) * interval '1 second' where no = $1`,
        [orderNo, ago, seconds],
      );
    }
    const of = (await figuresOf(pool, 'live', new Date(Date.now() - 3_600_000), new Date())).find((row) => row.productId === id); // prettier-ignore
    assert.deepEqual([of?.paid, of?.failed], [5, 3], 'beyond, late and the one that was promised 60 s');
    await pool.query(`update orders set mode = 'test' where product_id = $1`, [id]); // out of the way of what follows
  });

  it('hours that are over are counted once and say the same as their orders one by one, also of an order that ends later', async () => {
    const { pool } = system.parts;
    // None of the first test's orders comes of age while this one looks.
    await pool.query(`update orders set paid_at = paid_at - interval '10 minutes' where no like 'F%'`);
    const patient = createPool(system.database.url, { name: 'test', statementTimeoutMs: 0 });
    await insertOldOrders(patient, { orders: 10_000, days: 3, products: 5, accounts: 2 }).finally(() => patient.end());
    // Odd edges: neither is the beginning of an hour.
    const [from, to] = [new Date(Date.now() - 2.4 * 86_400_000), new Date()];
    const sorted = async (): Promise<Figures[]> =>
      (await figuresOf(pool, 'live', from, to)).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
    const exact = ({ hour, productId, accountId, whole, paid, delivered, failed, averageMs }: Figures): unknown[] => [hour, productId, accountId, whole, paid, delivered, failed, averageMs]; // prettier-ignore
    const [one, rate] = [await sorted(), await failuresOf(pool, 'live', from, to)];
    while (await settleFigures(pool));
    const { rows: hours } = await pool.query<{ n: number }>('select count(*)::int as n from figure_hours');
    assert.ok((hours[0]?.n ?? 0) > 60);
    const counted = await sorted();
    assert.deepEqual(counted.map(exact), one.map(exact));
    assert.deepEqual(counted.map((f) => [f.p50Ms, f.p99Ms]).sort(), one.map((f) => [f.p50Ms, f.p99Ms]).sort()); // prettier-ignore
    assert.deepEqual(await failuresOf(pool, 'live', from, to), rate);
    // Orders that waited are delivered: their hours are counted anew, and no order twice.
    await pool.query(
      `update orders set state = 'delivered', released_at = now() where state in ('attention', 'waiting_stock') and mode = 'live'`,
    );
    while (await settleFigures(pool));
    const { rows } = await pool.query(`select from figure_open x join orders o on o.id = x.order_id where o.state = 'delivered'`); // prettier-ignore
    assert.equal(rows.length, 0);
    const whole = (await figuresOf(pool, 'live', from, to)).find((f) => f.whole);
    const before = one.find((f) => f.whole);
    assert.deepEqual([whole?.paid, whole?.delivered], [before?.paid, before?.paid]);
  });

  it('E3: the dashboard reads sums and no table of orders from end to end', async () => {
    const { pool } = system.parts;
    const client = await pool.connect();
    try {
      await client.query('analyze');
      const { rows } = await client.query<Record<string, string>>(`explain ${figuresSql.replaceAll('$1', `'live'`).replaceAll('$2', `'${new Date(Date.now() - 86_400_000).toISOString()}'::timestamptz`).replaceAll('$3', 'now()')}`); // prettier-ignore
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      assert.match(plan, /orders_paid/);
      assert.doesNotMatch(plan, /Seq Scan on orders/);
    } finally {
      client.release();
    }
  });
});
