import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance, handOver } from '../../activities/advance.ts';
import type { FaultPoint } from '../../activities/deps.ts';
import { applyAction } from '../../db/actions.ts';
import { setQuarantine } from '../../db/catalog.ts';
import { actors } from '../../db/locks.ts';
import { addNotice } from '../../db/notices.ts';
import { liftQuarantine } from '../../db/quarantine.ts';
import { resumeMore } from '../../db/resume.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { transaction } from '../../db/sql.ts';
import { overdueOrders } from '../../db/upkeep.ts';
import { until } from '../../dev/client.ts';
import { orderNoOf, paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

const waitsForLock = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

describe('orders that a stop holds up', function () {
  this.timeout(60_000);
  let system: System;
  let sku = '';
  let fault: (point: FaultPoint) => Promise<void> | void = () => undefined;

  before(async () => {
    system = await startSystem({ fault: (point) => fault(point) });
  });
  after(() => system.stop());
  beforeEach(async () => {
    fault = () => undefined;
    sku = await product();
  });

  async function product(): Promise<string> {
    const name = `STOP-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku: name, name: 'stop', priceMinor: 100 });
    await system.shop.addCards(name, [randomUUID(), randomUUID()]);
    return name;
  }
  const order = async (of = sku): Promise<number> => (await paidOrders(system, 1, 1, of))[0] ?? 0;
  const auto = (on: boolean) => setAutoDelivery(system.parts.pool, on, actors.opsToken);
  const standing = async (id: number) =>
    (
      await query<{ state: string; code: string | null; wakes: number }>(
        system,
        `select state, failure_code as code, (select count(*)::int from outbox where order_id = o.id and kind = 'wake') as wakes
         from orders o where id = $1`,
        id,
      )
    )[0];

  it('rule 13: an order that meets the switch while it is turned on again is not left behind', async () => {
    for (const point of ['advance:before-commit', 'advance:after-commit']) {
      const id = await order();
      await auto(false);
      let turning: Promise<void> | undefined;
      fault = async (at) => {
        if (at !== point || turning) return;
        turning = auto(true);
        // Before the commit the switch waits for this very order.
        if (point === 'advance:after-commit') await turning;
      };
      await advance(system.parts.steps, id);
      await turning;
      fault = () => undefined;
      assert.deepEqual(await standing(id), { state: 'paid', code: null, wakes: 1 }, point);
    }
  });

  it('rule 19: an order that meets a quarantine while it is lifted is not left behind', async () => {
    for (const point of ['advance:before-commit', 'advance:after-commit']) {
      const id = await order();
      await setQuarantine(system.parts.pool, true);
      let lifting: Promise<void> | undefined;
      fault = async (at) => {
        if (at !== point || lifting) return;
        lifting = setQuarantine(system.parts.pool, false);
        if (point === 'advance:after-commit') await lifting;
      };
      await advance(system.parts.steps, id);
      await lifting;
      fault = () => undefined;
      assert.deepEqual(await standing(id), { state: 'paid', code: null, wakes: 1 }, point);
    }
  });

  it('rule 13: an order whose row is held just when the switch is turned on is woken all the same', async () => {
    const id = await order();
    await auto(false);
    await advance(system.parts.steps, id);
    await transaction(system.parts.pool, async (tx) => {
      await tx.query('select from orders where id = $1 for update', [id]);
      await auto(true);
      await resumeMore(system.parts.pool);
    });
    assert.equal((await standing(id))?.state, 'attention');
    await resumeMore(system.parts.pool);
    assert.deepEqual(await standing(id), { state: 'paid', code: null, wakes: 1 });
  });

  it('C2 C3: people act on an order while others are told of its trouble: neither waits for the other in a circle', async () => {
    const id = await order();
    await handOver(system.parts.steps, id, 'UNEXPECTED');
    const no = await orderNoOf(system, id);
    let closing: Promise<unknown> = Promise.resolve();
    await transaction(system.parts.pool, async (tx) => {
      // As incidents and the ladder do: the task first, then a notice that names the order.
      await tx.query('select from tasks where order_id = $1 for update', [id]);
      closing = applyAction(system.parts.pool, {
        id: randomUUID(),
        orderNo: no,
        kind: 'close',
        actorId: actors.opsToken,
        note: '',
      });
      await until(
        'the action waits for the task',
        async () => ((await query(system, waitsForLock)).length > 0 ? true : undefined),
        10_000,
      );
      await tx.query(`set local lock_timeout = '300ms'`);
      await addNotice(tx, { kind: 'incident', audience: 'staff', code: 'UNEXPECTED', orderId: id });
    });
    await closing;
    assert.equal((await standing(id))?.state, 'closed');
  });

  it('rule 19: lifting one pool touches nobody who waits for another', async () => {
    const other = await product();
    const [mine, theirs] = [await order(), await order(other)];
    await setQuarantine(system.parts.pool, true);
    for (const id of [mine, theirs]) await advance(system.parts.steps, id);
    await liftQuarantine(system.parts.pool, { sku, mode: 'test', discard: 0, actorId: actors.opsToken });
    while (await resumeMore(system.parts.pool));
    assert.equal((await standing(mine))?.state, 'paid');
    assert.deepEqual(await standing(theirs), { state: 'attention', code: 'POOL_QUARANTINED', wakes: 0 });
    await setQuarantine(system.parts.pool, false);
    assert.equal((await standing(theirs))?.state, 'paid');
  });

  it('rule 3: an order that waits for people is no order that stands still: a look at it sets its next deadline', async () => {
    const id = await order();
    await handOver(system.parts.steps, id, 'UNEXPECTED');
    await query(system, `update orders set next_deadline = now() - interval '1 second' where id = $1`, id);
    const overdue = async () => (await overdueOrders(system.parts.pool)).some((o) => o.orderId === id);
    assert.ok(await overdue());
    await advance(system.parts.steps, id);
    await query(system, `update orders set next_deadline = next_deadline - interval '50 minutes' where id = $1`, id);
    assert.equal(
      await overdue(),
      false,
      'woken every minute for as long as it waits, its history would grow to its end',
    );
  });

  it('rule 19: a story that outlived the backup finds its order unpaid, and ends; the payment starts it anew', async () => {
    const id = await order();
    await query(system, `update orders set state = 'unpaid', paid_at = null where id = $1`, id);
    assert.deepEqual(await advance(system.parts.steps, id), { next: 'end', state: 'unpaid' });
    assert.deepEqual(await handOver(system.parts.steps, id, 'UNEXPECTED'), { next: 'end', state: 'unpaid' });
  });
});
