import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { tellIncidents } from '../../db/incidents.ts';
import { climbLadder } from '../../db/ladder.ts';
import { actors } from '../../db/locks.ts';
import { resumeMore } from '../../db/resume.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { defaultLadder } from '../../domain/ladder.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

/** Statements, plans and rows are counted, not milliseconds. TROUBLED=10000 plays it in full. */
describe('thousands of orders in trouble at once', function () {
  this.timeout(120_000);
  let system: System;
  const ids: number[] = [];
  const many = Number(process.env['TROUBLED'] ?? 2_000);
  before(async () => {
    system = await startSystem();
    const sku = `MANY-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100 });
    // A thousand at a time: one statement for all would meet the time limit of a busy machine.
    for (let n = 0; n < many; n += 1000) {
      const some = await paidOrders(system, 1000, 1, sku);
      ids.push(...some);
      await query(
        system,
        `with held_up as (update orders set state = 'attention', failure_code = 'AUTO_DELIVERY_OFF' where id = any ($1))
         insert into tasks (order_id, code) select unnest($1::bigint[]), 'AUTO_DELIVERY_OFF'`,
        some,
      );
    }
    await query(system, 'analyze orders');
    await query(system, 'analyze tasks');
  });
  after(() => system.stop());

  const pool = () => system.parts.pool;
  const count = async (sql: string, ...values: unknown[]): Promise<number> =>
    (await query<{ n: number }>(system, `select count(*)::int as n from ${sql}`, ...values))[0]?.n ?? -1;
  const plan = async (sql: string): Promise<string> =>
    (await query<Record<string, string>>(system, `explain ${sql}`)).map((row) => row['QUERY PLAN']).join('\n');

  it('C2: all tasks of one reason are one incident and one message; a look that finds nothing new reads none of them', async () => {
    while (await tellIncidents(pool(), 240));
    assert.equal(await count('incidents where closed_at is null'), 1);
    assert.equal(await count(`notices where kind = 'incident'`), 1);
    assert.equal(await count('incidents where count = $1', many), 1);
    await query(system, 'analyze tasks');
    assert.match(await plan('select id from tasks where closed_at is null and incident_id is null order by id limit 500'), /tasks_of_incident/); // prettier-ignore
  });

  it('C6: they climb a rung together, a hundred a transaction, each once; the owner hears once; the due ones are found by index', async () => {
    for (let n = 0; n < many; n += 1000)
      await query(system, `update tasks set opened_at = opened_at - interval '31 minutes', next_at = now() where order_id = any ($1)`, ids.slice(n, n + 1000)); // prettier-ignore
    await query(system, 'analyze tasks');
    assert.match(await plan('select id from tasks where closed_at is null and next_at <= now() order by next_at limit 100'), /tasks_ladder/); // prettier-ignore
    let turns = 1;
    while (await climbLadder(pool(), defaultLadder)) turns++;
    assert.ok(turns <= 2 * (many / 100) + 2, `${turns} transactions`);
    assert.equal(await count('tasks where rung = 1'), many);
    assert.equal(await count(`audit where action = 'escalated'`), many);
    assert.equal(await count(`notices where kind = 'escalation'`), 1);
  });

  it('rule 13: switched on, they are set going 200 at a time, oldest paid first, each woken once', async () => {
    const oldestFirst = async (of: string) => (await query<{ id: number }>(system, `select id from orders where ${of} and id = any ($1) order by paid_at, id`, ids)).map((row) => row.id); // prettier-ignore
    const going = () => oldestFirst(`state = 'paid'`);
    const line = await oldestFirst('true');
    await setAutoDelivery(pool(), false, actors.opsToken);
    await setAutoDelivery(pool(), true, actors.opsToken);
    assert.deepEqual(await going(), line.slice(0, 200));
    await resumeMore(pool());
    assert.deepEqual(await going(), line.slice(0, 400));
    assert.match(
      await plan(`select id from orders where state = 'attention' and failure_code = 'AUTO_DELIVERY_OFF' order by paid_at, id limit 200`), // prettier-ignore
      /orders_held_up/,
    );
    while (await resumeMore(pool()));
    assert.equal((await going()).length, many);
    assert.equal(await count(`outbox where kind = 'wake'`), many);
    assert.equal(await count('tasks where closed_at is null'), 0);
  });
});
