import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import { applyAction } from '../../db/actions.ts';
import { expiringSql, warnAboutExpiry } from '../../db/expiry-warnings.ts';
import { expireCards, freeHolds, freeHoldsSql, sweepHolds } from '../../db/holds.ts';
import { actors } from '../../db/locks.ts';
import { createPool } from '../../db/sql.ts';
import { expireOrders } from '../../db/upkeep.ts';
import { call } from '../../dev/client.ts';
import { messageOf } from '../../integrations/channels/message.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { startSystem, type System } from '../support/system.ts';

describe('holds and expiry', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const sql = async <T extends object>(text: string, ...values: unknown[]): Promise<T[]> =>
    (await system.parts.pool.query<T>(text, values)).rows;
  const states = async (productId: number): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await sql<{ state: string; n: number }>('select state, count(*)::int as n from cards where product_id = $1 group by 1', productId)).map((r) => [r.state, r.n]), // prettier-ignore
    );
  const order = (sku: string, body: object = {}) =>
    system.shop.order({ sku, email: `${randomUUID()}@example.com`, accountId: system.sandbox, ...body });
  const idOf = async (no: string): Promise<number> =>
    (await sql<{ id: number }>('select id from orders where no = $1', no))[0]?.id ?? 0;
  const refused = async (sku: string, body: object): Promise<string> => {
    const answer = await fetch(`${system.base}/api/v1/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.shop.apiKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }, // prettier-ignore
      body: JSON.stringify({ sku, accountId: system.sandbox, ...body }),
    });
    return ((await answer.json()) as { error: { code: string } }).error.code;
  };

  it('下单锁库存: of 10 orders at once for 5 keys 5 hold one each, the others are told the truth', async () => {
    const { id, sku } = await importer.product({ holdMinutes: 10 });
    await system.shop.addCards(sku, ['1', '2', '3', '4', '5']);
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => order(sku)));
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 5);
    for (const r of results) if (r.status === 'rejected') assert.match(String(r.reason), /OUT_OF_STOCK/);
    assert.deepEqual(await states(id), { held: 5 });
  });

  it('rule 10: a paid order gets exactly what it held; what was not paid goes back, and a paid hold never does', async () => {
    const { id, sku } = await importer.product({ holdMinutes: 10 });
    await system.shop.addCards(sku, ['1', '2', '3', '4']);
    const [paid, unpaid] = [await order(sku, { quantity: 2 }), await order(sku)];
    const paidId = await idOf(paid.orderNo);
    const held = await sql<{ id: number }>('select id from cards where order_id = $1 order by id', paidId);
    assert.equal(held.length, 2);
    await system.notify(paid.orderNo, { amountMinor: 200 });
    await sql(`update cards set held_until = now() - interval '1 minute' where product_id = $1 and state = 'held'`, id);
    while (await freeHolds(system.parts.pool));
    assert.deepEqual(await states(id), { held: 2, available: 2 });
    await advance(system.parts.steps, paidId);
    const sold = await sql<{ id: number }>(`select id from cards where order_id = $1 and state = 'sold' order by id`, paidId); // prettier-ignore
    assert.deepEqual(sold, held);
    // Its hold is gone, and it still delivers when it is paid after all.
    await system.notify(unpaid.orderNo);
    await advance(system.parts.steps, await idOf(unpaid.orderNo));
    assert.deepEqual(await states(id), { sold: 3, available: 1 });
  });

  it('an order that expires or is closed gives its hold back; what nobody said is found by the sweep', async () => {
    const { id, sku } = await importer.product({ holdMinutes: 10 });
    await system.shop.addCards(sku, ['1', '2', '3']);
    const [a, b, c] = [await order(sku), await order(sku), await order(sku)];
    await sql(`update orders set expires_at = now() - interval '1 second' where no = $1`, a.orderNo);
    await sql(`update cards set held_until = now() where order_id = $1`, await idOf(a.orderNo));
    while ((await expireOrders(system.parts.pool)) > 0);
    await applyAction(system.parts.pool, { id: randomUUID(), orderNo: b.orderNo, kind: 'close', actorId: actors.opsToken, note: '' }); // prettier-ignore
    while (await freeHolds(system.parts.pool));
    assert.deepEqual(await states(id), { available: 2, held: 1 });
    await sql(`update orders set state = 'closed' where no = $1`, c.orderNo);
    while (await freeHolds(system.parts.pool));
    assert.deepEqual(await states(id), { available: 2, held: 1 });
    while (await sweepHolds(system.parts.pool));
    assert.deepEqual(await states(id), { available: 3 });
  });

  it('freeing holds reads only what is due, with 20,000 keys held, and meets a paid hold once', async () => {
    const { id, sku } = await importer.product({ holdMinutes: 10 });
    await system.shop.addCards(sku, ['1', '2']);
    const [paid, other] = [await order(sku), await order(sku)];
    await system.notify(paid.orderNo);
    const patient = createPool(system.database.url, { name: 'test', max: 1, statementTimeoutMs: 0 });
    await patient.query(
      `insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, state, order_id, held_until)
       select product_id, batch_id, mode, '\\x00', sha256(g::text::bytea), 'held', $2, now() + interval '10 minutes'
       from (select * from cards where product_id = $1 limit 1) c, generate_series(1, 20000) g`,
      [id, await idOf(other.orderNo)],
    );
    await patient.end();
    await sql(`update cards set held_until = now() where order_id = $1`, await idOf(paid.orderNo));
    await sql('analyze cards');
    const plan = (await sql<Record<string, string>>(`explain ${freeHoldsSql.replace('$1', '200')}`)).map((row) => row['QUERY PLAN']).join('\n'); // prettier-ignore
    assert.match(plan, /Index Scan using cards_to_free on cards c[\s\S]*Index Cond: \(held_until <= now\(\)\)/);
    assert.doesNotMatch(plan, /Seq Scan on cards/);
    assert.equal(await freeHolds(system.parts.pool), true);
    assert.equal(await freeHolds(system.parts.pool), false);
    assert.equal((await states(id))['held'], 20_002);
    await importer.ask(`products/${id}/cards?state=held`);
    await sql(`delete from cards where product_id = $1 and ciphertext = '\\x00'`, id);
  });

  it('D5: the operator is told before keys expire, once for each and once a day, from the index of what is for sale', async () => {
    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, ['soon', 'later', 'far']);
    const place = (text: string, days: number) =>
      sql(
        `update cards set mode = 'live', expires_at = now() + $3 * interval '1 day', seq = card_place(now() + $3 * interval '1 day')
         where id = (select id from cards where product_id = $1 and ciphertext is not null and expires_at is null order by id limit 1) and $2 <> ''`,
        id,
        text,
        days,
      );
    for (const [text, days] of [['soon', 2], ['later', 6], ['far', 9]] as const) await place(text, days); // prettier-ignore
    const warn = () => warnAboutExpiry(system.parts.pool, 7);
    const told = () => sql<{ detail: { keys: number } }>(`select detail from notices where product_id = $1 and kind = 'expiring' order by id`, id); // prettier-ignore
    assert.deepEqual((await Promise.all([warn(), warn(), warn()])).reduce((a, b) => a + b), 1); // prettier-ignore
    assert.deepEqual(
      (await told()).map((n) => n.detail.keys),
      [2],
    );
    assert.equal(await warnAboutExpiry(system.parts.pool, 30), 0);
    // The next day: only what was not told yet.
    await sql(`update expiry_warnings set told_at = told_at - interval '25 hours' where product_id = $1`, id);
    assert.equal(await warn(), 0);
    assert.equal(await warnAboutExpiry(system.parts.pool, 30), 1);
    assert.deepEqual(
      (await told()).map((n) => n.detail.keys),
      [2, 1],
    );
    assert.equal(await warnAboutExpiry(system.parts.pool, 0), 0);
    const plan = (await sql<Record<string, string>>(`explain ${expiringSql.replaceAll('$1', '7')}`)).map((row) => row['QUERY PLAN']).join('\n'); // prettier-ignore
    assert.match(plan, /Index Scan using cards_available on cards c[\s\S]*seq < /);
    const message = messageOf({ kind: 'expiring', code: 'KEYS_EXPIRING', orderNo: null, sku, productName: '测试', mode: 'live', detail: { keys: 2, days: 7, soonest: '2027-01-02T03:04:05Z' } }, 'http://x'); // prettier-ignore
    assert.equal(message.title, '即将过期：测试 有 2 张卡密将在 7 天内过期');
  });

  it('caps: one buyer and one address hold no more than the settings allow, and nobody holds anonymously', async () => {
    const { sku } = await importer.product({ holdMinutes: 10 });
    await system.shop.addCards(
      sku,
      Array.from({ length: 40 }, (_, i) => `cap-${i}`),
    );
    assert.equal(await refused(sku, {}), 'CONTACT_REQUIRED');
    await order(sku, { email: 'greedy@example.com', quantity: 5 });
    assert.equal(await refused(sku, { email: 'greedy@example.com' }), 'HOLD_LIMIT');
    const body = (email: string) => ({
      sku,
      accountId: system.sandbox,
      email,
      quantity: 5,
      buyerAddress: '203.0.113.7',
    });
    for (const email of ['x1@example.com', 'x2@example.com']) {
      await call(`${system.base}/api/v1/orders`, { token: system.shop.apiKey, body: body(email), headers: { 'idempotency-key': randomUUID() } }); // prettier-ignore
    }
    assert.equal(await refused(sku, { email: 'x3@example.com', buyerAddress: '203.0.113.7' }), 'HOLD_LIMIT');
    // One line has a whole /64 of IPv6: other addresses of it are the same buyer.
    const six = (i: number) => ({ ...body(`six${i}@example.com`), buyerAddress: `2001:db8:1:2::${i}` });
    for (const i of [1, 2]) {
      await call(`${system.base}/api/v1/orders`, { token: system.shop.apiKey, body: six(i), headers: { 'idempotency-key': randomUUID() } }); // prettier-ignore
    }
    assert.equal(await refused(sku, { email: 'six3@example.com', buyerAddress: '2001:db8:1:2:3::4' }), 'HOLD_LIMIT');
  });

  it('D5: what has expired is never sold, counts as expired at once, and leaves the pool', async () => {
    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, ['old']);
    await sql(`update cards set expires_at = now() - interval '1 second' where product_id = $1`, id);
    const placed = await order(sku);
    await system.notify(placed.orderNo);
    const outcome = await advance(system.parts.steps, await idOf(placed.orderNo));
    assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_EMPTY');
    const facts = async () => (await importer.ask<{ stock: { test: { available: number; expired: number } } }>(`products/${id}`)).stock.test; // prettier-ignore
    assert.deepEqual([(await facts()).available, (await facts()).expired], [0, 1]);
    while (await expireCards(system.parts.pool));
    assert.deepEqual(await states(id), { expired: 1 });
    assert.equal((await facts()).expired, 1);
  });
});
