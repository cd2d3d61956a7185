import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import { addCards } from '../../db/catalog.ts';
import { tellIncidents } from '../../db/incidents.ts';
import { climbLadder } from '../../db/ladder.ts';
import { actors } from '../../db/locks.ts';
import { listNotices } from '../../db/notices.ts';
import { watchForSilence } from '../../db/silence.ts';
import { warnAboutStock } from '../../db/stock-warnings.ts';
import { defaultLadder, nextRung, parseLadder } from '../../domain/ladder.ts';
import { messageOf } from '../../integrations/channels/message.ts';
import { grantTurns } from '../../worker/loops/grants.ts';
import { pauseAfter } from '../../worker/loops/notices.ts';
import { tellBuyers } from '../../worker/loops/people.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('what people are told', function () {
  this.timeout(60_000);
  let system: System;
  let sku = '';
  let product = 0;

  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());
  beforeEach(async () => {
    await query(system, `update tasks set closed_at = now() where closed_at is null`);
    await query(system, `update incidents set closed_at = now() - interval '1 hour' where closed_at is null`);
    sku = `TOLD-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100 });
    product = (await query<{ id: number }>(system, 'select id from products where sku = $1', sku))[0]?.id ?? 0;
  });

  const pool = () => system.parts.pool;
  const wait = async (count: number): Promise<number[]> => {
    const ids = await paidOrders(system, count, 1, sku);
    for (const id of ids) await advance(system.parts.steps, id);
    return ids;
  };
  const told = async () =>
    (await query<{ kind: string; detail: { open: number; fresh: number; rung?: string } }>(
      system,
      'select kind, detail from notices where product_id = $1 order by id',
      product,
    )) as { kind: string; detail: { open: number; fresh: number; rung?: string; emptyInHours?: number } }[];
  const later = (minutes: number) =>
    query(system, `update incidents set digest_at = digest_at - $1 * interval '1 minute' where closed_at is null`, minutes); // prettier-ignore
  const age = (minutes: number) =>
    query(system, `update tasks set opened_at = opened_at - $1 * interval '1 minute', next_at = next_at - $1 * interval '1 minute' where closed_at is null`, minutes); // prettier-ignore

  it('C2: the same reason of the same product is one incident: one message, then digests with the count, then reminders', async () => {
    await wait(1);
    await tellIncidents(pool(), 240);
    await wait(30);
    await Promise.all([tellIncidents(pool(), 240), tellIncidents(pool(), 240), tellIncidents(pool(), 240)]);
    assert.deepEqual(
      (await told()).map((n) => [n.kind, n.detail.open]),
      [['incident', 1]],
    );
    await later(11);
    await tellIncidents(pool(), 240);
    await tellIncidents(pool(), 240);
    assert.deepEqual(
      (await told()).map((n) => [n.kind, n.detail.open, n.detail.fresh]),
      [['incident', 1, 1], ['digest', 31, 30]], // prettier-ignore
    );
    // Nothing new: only a reminder, after its time.
    await later(30);
    await tellIncidents(pool(), 240);
    assert.equal((await told()).length, 2);
    await later(300);
    await tellIncidents(pool(), 240);
    assert.equal((await told()).at(-1)?.kind, 'reminder');
  });

  it('C2: an incident ends with its last order; one that comes back soon is the same one', async () => {
    await wait(1);
    await tellIncidents(pool(), 240);
    await system.shop.addCards(sku, [randomUUID()]);
    await grantTurns(pool(), system.parts.log, () => undefined);
    await tellIncidents(pool(), 240);
    const open = () => query(system, 'select from incidents where product_id = $1 and closed_at is null', product);
    assert.equal((await open()).length, 0);
    await wait(1);
    await tellIncidents(pool(), 240);
    assert.equal((await open()).length, 1);
    assert.equal((await told()).length, 1);
  });

  it('C6: the ladder: the owner hears once per incident, each buyer once, then a refund is proposed; deadlines are rows', async () => {
    const ids = await wait(3);
    await query(system, `update orders set contact = $2 where id = $1`, ids[0], Buffer.from('x'));
    await tellIncidents(pool(), 240);
    const ladder = { ownerMinutes: 30, buyerMinutes: 120, refundMinutes: 1440, remindMinutes: 240 };
    const climb = async () => {
      await Promise.all([climbLadder(pool(), ladder), climbLadder(pool(), ladder)]);
      await climbLadder(pool(), ladder);
    };
    const rungs = async () => (await told()).filter((n) => n.kind === 'escalation').map((n) => n.detail.rung);
    const mails = () => query(system, `select from messages where kind = 'trouble' and order_id = any ($1)`, ids);
    await climb();
    assert.deepEqual(await rungs(), []);
    await age(31);
    await climb();
    assert.deepEqual(await rungs(), ['owner']);
    assert.equal((await mails()).length, 0);
    await age(90);
    await climb();
    assert.equal((await mails()).length, 1, 'only who can be reached');
    await age(1440);
    await climb();
    await climb();
    assert.deepEqual(await rungs(), ['owner', 'refund']);
    const proposed = await query(system, `select from tasks where order_id = any ($1) and proposal = 'refund'`, ids);
    assert.equal(proposed.length, 3);
    const waiting = await query(system, `select from tasks where order_id = any ($1) and next_at is not null`, ids);
    assert.equal(waiting.length, 0);
  });

  it('C6: a system that was off for a day climbs every rung when it is back, each once', async () => {
    await wait(1);
    await tellIncidents(pool(), 240);
    await age(3000);
    for (let i = 0; i < 6; i++) await climbLadder(pool(), defaultLadder);
    assert.deepEqual(
      (await told()).filter((n) => n.kind === 'escalation').map((n) => n.detail.rung),
      ['owner', 'refund'],
    );
  });

  it('the ladder leaves out rungs that are switched off, and ends', () => {
    const ladder = parseLadder({ ownerMinutes: null, buyerMinutes: 'x', refundMinutes: -5, remindMinutes: 1e9 });
    assert.deepEqual(ladder, { ownerMinutes: null, buyerMinutes: 120, refundMinutes: 1, remindMinutes: 43_200 });
    const opened = new Date(0);
    assert.equal(nextRung(ladder, 0, opened)?.rung, 'buyer');
    assert.equal(nextRung(ladder, 3, opened), undefined);
  });

  it('C6: a buyer whose order takes longer gets one mail without a word of ours, and none once it is delivered', async () => {
    const email = `${randomUUID()}@example.com`;
    const order = await system.shop.order({ sku, email, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const [{ id } = { id: 0 }] = await query<{ id: number }>(system, 'select id from orders where no = $1', order.orderNo); // prettier-ignore
    await advance(system.parts.steps, id);
    await query(system, `insert into messages (order_id, kind) values ($1, 'trouble')`, id);
    await tellBuyers(system.parts.steps);
    await tellBuyers(system.parts.steps);
    const mail = await system.mail.waitFor(email, 5_000);
    assert.ok(mail.text.includes('#'));
    assert.doesNotMatch(mail.text, /卡密池|供应商/);
    await query(system, `insert into messages (order_id, kind) values ($1, 'trouble')`, id);
    await system.shop.addCards(sku, [randomUUID()]);
    await grantTurns(pool(), system.parts.log, () => undefined);
    await tellBuyers(system.parts.steps);
    assert.equal((await system.mail.mails()).filter((m) => m.to.includes(email)).length, 1);
  });

  it('D7: one warning per crossing, reminders until restocked, with a forecast; never for a pool that never was', async () => {
    const warn = () => warnAboutStock(pool(), { threshold: 3, remindHours: 24 });
    await warn();
    assert.deepEqual(await told(), [], 'a product that is sold otherwise is not warned about');
    const add = (n: number) =>
      addCards(pool(), { productId: product, mode: 'live', source: 'test', note: '', actorId: actors.opsToken, cards: Array.from({ length: n }, () => ({ ciphertext: Buffer.from('x'), fingerprint: Buffer.from(randomUUID()) })) }); // prettier-ignore
    await add(8);
    await warn();
    assert.deepEqual(await told(), []);
    const [id = 0] = await paidOrders(system, 1, 1, sku);
    await query(
      system,
      `update cards set state = 'sold', order_id = $2, sold_at = now()
       where id in (select id from cards where product_id = $1 order by id limit 6)`,
      product,
      id,
    );
    await Promise.all([warn(), warn(), warn()]);
    await warn();
    assert.deepEqual(
      (await told()).map((n) => [n.kind, n.detail.emptyInHours]),
      [['stock', 8]],
    );
    const [warning] = await query<{ detail: Record<string, unknown> }>(system, `select detail from notices where product_id = $1`, product); // prettier-ignore
    const words = { kind: 'stock', code: 'STOCK_LOW', orderNo: null, sku, productName: '点卡', mode: 'live', detail: warning?.detail ?? {} } as const; // prettier-ignore
    const { title, lines } = messageOf(words, 'https://shop.example');
    assert.match([title, ...lines].join('\n'), /库存预警：点卡 仅剩 2 张[^]*预计约 8 小时后售罄/);
    await query(system, `update stock_warnings set remind_at = now() where product_id = $1`, product);
    await warn();
    await warn();
    assert.equal((await told()).length, 2);
    await add(5);
    await warn();
    await warn();
    assert.deepEqual(
      (await told()).map((n) => n.kind),
      ['stock', 'stock', 'restocked'],
    );
  });

  it('rule 9: a Temporal that is silent for ten minutes is one incident, and it ends by itself', async () => {
    const [id = 0] = await wait(1);
    await query(system, 'delete from outbox');
    await query(
      system,
      `insert into outbox (kind, order_id, created_at) values ('start', $1, now() - interval '9 minutes')`,
      id,
    );
    const open = () => query(system, `select from tasks where code = 'TEMPORAL_SILENT' and closed_at is null`);
    await watchForSilence(pool());
    assert.equal((await open()).length, 0);
    await query(system, `update outbox set created_at = now() - interval '11 minutes'`);
    await Promise.all([watchForSilence(pool()), watchForSilence(pool()), watchForSilence(pool())]);
    await watchForSilence(pool());
    assert.equal((await open()).length, 1);
    await tellIncidents(pool(), 240);
    const notices = await listNotices(pool(), { actorId: actors.opsToken, unread: false, limit: 5 });
    assert.equal(notices.filter((notice) => notice.code === 'TEMPORAL_SILENT').length, 1);
    await query(system, 'delete from outbox');
    await watchForSilence(pool());
    assert.equal((await open()).length, 0);
  });

  it('C6: two thousand tasks climb together and the owner hears once', async () => {
    const [id = 0] = await wait(1);
    await tellIncidents(pool(), 240);
    await query(
      system,
      `insert into tasks (order_id, code, opened_at, next_at, rung, incident_id)
       select null, 'POOL_EMPTY', now() - interval '1 hour', now() - interval '1 minute', 0, incident_id
       from tasks, generate_series(1, 2000) where order_id = $1 and closed_at is null`,
      id,
    );
    while (await climbLadder(pool(), defaultLadder));
    const owner = await query(
      system,
      `select from notices where kind = 'escalation' and (detail ->> 'incident')::bigint = (select incident_id from tasks where order_id = $1 limit 1)`,
      id,
    );
    assert.equal(owner.length, 1);
  });

  it('站内信 are unread for each person on their own', async () => {
    await wait(1);
    await tellIncidents(pool(), 240);
    const mine = await listNotices(pool(), { actorId: actors.opsToken, unread: true, limit: 5 });
    assert.ok(mine.length > 0);
  });

  it('a channel that fails is asked again for about a day, then given up', () => {
    const pauses = Array.from({ length: 10 }, (_, i) => pauseAfter(i + 1));
    assert.equal(pauses.at(-1), null);
    const hours = pauses.reduce<number>((sum, s) => sum + (s ?? 0), 0) / 3600;
    assert.ok(hours > 8 && hours < 30, `${hours} h`);
  });
});
