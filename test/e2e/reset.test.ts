import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until, type PlacedOrder } from '../../dev/client.ts';
import { wake } from '../../workflows/messages.ts';
import { eventsOf, newestRun, recordedHistory, resetTo, workflowOf } from '../support/history.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('rule 8: ops may reset an order to any point of its history', function () {
  this.timeout(120_000);
  let system: System;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address });
  });
  after(() => system.stop());

  /** The newest run and every point that ops may reset it to. */
  const points = async (order: PlacedOrder): Promise<{ runId: string; all: number[] }> => {
    const runId = await newestRun(system, order.orderNo);
    const events = eventsOf(await recordedHistory(system, order.orderNo, runId));
    return { runId, all: events.filter((event) => event.type === 'WORKFLOW_TASK_COMPLETED').map((event) => event.id) };
  };
  const facts = async (order: PlacedOrder): Promise<object> => {
    const { rows } = await system.parts.pool.query<{ facts: object }>(
      `select to_jsonb(f) as facts from (
         select o.state, o.released_at, o.done_at,
           (select jsonb_agg(c.id order by c.id) from cards c where c.order_id = o.id) as cards,
           (select jsonb_agg(to_jsonb(m) order by m.id) from messages m where m.order_id = o.id) as messages,
           (select count(*) from tasks t where t.order_id = o.id) as tasks,
           (select count(*) from audit a where a.order_id = o.id) as audit
         from orders o where o.no = $1) f`,
      [order.orderNo],
    );
    return rows[0]?.facts ?? {};
  };
  const done = (order: PlacedOrder): Promise<true> =>
    until(
      'the end of the story',
      async () =>
        (await system.parts.pool.query('select from orders where no = $1 and done_at is not null', [order.orderNo])).rowCount // prettier-ignore
          ? true
          : undefined,
      30_000,
      20,
    );

  it('a finished order: each reset ends at once, and no row, mail or key is another', async () => {
    const email = `${randomUUID()}@example.com`;
    await system.shop.addCards(system.sku, [`RESET-${randomUUID()}`, `RESET-${randomUUID()}`]);
    const order = await system.shop.order({ sku: system.sku, email, accountId: system.sandbox });
    await system.notify(order.orderNo);
    await done(order);
    await workflowOf(system, order.orderNo).result();
    const before = await facts(order);
    const { runId, all } = await points(order);
    assert.ok(all.length >= 2, `${all.length} points`);
    for (const point of all) {
      const again = await resetTo(system, order.orderNo, runId, point);
      assert.deepEqual(await workflowOf(system, order.orderNo, again).result(), { state: 'delivered' });
      assert.deepEqual(await facts(order), before, `reset to event ${point}`);
    }
    const mails = (await system.mail.mails()).filter((mail) => mail.to.includes(email));
    assert.equal(mails.length, 1);
  });

  it('a waiting order: it waits on after each reset, and keys that come later reach it once', async () => {
    const email = `${randomUUID()}@example.com`;
    // What the other tests left in the pool would fill it.
    await system.parts.pool.query(`update cards set state = 'void' where state = 'available'`);
    const order = await system.shop.order({ sku: system.sku, email, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const waits = (): Promise<true> =>
      until(
        'the timer of the wait',
        async () =>
          eventsOf(await recordedHistory(system, order.orderNo).catch(() => '{"events":[]}')).at(-1)?.type === 'TIMER_STARTED' // prettier-ignore
            ? true
            : undefined,
        30_000,
        20,
      );
    await waits();
    // A second point: a look that found nothing new.
    await workflowOf(system, order.orderNo).signal(wake);
    await until('another look', async () => ((await points(order)).all.length > 1 ? true : undefined), 30_000, 20);
    await waits();
    const before = await facts(order);
    const { runId, all } = await points(order);
    assert.ok(all.length >= 2, `${all.length} points`);
    for (const point of all) {
      await resetTo(system, order.orderNo, runId, point);
      await waits();
      assert.deepEqual(await facts(order), before, `reset to event ${point}`);
    }
    await system.shop.addCards(system.sku, [`LATE-${randomUUID()}`]);
    await done(order);
    const { rows } = await system.parts.pool.query(
      'select from cards c join orders o on o.id = c.order_id where o.no = $1',
      [order.orderNo],
    );
    assert.equal(rows.length, 1);
    await workflowOf(system, order.orderNo).result();
    const whole = await points(order);
    for (const point of whole.all) {
      const again = await resetTo(system, order.orderNo, whole.runId, point);
      assert.deepEqual(await workflowOf(system, order.orderNo, again).result(), { state: 'delivered' });
    }
    assert.equal((await system.mail.mails()).filter((mail) => mail.to.includes(email)).length, 1);
  });
});
