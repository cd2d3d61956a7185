import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import { advanceImport } from '../../activities/imports.ts';
import { sendMail } from '../../activities/tell.ts';
import { removeUndone } from '../../db/batches.ts';
import { carryOut } from '../../db/case-steps.ts';
import { sweepHolds } from '../../db/holds.ts';
import { grantStock } from '../../db/grants.ts';
import { call } from '../../dev/client.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

interface Stock {
  stock: { test: { available: number; held: number; sold: number; daysOfSupply: number | null } };
}

describe('kinds of keys: 循环卡密, 自选卡号, keys of several parts', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const sql = <T extends object>(text: string, ...values: unknown[]): Promise<T[]> => query<T>(system, text, ...values);
  const shop = <T>(path: string, body?: object, expect?: number): Promise<T> =>
    call<T>(`${system.base}/api/v1/${path}`, {
      token: system.shop.apiKey,
      ...(body && { body, headers: { 'idempotency-key': randomUUID() } }),
      ...(expect !== undefined && { expect }),
    });
  const loop = (fields: object = {}) => importer.product({ cardUse: 'loop', maxQuantity: 1, ...fields });
  const chosen = (fields: object = {}) => importer.product({ cardUse: 'chosen', maxQuantity: 1, priceMinor: 1000, ...fields }); // prettier-ignore
  interface Placed {
    order: { orderNo: string; amountMinor: number; number: string | null };
    pickupUrl: string;
  }
  const place = (sku: string, body: object = {}) =>
    shop<Placed>('orders', { sku, accountId: system.sandbox, email: `${randomUUID()}@example.com`, ...body });
  const refused = async (sku: string, body: object): Promise<string> =>
    shop<{ error: { code: string } }>('orders', { sku, accountId: system.sandbox, email: `${randomUUID()}@example.com`, ...body }, 409).then((a) => a.error.code); // prettier-ignore
  const idOf = async (no: string): Promise<number> =>
    (await sql<{ id: number }>('select id from orders where no = $1', no))[0]?.id ?? 0;
  const pay = async ({ order }: Placed, amountMinor = order.amountMinor) => {
    await system.notify(order.orderNo, { amountMinor });
    return advance(system.parts.steps, await idOf(order.orderNo));
  };
  const goodsOf = async ({ order, pickupUrl }: Placed) => {
    const session = await fetch(`${system.base}/pickup/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: new URL(pickupUrl).hash.slice(1) }),
    });
    const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const answer = await fetch(`${system.base}/pickup/${order.orderNo}/goods`, { method: 'POST', headers: { cookie } });
    return (await answer.json()) as { goods: string[]; keys: { label: string | null; text: string }[][] };
  };
  const stock = async (id: number) => (await importer.ask<Stock>(`products/${id}`)).stock.test;
  const addNumbers = (sku: string, cards: object[]) => shop<{ added: number }>(`products/${sku}/cards`, { cards });

  it('D5 循环卡密: one key serves 30 orders at once, stays in stock, and each sale counts', async () => {
    const { id, sku } = await loop();
    await system.shop.addCards(sku, ['LOOP-1']);
    const orders = await Promise.all(Array.from({ length: 30 }, () => place(sku)));
    const outcomes = await Promise.all(orders.map((order) => pay(order, 100)));
    assert.ok(
      outcomes.every((o) => o.next === 'tell'),
      JSON.stringify(outcomes),
    );
    for (const order of orders.slice(0, 3)) assert.deepEqual((await goodsOf(order)).goods, ['LOOP-1']);
    const { available, sold, daysOfSupply } = await stock(id);
    assert.deepEqual([available, sold, daysOfSupply], [1, 30, null]);
    assert.equal(await refused(sku, { quantity: 2 }), 'QUANTITY_LIMIT');
  });

  it('循环卡密: without a key orders wait in line, and the first one serves them all; nobody gets what has expired', async () => {
    const { id, sku } = await loop();
    const orders = await Promise.all(Array.from({ length: 4 }, () => place(sku)));
    for (const order of orders) {
      const outcome = await pay(order, 100);
      assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_EMPTY', JSON.stringify(outcome));
    }
    await system.shop.addCards(sku, ['OLD']);
    await sql(`update cards set expires_at = now() - interval '1 second' where product_id = $1`, id);
    assert.equal((await grantStock(system.parts.pool, id, 'test', 600_000)).orders, 0);
    await system.shop.addCards(sku, ['LOOP-2']);
    assert.equal((await grantStock(system.parts.pool, id, 'test', 600_000)).orders, 4);
    for (const order of orders) assert.deepEqual((await goodsOf(order)).goods, ['LOOP-2']);
    assert.equal((await sql('select from stock_waits where product_id = $1', id)).length, 0);
  });

  it('循环卡密: a batch that is undone takes a key out that was shown, and leaves it to those who bought it', async () => {
    const { id, sku } = await loop();
    await system.shop.addCards(sku, ['SHOWN', 'NEVER SHOWN']);
    const order = await place(sku);
    await pay(order, 100);
    const [batch] = await sql<{ id: number }>('select id from card_batches where product_id = $1', id);
    await importer.ask(`batches/${batch?.id}/undo`, { reason: '供应商召回' });
    while (await removeUndone(system.parts.pool));
    assert.deepEqual((await sql<{ state: string }>('select state from cards where product_id = $1', id)).map((c) => c.state), ['void']); // prettier-ignore
    assert.deepEqual((await goodsOf(order)).goods, ['SHOWN']);
    const next = await pay(await place(sku), 100);
    assert.ok(next.next === 'wait' && next.code === 'POOL_EMPTY');
  });

  it('循环卡密: a bad key is replaced for the one who complains, and given to nobody any more', async () => {
    const { id, sku } = await loop();
    await system.shop.addCards(sku, ['BAD']);
    const order = await place(sku);
    await pay(order, 100);
    await system.shop.addCards(sku, ['GOOD']);
    const orderId = await idOf(order.order.orderNo);
    const actionId = randomUUID();
    await sql(
      `with opened as (insert into cases (no, mode, kind, source, order_id, opened_by, due_at, state)
         values ($1, 'test', 'bad_key', 'buyer', $2, 5, now() + interval '1 day', 'working') returning id),
       about as (insert into case_cards (case_id, card_id) select opened.id, g.id from opened, goods_of_orders g where g.order_id = $2)
       insert into case_actions (id, case_id, kind, actor_id, detail) select $3, id, 'replace', 4, '{}' from opened`,
      `C${orderId}`,
      orderId,
      actionId,
    );
    const done = await carryOut(system.parts.pool, actionId, false);
    assert.ok(done !== 'later' && done.failure === null, JSON.stringify(done));
    assert.deepEqual((await goodsOf(order)).goods, ['GOOD']);
    assert.equal((await stock(id)).available, 1);
    const other = await place(sku);
    await pay(other, 100);
    assert.deepEqual((await goodsOf(other)).goods, ['GOOD']);
  });

  it('自选卡号: buyers see free numbers in pages and never the secret; the surcharge is in the price and in what must be paid', async () => {
    const { id, sku } = await chosen({ partLabels: ['靓号', '密码'] });
    await addNumbers(sku, [
      { parts: ['13800008888', 'secret-8'], surchargeMinor: 5000 },
      { parts: ['13800000001', 'secret-1'] },
      { parts: ['13800000002', 'secret-2'], surchargeMinor: 0 },
      { parts: ['13800000002', 'another secret'] },
    ]);
    const page = await shop<{ items: object[]; next: string | null }>(`products/${sku}/numbers?limit=2`);
    assert.deepEqual(page, {
      items: [
        { number: '13800000001', surchargeMinor: 0, priceMinor: 1000 },
        { number: '13800000002', surchargeMinor: 0, priceMinor: 1000 },
      ],
      next: '13800000002',
    });
    const rest = await shop<{ items: { number: string }[] }>(`products/${sku}/numbers?limit=2&after=${page.next}`);
    assert.deepEqual(rest.items.map((n) => n.number), ['13800008888']); // prettier-ignore
    assert.equal((await shop<{ items: object[] }>(`products/${sku}/numbers?search=8888`)).items.length, 1);
    assert.doesNotMatch(JSON.stringify([page, rest]), /secret/);

    const missing = await shop<{ error: { code: string } }>('orders', { sku, accountId: system.sandbox, email: 'a@example.com' }, 400); // prettier-ignore
    assert.equal(missing.error.code, 'NUMBER_MISSING');
    // One request that is sent five times at once is one order of the number, for all of them.
    const body = { sku, accountId: system.sandbox, email: 'a@example.com', number: '13800008888' };
    const again = { token: system.shop.apiKey, body, headers: { 'idempotency-key': randomUUID() } };
    const five = await Promise.all(
      Array.from({ length: 5 }, () => call<Placed>(`${system.base}/api/v1/orders`, again)),
    );
    assert.equal(new Set(five.map((one) => one.order.orderNo)).size, 1);
    const [order] = five;
    assert.ok(order);
    assert.deepEqual([order.order.amountMinor, order.order.number], [6000, '13800008888']);
    // The price without the surcharge is too little.
    const under = await place(sku, { number: '13800000001' });
    await system.notify(under.order.orderNo, { amountMinor: 999 });
    assert.equal((await shop<{ order: { state: string } }>(`orders/${under.order.orderNo}`)).order.state, 'unpaid');
    assert.equal((await pay(order)).next, 'tell');
    const { goods, keys } = await goodsOf(order);
    assert.deepEqual(goods, ['靓号: 13800008888\n密码: secret-8']);
    assert.deepEqual(keys, [[{ label: '靓号', text: '13800008888' }, { label: '密码', text: 'secret-8' }]]); // prettier-ignore
    assert.deepEqual([(await stock(id)).held, (await stock(id)).sold], [1, 1]);
  });

  it('自选卡号: of 10 who order one number at once, the first holds it and the others are told; it comes back with the hold', async () => {
    const { sku } = await chosen();
    await addNumbers(sku, [{ parts: ['666', 'x'] }, { parts: ['777', 'y'] }]);
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => place(sku, { number: '666' })));
    const [won] = tries.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
    assert.equal(tries.filter((r) => r.status === 'fulfilled').length, 1);
    for (const r of tries) if (r.status === 'rejected') assert.match(String(r.reason), /NUMBER_TAKEN/);
    assert.ok(won);
    await sql(`update orders set state = 'expired' where no = $1`, won.order.orderNo);
    while (await sweepHolds(system.parts.pool));
    // A late payment gets its number while it is free …
    assert.equal((await pay(won)).next, 'tell');
    assert.match((await goodsOf(won)).goods[0] ?? '', /666/);
    // … and never another one in its place.
    const late = await place(sku, { number: '777' });
    await sql(`update orders set state = 'expired' where no = $1`, late.order.orderNo);
    while (await sweepHolds(system.parts.pool));
    const second = await place(sku, { number: '777' });
    assert.equal((await pay(second)).next, 'tell');
    await addNumbers(sku, [{ parts: ['999', 'z'] }]);
    const outcome = await pay(late);
    assert.ok(outcome.next === 'wait' && outcome.state === 'attention' && outcome.code === 'NUMBER_TAKEN');
    // A person gives the number that they agreed upon.
    await importer.ask(`orders/${late.order.orderNo}/actions`, { id: randomUUID(), kind: 'deliver_from_pool', note: '' }, { expect: 409 }); // prettier-ignore
  });

  it('自选卡号: a price that changed between looking and ordering is not charged silently, and its use cannot change under open orders', async () => {
    const { id, sku } = await chosen();
    await addNumbers(sku, [{ parts: ['555', 'x'] }]);
    const { items } = await importer.ask<{ items: { id: number; number: string }[] }>(`products/${id}/cards`);
    const [card] = items;
    assert.equal(card?.number, '555');
    await importer.ask(`cards/${card.id}/surcharge`, { surchargeMinor: 300 }, { method: 'PUT' });
    const order = await place(sku, { number: '555' });
    assert.equal(order.order.amountMinor, 1300);
    await importer.ask(`cards/${card.id}/surcharge`, { surchargeMinor: 1 }, { method: 'PUT', expect: 409 });
    const fields = { sku, name: '测试', priceMinor: 1000, cardUse: 'single', maxQuantity: 1, version: 1 };
    const answer = await importer.ask<{ error: { code: string } }>(`products/${id}`, fields, { method: 'PUT', expect: 409 }); // prettier-ignore
    assert.equal(answer.error.code, 'CARD_USE_FIXED');
  });

  it('rule 11, rule 19: neither kind passes the wall between modes, a quarantine or the switch', async () => {
    const [one, two] = [await loop(), await chosen()];
    await system.shop.addCards(one.sku, ['TEST-LOOP']);
    await addNumbers(two.sku, [{ parts: ['1', 'x'] }]);
    const orders: [Placed, number][] = [[await place(one.sku), 100], [await place(two.sku, { number: '1' }), 1000]]; // prettier-ignore
    await sql(`update products set quarantined_at = now() where id = any ($1)`, [one.id, two.id]);
    for (const [order, amount] of orders) {
      const outcome = await pay(order, amount);
      assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_QUARANTINED', JSON.stringify(outcome));
    }
    await sql(`update products set quarantined_at = null where id = any ($1)`, [one.id, two.id]);
    await sql(`update cards set mode = 'live' where product_id = any ($1) and state = 'available'`, [one.id, two.id]);
    const outcome = await pay(await place(one.sku), 100);
    assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_EMPTY');
    assert.equal((await shop<{ items: object[] }>(`products/${two.sku}/numbers`)).items.length, 0);
  });

  it('keys of several parts: shown part by part on page and in the mail; imports refuse what has too few', async () => {
    const { id, sku } = await importer.product({ partLabels: ['账号', '密码', '邮箱'] });
    const { id: file } = await importer.begin({ productId: id, separator: '----', text: 'user<1>----p-w----1@x.example\nuser2----only' }); // prettier-ignore
    await advanceImport(system.parts.steps, file);
    assert.deepEqual(await importer.problems(file), [[2, 'COLUMNS']]);
    const two = await importer.begin({ productId: id, separator: '----', text: 'user3----secret' });
    await advanceImport(system.parts.steps, two.id);
    assert.deepEqual(await importer.problems(two.id), [[1, 'PARTS']]);
    await importer.ask(`imports/${file}/confirm`, {}, { method: 'POST' });
    await advanceImport(system.parts.steps, file);
    const email = `${randomUUID()}@example.com`;
    const order = await place(sku, { email });
    const outcome = await pay(order, 100);
    assert.ok(outcome.next === 'tell');
    const { keys } = await goodsOf(order);
    assert.deepEqual(keys, [[{ label: '账号', text: 'user<1>' }, { label: '密码', text: 'p-w' }, { label: '邮箱', text: '1@x.example' }]]); // prettier-ignore
    await sendMail(system.parts.steps, outcome.messages[0]?.id ?? 0);
    const mail = await system.mail.waitFor(email, 5_000);
    assert.ok(mail.text.includes('账号: user<1>\n密码: p-w\n邮箱: 1@x.example'), mail.text);
    // A box for each part: it is selected and copied alone.
    for (const part of ['user&#60;1&#62;', 'p-w', '1@x.example']) assert.ok(mail.html.includes(`>${part}</pre>`), part);
  });

  it('D8: an order shows the parts of its keys by the names they had when it was sold; one from before that was kept, by those of the product', async () => {
    const { id, sku } = await importer.product({ partLabels: ['账号', '密码'] });
    await addNumbers(sku, [{ parts: ['user', 'p-w'] }, { parts: ['user2', 'p-w2'] }]);
    const email = `${randomUUID()}@example.com`;
    const order = await place(sku, { email });
    const { version } = await importer.ask<{ version: number }>(`products/${id}`);
    await importer.ask(`products/${id}`, { sku, name: '测试', priceMinor: 100, partLabels: ['登录名', '口令'], version }, { method: 'PUT' }); // prettier-ignore
    const outcome = await pay(order, 100);
    assert.ok(outcome.next === 'tell');
    const names = async () => (await goodsOf(order)).keys[0]?.map((part) => part.label);
    assert.deepEqual(await names(), ['账号', '密码']);
    await sendMail(system.parts.steps, outcome.messages[0]?.id ?? 0);
    const mail = await system.mail.waitFor(email, 5_000);
    assert.ok(mail.text.includes('账号: user\n密码: p-w'), mail.text);
    const [sold, left] = await sql<{ id: number }>('select id from cards where product_id = $1 order by id', id);
    const revealed = (card = 0) => importer.ask<{ labels: string[] }>(`cards/${card}/reveal`, { reason: '核对名称' });
    assert.deepEqual((await revealed(sold?.id)).labels, ['账号', '密码']);
    assert.deepEqual((await revealed(left?.id)).labels, ['登录名', '口令']);
    await sql('update orders set part_labels = null where no = $1', order.order.orderNo);
    assert.deepEqual(await names(), ['登录名', '口令']);
  });

  it('D4: numbers are imported with their surcharge; one without a secret part, and one that stands twice, are refused', async () => {
    const { id, sku } = await chosen();
    const csv = '卡号,密码,加价\n801,s1,88.00\n802,s2,\n801,s3,\n803,s4,abc\n';
    const { id: file } = await importer.begin({ productId: id, format: 'csv', text: csv });
    await advanceImport(system.parts.steps, file);
    assert.deepEqual(await importer.problems(file), [[4, 'NUMBER_TWICE'], [5, 'BAD_SURCHARGE']]); // prettier-ignore
    await importer.ask(`imports/${file}/confirm`, {}, { method: 'POST' });
    await advanceImport(system.parts.steps, file);
    const { items } = await shop<{ items: object[] }>(`products/${sku}/numbers`);
    assert.deepEqual(items, [
      { number: '801', surchargeMinor: 8800, priceMinor: 9800 },
      { number: '802', surchargeMinor: 0, priceMinor: 1000 },
    ]);
    const bare = await importer.begin({ productId: id, text: '804' });
    await advanceImport(system.parts.steps, bare.id);
    assert.deepEqual(await importer.problems(bare.id), [[1, 'NUMBER_PARTS']]);
    await shop(`products/${sku}/cards`, { cards: ['805'] }, 400);
  });
});
