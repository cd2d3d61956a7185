import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { watchFailures } from '../../db/failure-alarm.ts';
import { tellIncidents } from '../../db/incidents.ts';
import { dropOldNotices } from '../../db/retention.ts';
import { failureAlarmOf } from '../../domain/failure-rate.ts';
import { messageOf } from '../../integrations/channels/message.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

describe('the alarm above 2 % failures, and how long it is remembered', function () {
  this.timeout(30_000);
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  const alarm = failureAlarmOf(undefined);
  const pool = () => system.parts.pool;
  const watch = () => Promise.all([watchFailures(pool(), alarm), watchFailures(pool(), alarm)]);
  const open = () => query(system, `select from tasks where code = 'FAILURE_RATE' and closed_at is null`);
  /** Live orders paid just now, delivered at once; the first `failed` of them had to wait for keys. */
  async function day(paid: number, failed: number): Promise<number[]> {
    const ids = await paidOrders(system, paid);
    await query(
      system,
      `update orders set mode = 'live', state = 'delivered', released_at = now(), done_at = now(), paid_at = now() where id = any ($1)`,
      ids,
    );
    await query(system, `insert into tasks (order_id, code, closed_at) select unnest($1::bigint[]), 'POOL_EMPTY', now()`, ids.slice(0, failed)); // prettier-ignore
    return ids;
  }
  const away = (ids: number[]) => query(system, `update orders set paid_at = now() - interval '3 hours' where id = any ($1)`, ids); // prettier-ignore
  const told = async () =>
    query<{ kind: string; detail: Record<string, unknown> }>(system, `select kind, detail from notices where code = 'FAILURE_RATE' order by id`); // prettier-ignore

  it('E3: it is silent below 20 orders and at 2 %, rings above, tells the reasons once, and says when it is over', async () => {
    await away(await day(19, 19));
    await watch();
    assert.equal((await open()).length, 0, '19 orders say nothing');
    await query(system, `update tasks set opened_at = now() - interval '3 hours'`);
    const even = await day(100, 2);
    await watch();
    assert.equal((await open()).length, 0, '2 % is not above 2 %');
    const more = await day(10, 3);
    await watch();
    await watch();
    assert.equal((await open()).length, 1);
    await tellIncidents(pool(), 240);
    await tellIncidents(pool(), 240);
    const notices = await told();
    assert.deepEqual(notices.map((n) => n.kind), ['incident']); // prettier-ignore
    const words = { kind: 'incident', code: 'FAILURE_RATE', orderNo: null, sku: null, productName: null, mode: 'live', detail: notices[0]?.detail ?? {} } as const; // prettier-ignore
    const zh = messageOf(words, 'https://shop.example');
    assert.match(
      [zh.title, ...zh.lines].join('\n'),
      /失败率超过警戒线[^]*110 单中失败 5 单（4\.5%）[^]*主要原因: 卡密池为空 × 5/,
    );
    const en = messageOf(words, 'https://shop.example', 'en').lines.join('\n');
    assert.match(en, /5 of 110 orders failed \(4\.5 %\)[^]*Main reasons/);

    // Well again: it does not flap within ten minutes, then says so once.
    await away([...even, ...more]);
    await watch();
    assert.equal((await open()).length, 1);
    await query(system, `update tasks set opened_at = now() - interval '11 minutes' where code = 'FAILURE_RATE'`);
    await watch();
    await watch();
    assert.equal((await open()).length, 0);
    assert.deepEqual((await told()).map((n) => n.kind), ['incident', 'over']); // prettier-ignore
  });

  it('E3: money that came wrong, mail that bounced and decisions of people are no failures of delivery; test orders do not count', async () => {
    const ids = await day(30, 0);
    for (const code of ['PAYMENT_UNDER', 'MAIL_REJECTED', 'EXCEPTION_RULE', 'WAITING_CONFIRMATION'])
      await query(system, `insert into tasks (order_id, code) select unnest($1::bigint[]), $2`, ids, code);
    const tests = await day(50, 50);
    await query(system, `update orders set mode = 'test' where id = any ($1)`, tests);
    await watch();
    assert.equal((await open()).length, 0);
    await away([...ids, ...tests]);
  });

  it('E3: limit, window and floor are settings of the console; the dashboard shows the same alarm', async () => {
    const owner = await signedIn(system, 'owner');
    assert.deepEqual(failureAlarmOf({ rate: 0, windowMinutes: 1e9, floor: 'x' }), { rate: 1, windowMinutes: 1440, floor: 20 }); // prettier-ignore
    const body = { alarm: { rate: 1000, windowMinutes: 30, floor: 10 }, retention: { noticeDays: 45 } };
    const saved = await owner.json<typeof body>('PUT', '/api/console/delivery-settings', body);
    assert.deepEqual({ alarm: saved.alarm, retention: saved.retention }, body);
    await query(system, `update tasks set opened_at = now() - interval '3 hours'`);
    const ids = await day(20, 1);
    const shown = async () =>
      (await owner.json<{ alarm: { on: boolean; rate: number; limit: number } }>('GET', '/api/console/dashboard?mode=live')).alarm; // prettier-ignore
    assert.deepEqual([(await shown()).on, (await shown()).rate], [false, 500], '5 % of 10 % allowed');
    await owner.json('PUT', '/api/console/delivery-settings', { alarm: { rate: 400, windowMinutes: 30, floor: 10 } });
    assert.equal((await shown()).on, true);
    await away(ids);
    await query(system, `delete from settings where key in ('alarm', 'retention')`);
  });

  it('what was told leaves after its time in small batches, with its dispatches; what is younger or open stays', async () => {
    const mark = randomUUID();
    await query(system, 'delete from notices');
    await query(
      system,
      `with channel as (insert into channels (kind, name, config) values ('webhook', $1, '') returning id
       ), old as (insert into notices (at, kind, audience, code) select now() - interval '91 days', 'incident', 'staff', 'POOL_EMPTY' from generate_series(1, 1200) returning id
       ), young as (insert into notices (kind, audience, code) values ('incident', 'staff', 'POOL_EMPTY') returning id
       ), heard as (insert into notice_reads (actor_id, notice_id) select 4, id from old)
       insert into dispatches (notice_id, channel_id, state) select n.id, channel.id, 'sent' from (select id from old union all select id from young) n, channel`,
      mark,
    );
    const [{ id: open } = { id: 0 }] = await query<{ id: number }>(system, `insert into incidents (code, opened_at) values ('POOL_SHORT', now() - interval '200 days') returning id`); // prettier-ignore
    const [{ id: ended } = { id: 0 }] = await query<{ id: number }>(system, `insert into incidents (code, opened_at, closed_at) values ('POOL_EMPTY', now() - interval '200 days', now() - interval '100 days') returning id`); // prettier-ignore
    await query(system, `insert into tasks (code, incident_id, closed_at) values ('POOL_EMPTY', $1, now())`, ended);
    assert.equal(await dropOldNotices(pool(), 90, 500), true);
    assert.equal((await query(system, 'select from notices')).length, 701);
    while (await dropOldNotices(pool(), 90, 500));
    assert.equal((await query(system, 'select from notices')).length, 1);
    assert.equal((await query(system, 'select from dispatches')).length, 1);
    const left = await query<{ id: number }>(system, 'select id from incidents where id = any ($1)', [open, ended]);
    assert.deepEqual(left, [{ id: open }]);
  });
});
