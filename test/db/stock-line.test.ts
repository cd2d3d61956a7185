import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import type { FaultPoint } from '../../activities/deps.ts';
import { applyAction } from '../../db/actions.ts';
import { dueTurns, grantStock } from '../../db/grants.ts';
import { actors } from '../../db/locks.ts';
import { orderByNo } from '../../db/orders.ts';
import { resumeMore } from '../../db/resume.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { until } from '../../dev/client.ts';
import { grantTurns } from '../../worker/loops/grants.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

const minutes = 60_000;

describe('the line of orders that wait for stock', function () {
  this.timeout(180_000);
  let system: System;
  let sku = '';
  let product = 0;
  let fault: (point: FaultPoint) => Promise<void> | void = () => undefined;

  before(async () => {
    system = await startSystem({ fault: (point) => fault(point) });
  });
  after(() => system.stop());
  afterEach(() => {
    fault = () => undefined;
  });
  beforeEach(async () => {
    sku = `LINE-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: 'line', priceMinor: 100 });
    product = (await query<{ id: number }>(system, 'select id from products where sku = $1', sku))[0]?.id ?? 0;
  });

  const keys = (n: number) =>
    system.shop.addCards(
      sku,
      Array.from({ length: n }, () => randomUUID()),
    );
  const orders = (n: number, quantity = 1) => paidOrders(system, n, quantity, sku);
  const wait = async (ids: number[]): Promise<void> => {
    for (const id of ids) await advance(system.parts.steps, id);
  };
  const grant = async (): Promise<number> => {
    let served = 0;
    while (await grantTurns(system.parts.pool, system.parts.log, (n) => (served += n)));
    return served;
  };
  const delivered = async (ids: number[]): Promise<number[]> =>
    (
      await query<{ id: number }>(
        system,
        `select id from orders where id = any ($1) and state = 'delivered' order by id`,
        ids,
      )
    ).map((row) => row.id);
  const woken = async (): Promise<number[]> =>
    (await query<{ order_id: number }>(system, `delete from outbox where kind = 'wake' returning order_id`))
      .map((row) => row.order_id)
      .sort((a, b) => a - b);

  it('rule 7: the oldest paid is served first, and a new order queues behind although keys are there', async () => {
    const ids = await orders(3, 2);
    // They come to the line the other way round: the time of payment counts.
    await wait([...ids].reverse());
    await keys(3);
    const [late = 0] = await orders(1);
    const outcome = await advance(system.parts.steps, late);
    assert.ok(outcome.next === 'wait' && outcome.code === 'STOCK_QUEUED', JSON.stringify(outcome));
    await woken();
    assert.equal(await grant(), 1);
    assert.deepEqual(await delivered([...ids, late]), ids.slice(0, 1));
    assert.deepEqual(await woken(), ids.slice(0, 1));
    await keys(4);
    await grant();
    assert.deepEqual(await delivered([...ids, late]), [...ids, late]);
  });

  it('rule 7: 10,000 wait and 100 keys come: exactly the 100 oldest are served and woken, nobody else is touched', async () => {
    const ids = await orders(10_000);
    await query(
      system,
      `update orders set state = 'waiting_stock', failure_code = 'POOL_EMPTY' where id = any ($1)`,
      ids,
    );
    await query(
      system,
      `insert into stock_waits (order_id, product_id, mode, quantity, paid_at)
       select id, product_id, mode, quantity, paid_at from orders where id = any ($1)`,
      ids,
    );
    await woken();
    await keys(100);
    const versions = await query<{ id: number; v: string }>(
      system,
      'select id, xmin::text as v from orders where id = any ($1)',
      ids.slice(100),
    );
    const began = performance.now();
    assert.equal(await grant(), 100);
    assert.ok(performance.now() - began < 5_000);
    assert.deepEqual(await delivered(ids), ids.slice(0, 100));
    assert.deepEqual(await woken(), ids.slice(0, 100));
    const after = await query<{ id: number; v: string }>(
      system,
      'select id, xmin::text as v from orders where id = any ($1)',
      ids.slice(100),
    );
    assert.deepEqual(after, versions, 'their rows were not written');
  });

  it('rule 7: a first order that cannot be filled blocks for its time, then smaller ones may pass; it stays first', async () => {
    const [big = 0] = await orders(1, 5);
    const small = await orders(3);
    await wait([big, ...small]);
    await keys(2);
    assert.equal(await grant(), 0);
    assert.equal((await grantStock(system.parts.pool, product, 'test', 10 * minutes)).orders, 0);
    // Its time is over.
    await query(system, `update stock_waits set blocked_at = now() - interval '11 minutes' where order_id = $1`, big);
    await query(system, `update stock_turns set due_at = now() where product_id = $1`, product);
    assert.equal(await grant(), 2);
    assert.deepEqual(await delivered([big, ...small]), small.slice(0, 2));
    await keys(6);
    await grant();
    assert.deepEqual(await delivered([big, ...small]), [big, ...small]);
  });

  it('rule 7: while no story looks, who was tried again is served in its place, who was sent to a supplier is passed', async () => {
    const ids = await orders(4);
    await wait(ids);
    const [again = 0, elsewhere = 0, ...behind] = ids;
    const act = async (id: number, kind: 'retry' | 'choose_source', source?: string): Promise<void> => {
      const [order] = await query<{ no: string }>(system, 'select no from orders where id = $1', id);
      await applyAction(system.parts.pool, { id: randomUUID(), orderNo: order?.no ?? '', kind, actorId: actors.opsToken, note: 'now', ...(source && { source }) }); // prettier-ignore
    };
    await act(again, 'retry');
    await act(elsewhere, 'choose_source', 'suppliers');
    await keys(3);
    assert.equal(await grant(), 3);
    assert.deepEqual(await delivered(ids), [again, ...behind]);
  });

  it('rule 7: the end of the blocking time is a row: the granter comes by itself', async () => {
    const [big = 0] = await orders(1, 5);
    await wait([big]);
    await keys(1);
    await grant();
    const [turn] = await query<{ inMinutes: number }>(
      system,
      'select extract(epoch from due_at - now())::int / 60 as "inMinutes" from stock_turns where product_id = $1',
      product,
    );
    assert.ok(turn && turn.inMinutes >= 9 && turn.inMinutes <= 10, JSON.stringify(turn));
  });

  it('rule 6: keys that come just when an order has found nothing, and has not said so, reach it', async () => {
    const [id = 0] = await orders(1);
    let looks = 0;
    let granted: Promise<number> = Promise.resolve(0);
    fault = async (point) => {
      // The second look is the sure one: it has seen an empty pool and stands before its commit.
      if (point !== 'advance:before-commit' || ++looks !== 2) return;
      await keys(1);
      let over = false;
      granted = grant().finally(() => (over = true));
      const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await until('the granter waits, or is through', async () =>
        over || (await query(system, waits)).length > 0 ? true : undefined, 10_000); // prettier-ignore
    };
    await wait([id]);
    await granted;
    assert.deepEqual(await delivered([id]), [id]);
  });

  it('rule 6: no wake is lost: whoever finds nothing while keys come is served, 30 rounds of 20 at once', async () => {
    for (let round = 0; round < 30; round++) {
      const ids = await orders(20);
      await Promise.all([
        ...ids.map((id) => advance(system.parts.steps, id)),
        keys(7),
        keys(7),
        keys(6),
        grantTurns(system.parts.pool, system.parts.log, () => undefined),
      ]);
      await grant();
      assert.equal((await delivered(ids)).length, 20, `round ${round}`);
    }
    assert.deepEqual(
      (await dueTurns(system.parts.pool)).filter((turn) => turn.productId === product),
      [],
    );
  });

  it('rule 13: with 全局自动发货 off the line stands still; on, it moves', async () => {
    const ids = await orders(2);
    await wait(ids);
    await setAutoDelivery(system.parts.pool, false, actors.opsToken);
    await keys(2);
    assert.equal(await grant(), 0);
    await setAutoDelivery(system.parts.pool, true, actors.opsToken);
    assert.equal(await grant(), 2);
  });

  it('rule 13: turned on again, the waiting are set going in batches, oldest paid first; without leave they stay', async () => {
    const ids = await orders(450);
    await query(
      system,
      `update orders set state = 'attention', failure_code = 'AUTO_DELIVERY_OFF' where id = any ($1)`,
      ids,
    );
    await woken();
    await setAutoDelivery(system.parts.pool, true, actors.opsToken, false);
    assert.deepEqual(await woken(), []);
    await setAutoDelivery(system.parts.pool, true, actors.opsToken);
    const order = async () =>
      (await query<{ order_id: number }>(system, `delete from outbox where kind = 'wake' returning order_id, id`)).map((row) => row.order_id); // prettier-ignore
    const first = await order();
    assert.deepEqual(
      [...first].sort((a, b) => a - b),
      ids.slice(0, 200),
    );
    while (await resumeMore(system.parts.pool));
    assert.deepEqual(
      (await order()).sort((a, b) => a - b),
      ids.slice(200),
    );
    assert.equal(await resumeMore(system.parts.pool), false);
    assert.deepEqual(await order(), []);
  });

  it('C3: who is closed leaves the line; the buyer sees the place, and it moves up', async () => {
    const ids = await orders(3);
    await wait(ids);
    const [first, , third] = await query<{ no: string }>(
      system,
      'select no from orders where id = any ($1) order by id',
      ids,
    );
    assert.equal((await orderByNo(system.parts.pool, third?.no ?? ''))?.place, 3);
    await applyAction(system.parts.pool, { id: randomUUID(), orderNo: first?.no ?? '', kind: 'close', actorId: actors.opsToken, note: '' }); // prettier-ignore
    assert.equal((await orderByNo(system.parts.pool, third?.no ?? ''))?.place, 2);
    await keys(1);
    await grant();
    assert.deepEqual(await delivered(ids), [ids[1]]);
  });

  it('卡密池为空 is said only of an empty pool: too few are called short, a queue is called a queue', async () => {
    const [big = 0, next = 0] = [...(await orders(1, 2)), ...(await orders(1))];
    await keys(1);
    const codes = [];
    for (const id of [big, next]) {
      const outcome = await advance(system.parts.steps, id);
      codes.push(outcome.next === 'wait' ? outcome.code : outcome.next);
    }
    assert.deepEqual(codes, ['POOL_SHORT', 'STOCK_QUEUED']);
    const open = await query<{ code: string }>(
      system,
      'select code from tasks where order_id = any ($1) and closed_at is null order by order_id',
      [big, next],
    );
    assert.deepEqual(
      open.map((row) => row.code),
      codes,
    );
  });
});
