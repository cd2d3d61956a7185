import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { advance } from '../../activities/advance.ts';
import { removeUndone, undoBatch } from '../../db/batches.ts';
import { claimSql } from '../../db/claim.ts';
import { headOf } from '../../db/claim-cursor.ts';
import { expireCards, freeHolds } from '../../db/holds.ts';
import { expireOrders } from '../../db/upkeep.ts';
import { actors } from '../../db/locks.ts';
import { createPool } from '../../db/sql.ts';
import { stockOf } from '../../db/stock.ts';
import { until } from '../../dev/client.ts';
import { reencrypt } from '../../worker/loops/reencrypt.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { advanceSurely, paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('the pool under everything at once', function () {
  this.timeout(600_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem({ env: { ORDER_TTL_MINUTES: '600' } });
    importer = openImporter(system);
  });
  after(() => system.stop());

  const sql = <T extends object>(text: string, ...values: unknown[]): Promise<T[]> => query<T>(system, text, ...values);
  const keys = (count: number) => Array.from({ length: count }, () => randomUUID());
  const batchOf = async (productId: number, count: number, sku: string): Promise<number> => {
    await system.shop.addCards(sku, keys(count));
    return (await sql<{ id: number }>('select max(id)::int as id from card_batches where product_id = $1', productId))[0]?.id ?? 0; // prettier-ignore
  };
  const expiring = (batch: number, ms: number) =>
    sql(`update cards set expires_at = now() + $2 * interval '1 millisecond', seq = card_place(now() + $2 * interval '1 millisecond') where batch_id = $1`, batch, ms); // prettier-ignore
  /** Rotation, undo, expiry and freed holds, until `over` says so. */
  const upkeep = (over: () => boolean): Promise<unknown> => {
    const { pool, steps } = system.parts;
    const again = async (work: () => Promise<unknown>): Promise<void> => {
      while (!over()) if (!(await work())) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const rotation = async (): Promise<boolean> => {
      if (await reencrypt(steps)) return true;
      await importer.ask('key-rotations', { ring: 'card' });
      await sql(`update data_keys set created_at = created_at - interval '1 minute'`);
      await sql(`update key_rotations set started_at = started_at - interval '1 minute' where state = 'running'`);
      return true;
    };
    const all = [rotation, () => removeUndone(pool), () => expireCards(pool), () => freeHolds(pool), () => expireOrders(pool).then((n) => n > 0)]; // prettier-ignore
    return Promise.all(all.map(again));
  };

  it('B1 rule 6: 200 workers deliver while keys rotate, expire, are undone and held: no key twice, none lost, no false 卡密池为空', async () => {
    const workers = Number(process.env['POOL_WORKERS'] ?? 60);
    const { id, sku } = await importer.product();
    const quantities = [1, 1, 2, 3];
    const orders = (await Promise.all(quantities.map((q) => paidOrders(system, workers, q, sku)))).flat();
    const wanted = workers * quantities.reduce((a, b) => a + b, 0);
    // What may go away or be held comes on top, so that there is always enough for everybody.
    const [spare, holds] = [Math.max(100, workers), 20];
    await batchOf(id, wanted, sku);
    const undone = await batchOf(id, spare, sku);
    const dated = await batchOf(id, spare, sku);
    const reserve = await batchOf(id, holds, sku);
    await expiring(dated, 1_500);
    const total = wanted + 2 * spare + holds;
    // Orders that nobody pays hold some, and let them go.
    const [unpaid = 0] = await paidOrders(system, 1, 1, sku);
    await sql(`update orders set state = 'unpaid', paid_at = null, expires_at = now() + interval '1 second' where id = $1`, unpaid); // prettier-ignore
    await sql(`update cards set state = 'held', order_id = $2, held_until = now() + interval '1 second' where batch_id = $1`, reserve, unpaid); // prettier-ignore

    const pool = createPool(system.database.url, { name: 'workers', max: 40 });
    const steps = { ...system.parts.steps, pool };
    let over = false;
    const beside = upkeep(() => over);
    await undoBatch(system.parts.pool, undone, actors.opsToken, 'recalled');
    // Each order twice: a step may run twice at once (rule 4).
    const line = [...orders, ...orders].sort(() => Math.random() - 0.5);
    const told: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (let order = line.pop(); order !== undefined; order = line.pop()) {
        const outcome = await advanceSurely(steps, order);
        if (outcome.next !== 'end') told.push(outcome);
      }
    };
    await Promise.all(Array.from({ length: workers }, worker));
    over = true;
    await beside;
    await pool.end();
    assert.deepEqual(told, [], 'nobody was told short');
    const [sold] = await sql<{ n: number; wrong: number }>(
      `select sum(n)::int as n, count(*) filter (where n <> quantity)::int as wrong
       from (select o.quantity, (select count(*) from cards c where c.order_id = o.id and c.state = 'sold') as n from orders o where o.id = any ($1)) x`,
      orders,
    );
    assert.deepEqual(sold, { n: wanted, wrong: 0 });
    // What was held or locked when the undo passed it is looked at again.
    await sql('update card_batches set undo_look_at = now(), undo_after = 0 where id = $1', undone);
    while ((await removeUndone(system.parts.pool)) || (await expireCards(system.parts.pool)));
    const [kept] = await sql<{ n: number; different: number }>('select count(*)::int as n, count(distinct fingerprint)::int as different from cards where product_id = $1', id); // prettier-ignore
    assert.equal(kept?.n, kept?.different);
    // What is gone was unsold and of the undone batch, and nothing else.
    const [gone] = await sql<{ n: number }>(`select $2 - count(*)::int as n from cards where batch_id = $1`, undone, spare); // prettier-ignore
    assert.equal((kept?.n ?? 0) + (gone?.n ?? 0), total);
    const [unsold] = await sql<{ n: number }>(`select count(*)::int as n from cards where batch_id = $1 and state <> 'sold'`, undone); // prettier-ignore
    assert.equal(unsold?.n, 0, 'the undone batch is gone but for what was sold');
    // Where everything was over before the holds were: they end by themselves.
    await until(
      'the end of the holds',
      async () => {
        await freeHolds(system.parts.pool);
        return (await stockOf(system.parts.pool, id, 'test')).held === 0 || undefined;
      },
      10_000,
    );
    const facts = await stockOf(system.parts.pool, id, 'test');
    assert.equal(facts.available + facts.held + facts.sold + facts.expired + facts.void, kept?.n);
    assert.deepEqual([facts.sold, facts.held], [wanted, 0]);
  });

  it('rule 6: of 20 parallel triples on 40 keys none is told short while three are left, whatever rotates, expires or is undone', async () => {
    const rounds = Number(process.env['POOL_ROUNDS'] ?? 15);
    const { id, sku } = await importer.product();
    let over = false;
    const beside = upkeep(() => over);
    for (let round = 0; round < rounds; round++) {
      await sql(`update cards set state = 'void' where product_id = $1 and state in ('available', 'expired')`, id);
      await sql('delete from stock_waits where product_id = $1', id);
      await batchOf(id, 40, sku);
      const undone = await batchOf(id, 10, sku);
      await expiring(await batchOf(id, 10, sku), 30);
      const orders = await paidOrders(system, 20, 3, sku);
      await undoBatch(system.parts.pool, undone, actors.opsToken, 'recalled');
      const outcomes = await Promise.all(orders.map((order) => advanceSurely(system.parts.steps, order)));
      const served = outcomes.filter((o) => o.next === 'end').length;
      const [left] = await sql<{ n: number }>(`select count(*)::int as n from cards where product_id = $1 and state = 'available' and (expires_at is null or expires_at > now())`, id); // prettier-ignore
      // Keys only went away meanwhile: what is left now was there when somebody was told that there were too few.
      assert.ok(
        served === 20 || (left?.n ?? 99) < 3,
        `round ${round}: ${20 - served} were told short while ${left?.n} are left`,
      );
      assert.ok(served >= 13, `round ${round}: ${served}`);
      const parts = await sql<{ n: number }>(`select count(*)::int as n from cards where order_id = any ($1) group by order_id`, orders); // prettier-ignore
      assert.ok(parts.every(({ n }) => n === 3));
    }
    over = true;
    await beside;
  });

  it('D5: a key is of the product of its batch, and a batch that has keys stays', async () => {
    const [one, other] = [await importer.product(), await importer.product()];
    const batch = await batchOf(one.id, 2, one.sku);
    const violated = (e: unknown): boolean => e instanceof pg.DatabaseError && e.code === '23503';
    const strange = `insert into cards (product_id, batch_id, mode, ciphertext, fingerprint) values ($1, $2, 'test', '\\x00', sha256('strange'))`;
    await assert.rejects(sql(strange, other.id, batch), violated);
    await assert.rejects(sql('delete from card_batches where id = $1', batch), violated);
    assert.equal((await sql('select from cards where batch_id = $1', batch)).length, 2);
  });

  it('C.3: a busy pool is claimed from where its head was seen last, from the beginning once a second, and never called short for it', async () => {
    const pool = system.parts.pool;
    const at = (now: number) => headOf(pool, 'unit', now);
    for (let i = 0; i < 50; i++) {
      const head = at(0);
      assert.equal(head.from, '0');
      head.saw('77');
    }
    assert.equal(at(10).from, '77');
    at(10).saw(null);
    assert.equal(at(999).from, '77');
    assert.equal(at(1_001).from, '0');

    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, keys(120));
    const orders = await paidOrders(system, 120, 1, sku);
    for (const order of orders.slice(0, 119)) assert.equal((await advance(system.parts.steps, order)).next, 'end');
    // The last key of all goes in front of everything that was sold: the cursor passes it over, the sure try does not.
    await sql(`update cards set seq = 1 where product_id = $1 and state = 'available'`, id);
    assert.equal((await advance(system.parts.steps, orders[119] ?? 0)).next, 'end');
  });

  it('C.3: under an open snapshot, with thousands of dead entries at the head of the index, a claim reads a few pages', async () => {
    const { id, sku } = await importer.product();
    for (let i = 0; i < 3; i++) await system.shop.addCards(sku, keys(1_000));
    const [order = 0] = await paidOrders(system, 1, 1, sku);
    const client = new pg.Client({ connectionString: system.database.url });
    const snapshot = new pg.Client({ connectionString: system.database.url });
    await Promise.all([client.connect(), snapshot.connect()]);
    try {
      await snapshot.query('begin isolation level repeatable read');
      await snapshot.query('select count(*) from cards');
      const { rows } = await client.query<{ seq: string }>(
        `with sold as (update cards set state = 'sold', order_id = $2, sold_at = now() where id in
           (select id from cards where product_id = $1 order by seq limit 2900) returning seq) select max(seq)::text as seq from sold`,
        [id, order],
      );
      await client.query('analyze cards');
      await client.query(`prepare measured (bigint, bigint, text, int, bigint) as ${claimSql}`);
      const pages = async (from: string): Promise<number> => {
        await client.query('begin');
        const plan = await client.query<Record<string, string>>(`explain (analyze, buffers, timing off) execute measured (${order}, ${id}, 'test', 1, ${from})`); // prettier-ignore
        await client.query('rollback');
        const lines = plan.rows.map((row) => row['QUERY PLAN'] ?? '');
        const at = lines.findIndex((line) => line.includes('using cards_available on cards c'));
        const buffers = lines.slice(at).find((line) => line.includes('Buffers:')) ?? '';
        return Number(/shared hit=(\d+)/.exec(buffers)?.[1]);
      };
      const [all, few] = [await pages('0'), await pages(rows[0]?.seq ?? '0')];
      assert.ok(few * 10 < all, `${few} pages from the cursor, ${all} from the beginning`);
      assert.ok(few < 20, `${few} pages`);
    } finally {
      await snapshot.query('rollback');
      await Promise.all([client.end(), snapshot.end()]);
    }
  });
});
