import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { buying, type Buying } from '../support/buying.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

interface View {
  purchase: {
    id: number;
    ref: string;
    state: string;
    supplierRef: string | null;
    problems: { line: number; problem: string }[];
  };
  orderState?: string | null;
}
type Refused = { error: { code: string; detail: { state?: string; last?: { by: string }; field?: string } } };

describe('bought at a supplier, on real parts', function () {
  this.timeout(90_000);
  let system: System;
  let fake: FakeSupplier;
  let shop: Buying;
  let acg = 0;

  before(async () => {
    fake = await startFakeSupplier({ port: 0 });
    fake.stock('UP-1', 80);
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, reach: [fake.url] });
    shop = buying(system);
    acg = await shop.acg(fake);
  });
  after(async () => {
    await system.stop();
    await fake.close();
  });
  beforeEach(() => fake.misbehave(undefined));

  const paid = async (sku: string, quantity = 1): Promise<PlacedOrder> => {
    const email = `${randomUUID()}@example.com`;
    const order = await system.shop.order({ sku, quantity, email, accountId: system.sandbox });
    await system.notify(order.orderNo, { amountMinor: 100 * quantity });
    return order;
  };
  const goods = async (order: PlacedOrder): Promise<string[]> => {
    const pickup = await openPickup(system.base, order.pickupUrl);
    return until('goods', () => pickup.goods(), 20_000);
  };
  const waits = (order: PlacedOrder, code: string): Promise<true> =>
    until(code, async () => ((await system.shop.read(order.orderNo)).failureCode === code ? true : undefined), 20_000);
  const open = async (order: PlacedOrder): Promise<View['purchase']> => {
    const { purchases } = await shop.api<{ purchases: View['purchase'][] }>(
      `purchases?orderNo=${order.orderNo}&state=open`,
    );
    const [purchase] = purchases;
    assert.ok(purchase);
    return purchase;
  };
  const answer = (id: number, body: object, expect?: number): Promise<View & Refused> =>
    shop.api(`purchases/${id}/answer`, {
      body: { id: randomUUID(), ...body },
      ...(expect !== undefined && { expect }),
    });

  it('B3 B4 B5: paid with an empty pool: bought, on the page and in the mail within seconds', async () => {
    const order = await paid(await shop.product([{ supplierId: acg }]), 2);
    const keys = await goods(order);
    assert.deepEqual(keys.sort(), fake.sales.at(-1)?.secret.split('\n').sort());
  });

  it('C1: a refusal is tried again by the policy of the order, then people get it with the exact reason', async () => {
    fake.misbehave('no-stock');
    const before = fake.attempts();
    const order = await paid(await shop.product([{ supplierId: acg }]));
    await waits(order, 'SUPPLIER_NO_STOCK');
    assert.equal(fake.attempts() - before, 2, 'first try and one retry');
    assert.equal(fake.sales.filter((s) => s.requestNo.startsWith(order.orderNo)).length, 0);
  });

  it('B3 C3: a lost answer waits for a person; "sold" with the number of the supplier fetches the keys', async () => {
    fake.misbehave('drop-after', 1);
    const order = await paid(await shop.product([{ supplierId: acg }]));
    await waits(order, 'PURCHASE_UNKNOWN');
    const purchase = await open(order);
    const sale = fake.sales.find((s) => s.requestNo === purchase.ref);
    assert.ok(sale, 'the supplier did sell');
    const action = { id: randomUUID(), answer: 'sold', supplierRef: sale.tradeNo };
    const said = await answer(purchase.id, action);
    assert.equal(said.orderState, 'delivered');
    assert.deepEqual(await goods(order), [sale.secret]);
    await answer(purchase.id, action); // the same again changes nothing
    const late = await answer(purchase.id, { answer: 'not_sold' }, 409);
    assert.equal(late.error.code, 'PURCHASE_STATE_CONFLICT');
    assert.equal(late.error.detail.last?.by, 'ops token');
    assert.equal(fake.sales.filter((s) => s.requestNo.startsWith(order.orderNo)).length, 1);
  });

  it('B3: "not sold" by mistake buys nothing twice: the same reference is refused by the supplier, and asked about again', async () => {
    fake.misbehave('drop-after', 1);
    const order = await paid(await shop.product([{ supplierId: acg }]));
    await waits(order, 'PURCHASE_UNKNOWN');
    const first = await open(order);
    const said = await answer(first.id, { answer: 'not_sold' });
    assert.equal(said.orderState, 'attention');
    const again = await open(order);
    assert.deepEqual([again.ref, again.state], [first.ref, 'unknown']);
    const sale = fake.sales.find((s) => s.requestNo === first.ref);
    assert.equal(fake.sales.filter((s) => s.requestNo.startsWith(order.orderNo)).length, 1);
    // Typed from the supplier's order list, with one that was ours before.
    const seen = await answer(again.id, { answer: 'sold', codes: [(await goods(await paid(await shop.product([{ supplierId: acg }]))))[0] ?? ''] }); // prettier-ignore
    assert.equal(seen.purchase.state, 'delivered', 'a key of another product is no duplicate');
    assert.ok(sale);
  });

  it('B3: "not sold" that is true goes on under the same reference', async () => {
    fake.misbehave('drop-before', 1);
    const order = await paid(await shop.product([{ supplierId: acg }]));
    await waits(order, 'PURCHASE_UNKNOWN');
    const purchase = await open(order);
    const said = await answer(purchase.id, { answer: 'not_sold' });
    assert.equal(said.orderState, 'delivered');
    assert.deepEqual(await goods(order), [fake.sales.find((s) => s.requestNo === purchase.ref)?.secret]);
  });

  it('B4: two of three keys: a person looks, accepts what came, and the rest is bought; never half is shown', async () => {
    fake.misbehave('short', 1);
    const order = await paid(await shop.product([{ supplierId: acg }]), 3);
    await waits(order, 'PURCHASE_REVIEW');
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.equal(await pickup.goods(), undefined);
    const purchase = await open(order);
    const { lines } = await shop.api<{ lines: string[] }>(`purchases/${purchase.id}/reveal`, { body: { reason: '核对短少' } }); // prettier-ignore
    assert.equal(lines.length, 2);
    const said = await answer(purchase.id, { answer: 'accept' });
    assert.equal(said.orderState, 'delivered');
    const keys = await goods(order);
    assert.equal(keys.length, 3);
    assert.ok(lines.every((line) => keys.includes(line)));
    assert.equal(fake.sales.at(-1)?.num, 1);
  });

  it('B4: an apology is rejected by a person; the reason stands at the order, and it goes on elsewhere', async () => {
    fake.misbehave('apology', 1);
    const sku = await shop.product([{ supplierId: acg }]);
    const order = await paid(sku);
    await waits(order, 'PURCHASE_REVIEW');
    const purchase = await open(order);
    assert.equal((await answer(purchase.id, { answer: 'accept' }, 400)).error.code, 'PURCHASE_ANSWER_INVALID');
    await answer(purchase.id, { answer: 'reject' });
    assert.equal((await goods(order)).length, 1);
    const { purchases } = await shop.api<{ purchases: { state: string; reason: string | null }[] }>(`purchases?orderNo=${order.orderNo}`); // prettier-ignore
    assert.deepEqual(purchases.map((p) => [p.state, p.reason]), [['delivered', null], ['refused', 'SUPPLIER_REJECTED']]); // prettier-ignore
  });

  it('B4: "please wait" in place of a key is fetched again when a person says so', async () => {
    fake.misbehave('wait', 1);
    const order = await paid(await shop.product([{ supplierId: acg }]));
    await waits(order, 'PURCHASE_REVIEW');
    const purchase = await open(order);
    fake.fulfil(purchase.supplierRef ?? '');
    assert.equal((await answer(purchase.id, { answer: 'refetch' })).orderState, 'delivered');
    assert.equal((await goods(order)).length, 1);
  });
});
