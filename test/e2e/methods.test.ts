import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { actors } from '../../db/locks.ts';
import { suppliers } from '../../integrations/suppliers/registry.ts';
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

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({
      temporal: address,
      suppliers: new Map([...suppliers, [topups.adapter.id, topups.adapter]]),
    });
    shop = buying(system);
  });
  after(() => system.stop());

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

  it('C4: a product that is delivered by hand goes to people at once', async () => {
    const placed = await order(await product('manual'));
    await waits(placed, 'MANUAL_DELIVERY');
    await shop.api(`orders/${placed.orderNo}/actions`, { body: { id: randomUUID(), kind: 'deliver_by_hand', goods: ['BY-HAND-1'], note: '' } }); // prettier-ignore
    assert.deepEqual(await goods(placed), ['BY-HAND-1']);
  });
});
