import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { fakeFuluLogin, startFakeFulu, type FakeFulu } from '../../dev/fakes/fulu-supplier.ts';
import { startFakeObjectStore, type FakeObjectStore } from '../../dev/fakes/object-store.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { actors } from '../../db/locks.ts';
import { suppliers } from '../../integrations/suppliers/registry.ts';
import { newPerson, testBrowser } from '../support/browser.ts';
import { buying, type Buying } from '../support/buying.ts';
import { query } from '../support/paid-orders.ts';
import { scriptedSupplier } from '../support/scripted-supplier.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

type Refused = { error: { code: string } };

describe('methods of delivery, on real parts', function () {
  this.timeout(60_000);
  let system: System;
  let shop: Buying;
  const topups = scriptedSupplier('topups', { topUp: true });
  let fake: FakeFulu;
  let store: FakeObjectStore;

  before(async () => {
    await testBrowser();
    fake = await startFakeFulu({ port: 0 });
    fake.stock('10000001', 80);
    store = await startFakeObjectStore({ port: 0 });
    store.put('packs/礼包 1.zip', 'PACK-1');
    const { address } = await testTemporal();
    system = await startSystem({
      temporal: address,
      reach: [fake.url, store.url],
      suppliers: new Map([...suppliers, [topups.adapter.id, topups.adapter]]),
    });
    shop = buying(system);
  });
  after(async () => {
    await system.stop();
    await fake.close();
    await store.close();
  });

  const product = async (kind: string): Promise<string> => {
    const sku = await shop.product([]);
    await query(system, 'update products set kind = $2 where sku = $1', sku, kind);
    return sku;
  };
  const order = async (sku: string, body: object = {}, quantity = 1): Promise<PlacedOrder> => {
    const placed = await call<{ order: { orderNo: string }; payUrl: string; pickupUrl: string }>(
      `${system.base}/api/v1/orders`,
      {
        token: system.shop.apiKey,
        headers: { 'idempotency-key': randomUUID() },
        body: { sku, quantity, accountId: system.sandbox, ...body },
      },
    );
    const { orderNo } = placed.order;
    await system.notify(orderNo, { amountMinor: 100 * quantity });
    return { orderNo, payUrl: placed.payUrl, pickupUrl: placed.pickupUrl };
  };
  const goods = async ({ pickupUrl }: PlacedOrder): Promise<string[]> => {
    const pickup = await openPickup(system.base, pickupUrl);
    return until('goods', () => pickup.goods(), 15_000);
  };
  const waits = ({ orderNo }: PlacedOrder, code: string): Promise<true> =>
    until(code, async () => ((await system.shop.read(orderNo)).failureCode === code ? true : undefined), 15_000);
  const setLink = (sku: string, body: object, expect?: number): Promise<Refused & { link: { host: string } }> =>
    shop.api(`products/${sku}/link`, { method: 'PUT', body: { mode: 'test', signed: false, validMinutes: null, maxDownloads: null, ...body }, ...(expect !== undefined && { expect }) }); // prettier-ignore

  it('B2: a plain link is delivered like a key, to many buyers, and never lies in clear in the database', async () => {
    const sku = await product('link');
    const address = 'https://files.example.com/pack.zip?v=1';
    const set = await setLink(sku, { address });
    assert.equal(set.link.host, 'files.example.com');
    for (let i = 0; i < 2; i++) assert.deepEqual(await goods(await order(sku, {}, 2)), [address]);
    const rows = await query<{ t: string }>(system, `select target::text as t from product_links`);
    assert.ok(rows.every(({ t }) => !t.includes(Buffer.from('files.example').toString('hex'))));
  });

  it('B2: what cannot be sold as a link is refused, and a product without its link waits for people', async () => {
    const sku = await product('link');
    for (const address of [
      'http://files.example.com/x',
      'https://u:p@files.example.com/x',
      'javascript:alert(1)',
      'x',
    ]) {
      assert.equal((await setLink(sku, { address }, 400)).error.code, 'LINK_INVALID');
    }
    await waits(await order(sku), 'LINK_MISSING');
  });

  it('B2: a signed link counts and closes; looking counts nothing; ten at once pass a limit of two twice; staff open it again', async () => {
    const sku = await product('link');
    await setLink(sku, {
      address: 'https://files.example.com/signed.zip',
      signed: true,
      validMinutes: 60,
      maxDownloads: 2,
    });
    const placed = await order(sku);
    const [door = ''] = await goods(placed);
    assert.match(door, /\/d\/[\w-]{22}$/);
    const url = `${system.base}/d/${door.split('/d/')[1] ?? ''}`;
    for (let i = 0; i < 3; i++) {
      const look = await fetch(url);
      assert.equal(look.status, 200);
      assert.ok(!(await look.text()).includes('files.example.com'));
      assert.match(look.headers.get('cache-control') ?? '', /no-store/);
    }
    const tries = await Promise.all(
      Array.from({ length: 10 }, () => fetch(url, { method: 'POST', redirect: 'manual' })),
    );
    const passed = tries.filter((t) => t.status === 303);
    assert.equal(passed.length, 2);
    assert.equal(passed[0]?.headers.get('location'), 'https://files.example.com/signed.zip');
    assert.ok(tries.every((t) => t.status === 303 || t.status === 410));
    await shop.api(`orders/${placed.orderNo}/link/renew`, { body: { validMinutes: 1, maxDownloads: 1 } });
    assert.equal((await fetch(url, { method: 'POST', redirect: 'manual' })).status, 303);
    await shop.api(`orders/${placed.orderNo}/link/renew`, { body: { validMinutes: 1, maxDownloads: null } });
    await query(system, `update order_links set expires_at = now() - interval '1 second'`);
    assert.equal(((await (await fetch(url)).json()) as Refused).error.code, 'LINK_EXPIRED');
    assert.equal((await fetch(`${system.base}/d/${'A'.repeat(22)}`)).status, 404);
  });

  it('B2: a file in an object store: our door counts and expires, each download gets an address signed for minutes that the store itself verifies', async () => {
    const sku = await product('link');
    const { id } = await shop.api<{ id: number }>('object-stores', { body: { mode: 'test', name: randomUUID(), config: store.config } }); // prettier-ignore
    const tried = await shop.api<{ found: boolean }>(`object-stores/${id}/check`, {
      body: { key: 'packs/礼包 1.zip' },
    });
    assert.equal(tried.found, true);
    const missing = await shop.api<{ found: boolean; status: number }>(`object-stores/${id}/check`, { body: { key: 'no' } }); // prettier-ignore
    assert.deepEqual([missing.found, missing.status], [false, 404]);
    const link = { address: 'packs/礼包 1.zip', storeId: id, signed: true, validMinutes: 60, maxDownloads: 2 };
    assert.equal((await setLink(sku, { ...link, signed: false }, 400)).error.code, 'LINK_INVALID');
    assert.equal((await setLink(sku, { ...link, mode: 'live' }, 404)).error.code, 'STORE_NOT_FOUND');
    await setLink(sku, link);
    const placed = await order(sku);
    const [door = ''] = await goods(placed);
    const url = `${system.base}/d/${door.split('/d/')[1] ?? ''}`;
    const before = store.served.length;
    const tries = await Promise.all(Array.from({ length: 6 }, () => fetch(url, { method: 'POST' })));
    const passed = tries.filter((t) => t.ok);
    assert.equal(passed.length, 2, 'six at once pass a limit of two twice');
    for (const one of passed) assert.equal(await one.text(), 'PACK-1');
    assert.equal(store.served.length, before + 2);
    const [address = ''] = passed.map((one) => one.url);
    store.now = () => new Date(Date.now() + 301_000);
    assert.equal((await fetch(address)).status, 403, 'passed on, it is of no use in five minutes');
    store.now = () => new Date();
    const used = await fetch(url, { headers: { accept: 'text/html' } });
    assert.equal(used.status, 410);
    assert.match(await used.text(), /下载次数已用完/);
    // Neither the secret nor the object lies in clear, and the form shows the secret masked.
    const { stores } = await shop.api<{ stores: { id: number; config: Record<string, string>; products: number }[] }>('object-stores'); // prettier-ignore
    const shown = stores.find((s) => s.id === id);
    assert.deepEqual([shown?.config['secretAccessKey'], shown?.products], ['••••••', 1]);
    const rows = await query<{ t: string }>(system, 'select config::text as t from object_stores union all select target::text from order_links'); // prettier-ignore
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    assert.ok(
      rows.every(({ t }) => !t.includes(hex(store.config['secretAccessKey'] ?? '-')) && !t.includes(hex('packs/'))),
    );
  });

  it('B2: in a real browser the button ends at the file, across sites', async function () {
    this.timeout(90_000);
    const sku = await product('link');
    const { id } = await shop.api<{ id: number }>('object-stores', { body: { mode: 'test', name: randomUUID(), config: store.config } }); // prettier-ignore
    await setLink(sku, { address: 'packs/礼包 1.zip', storeId: id, signed: true, validMinutes: 60, maxDownloads: 1 });
    const [door = ''] = await goods(await order(sku));
    const buyer = await newPerson({ phone: true });
    await buyer.page.goto(`${system.base}/d/${door.split('/d/')[1] ?? ''}`);
    const arriving = buyer.page.waitForEvent('download');
    await buyer.click(buyer.page.getByRole('button', { name: /下载/ }));
    const file = await arriving;
    assert.equal(file.suggestedFilename(), '礼包 1.zip');
    assert.deepEqual(buyer.complaints, []);
    await buyer.page.reload();
    await buyer.page.getByText('下载次数已用完').first().waitFor();
    await buyer.context.close();
  });

  it('rule 13: no link leaves while the switch is off', async () => {
    const sku = await product('link');
    await setLink(sku, { address: 'https://files.example.com/off.zip' });
    await setAutoDelivery(system.parts.pool, false, actors.opsToken);
    const placed = await order(sku);
    await waits(placed, 'AUTO_DELIVERY_OFF');
    await setAutoDelivery(system.parts.pool, true, actors.opsToken);
    assert.equal((await goods(placed)).length, 1);
  });

  it('B6: a top-up asks for the account by the pattern of the product, and the buyer gets a receipt', async () => {
    const sku = await product('topup');
    const supplierId = await shop.supplier('topups', { key: 'k' });
    await shop.api(`products/${sku}/sources`, { method: 'PUT', body: { poolUse: 'first', sources: [{ supplierId, supplierSku: 'T' }] } }); // prettier-ignore
    const rule = { labelZh: '手机号', labelEn: 'Phone', pattern: '1[3-9][0-9]{9}', example: '13800138000' };
    await shop.api(`products/${sku}/topup`, { method: 'PUT', body: rule });
    const bad = await shop.api<Refused>(`products/${sku}/topup`, { method: 'PUT', body: { ...rule, example: '1' }, expect: 400 }); // prettier-ignore
    assert.equal(bad.error.code, 'TOPUP_INVALID');
    const refused = async (body: object): Promise<string> => (
      await call<Refused>(`${system.base}/api/v1/orders`, { token: system.shop.apiKey, headers: { 'idempotency-key': randomUUID() }, body: { sku, accountId: system.sandbox, ...body }, expect: 400 })
    ).error.code; // prettier-ignore
    assert.equal(await refused({}), 'TARGET_MISSING');
    assert.equal(await refused({ account: '12345' }), 'TARGET_INVALID');
    // Never out of the pool, whatever lies there.
    await system.shop.addCards(sku, [randomUUID()]);
    const [receipt = ''] = await goods(await order(sku, { account: '13912345678' }, 3));
    assert.match(receipt, /^充值成功 · Topped up: 139\*\*\*\*78 \(M\w+P1\)$/);
    assert.deepEqual(topups.targets, ['13912345678']);
    const rows = await query<{ t: string }>(system, 'select o::text as t from orders o where target is not null');
    assert.ok(rows.length > 0 && rows.every(({ t }) => !t.includes('13912345678')));
  });

  it('B6: a supplier that takes no accounts is never sent a top-up', async () => {
    const sku = await product('topup');
    const supplierId = await shop.supplier('acg-faka', {
      site: 'https://up.example.com',
      appId: '1',
      appKey: 'abcdefgh',
    });
    await shop.api(`products/${sku}/sources`, { method: 'PUT', body: { poolUse: 'first', sources: [{ supplierId, supplierSku: 'T' }] } }); // prettier-ignore
    await waits(await order(sku, { account: 'x' }), 'NO_SOURCE');
  });

  describe('B6: a top-up through a real protocol (福禄), whose result comes later', () => {
    let supplierId = 0;
    before(async () => {
      supplierId = await shop.supplier('fulu', { gateway: fake.url, ...fakeFuluLogin });
    });
    const qq = async (): Promise<string> => {
      const sku = await product('topup');
      await shop.api(`products/${sku}/sources`, { method: 'PUT', body: { poolUse: 'first', sources: [{ supplierId, supplierSku: '10000001', options: { charge_type: 'Q币' } }] } }); // prettier-ignore
      await shop.api(`products/${sku}/topup`, { method: 'PUT', body: { labelZh: 'QQ号', labelEn: 'QQ', pattern: '[1-9][0-9]{4,10}', example: '10001' } }); // prettier-ignore
      return sku;
    };
    const soon = ({ orderNo }: PlacedOrder): Promise<unknown> =>
      query(system, `update purchases set next_ask_at = now() where order_id = (select id from orders where no = $1)`, orderNo); // prettier-ignore
    const of = ({ orderNo }: PlacedOrder) => fake.orders.filter((o) => o.ref.startsWith(orderNo));

    it('taken, asked about until it is done, and the buyer gets a receipt with the account masked', async () => {
      fake.becomes = 'processing';
      const placed = await order(await qq(), { account: '123456789' }, 2);
      await until('the order', () => Promise.resolve(of(placed)[0]), 15_000);
      assert.deepEqual(of(placed).map((o) => [o.account, o.num]), [['123456789', 2]]); // prettier-ignore
      fake.settle(of(placed)[0]?.ref ?? '', 'success');
      const [receipt = ''] = await goods(placed);
      assert.match(receipt, /^充值成功 · Topped up: 123\*\*\*\*89/);
      assert.equal(of(placed).length, 1);
      fake.becomes = 'success';
    });

    it('the answer lost after it was taken: found by our number, never ordered twice', async () => {
      fake.misbehave('drop-after', 1);
      const placed = await order(await qq(), { account: '20000' });
      await goods(placed);
      assert.equal(of(placed).length, 1);
    });

    it('given up by the supplier: surely not done, tried again by the policy under a new number, then done', async () => {
      fake.becomes = 'failed';
      const placed = await order(await qq(), { account: '30000' });
      await until('the first try', () => Promise.resolve(of(placed)[0]), 15_000);
      fake.becomes = 'success';
      await goods(placed);
      assert.deepEqual(of(placed).map((o) => o.state), ['failed', 'success']); // prettier-ignore
      assert.equal(new Set(of(placed).map((o) => o.ref)).size, 2);
    });

    it('C4: what no supplier can do is done by hand: one line stands for all pieces, and the same words serve many buyers', async () => {
      fake.misbehave('no-stock');
      const sku = await qq();
      for (const account of ['40000', '50000']) {
        const placed = await order(sku, { account }, 3);
        await waits(placed, 'SUPPLIER_NO_STOCK');
        await shop.api(`orders/${placed.orderNo}/actions`, { body: { id: randomUUID(), kind: 'deliver_by_hand', goods: ['已人工充值'], note: '' } }); // prettier-ignore
        assert.deepEqual(await goods(placed), ['已人工充值']);
      }
      fake.misbehave(undefined);
    });

    it('rule 5: closed while the supplier works on it: nothing comes of its success but the record', async () => {
      fake.becomes = 'processing';
      const placed = await order(await qq(), { account: '60000' });
      await until('the order', () => Promise.resolve(of(placed)[0]), 15_000);
      await shop.api(`orders/${placed.orderNo}/actions`, { body: { id: randomUUID(), kind: 'close', note: '' } });
      fake.settle(of(placed)[0]?.ref ?? '', 'success');
      await soon(placed);
      const state = (): Promise<{ state: string }[]> => query(system, 'select p.state from purchases p join orders o on o.id = p.order_id where o.no = $1', placed.orderNo); // prettier-ignore
      await until('its end', async () => ((await state())[0]?.state === 'delivered' ? true : undefined), 20_000, 50);
      assert.equal((await system.shop.read(placed.orderNo)).state, 'closed');
      fake.becomes = 'success';
    });
  });

  it('C4: a product that is delivered by hand goes to people at once', async () => {
    const placed = await order(await product('manual'));
    await waits(placed, 'MANUAL_DELIVERY');
    await shop.api(`orders/${placed.orderNo}/actions`, { body: { id: randomUUID(), kind: 'deliver_by_hand', goods: ['BY-HAND-1'], note: '' } }); // prettier-ignore
    assert.deepEqual(await goods(placed), ['BY-HAND-1']);
  });
});
