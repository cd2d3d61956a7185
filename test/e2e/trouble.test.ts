import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openPickup, until } from '../../dev/client.ts';
import { query } from '../support/paid-orders.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('an order that cannot simply go through, on real parts', function () {
  this.timeout(60_000);
  let system: System;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address });
  });
  after(() => system.stop());

  /** None while the story has not begun: a notification is acknowledged before. */
  const pendingSteps = async (orderNo: string) =>
    (await system.link?.client?.workflow.getHandle(`order-${orderNo}`).describe().catch(() => undefined))?.raw.pendingActivities ?? []; // prettier-ignore

  const stateOf = async (orderNo: string): Promise<string> => (await system.shop.read(orderNo)).state;
  const reaches = (orderNo: string, state: string) =>
    until(state, async () => ((await stateOf(orderNo)) === state ? true : undefined), 15_000);
  /** A product that is delivered after 已确认. */
  async function confirmedProduct(confirmations: number): Promise<string> {
    const sku = `TRIGGER-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '确认后发货', priceMinor: 100 });
    await query(system, 'update products set trigger = $2 where sku = $1', sku, { when: 'confirmed', confirmations });
    return sku;
  }

  it('A2: an order that waits for 已确认 shows nothing, and goes out at a later, final notification', async () => {
    const sku = await confirmedProduct(0);
    const key = randomUUID();
    await system.shop.addCards(sku, [key]);
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    await reaches(order.orderNo, 'waiting_confirmation');
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.equal(await pickup.goods(), undefined);
    // The same notification again says nothing new, nor does a number of confirmations that nobody asked for.
    await system.notify(order.orderNo);
    await system.notify(order.orderNo, { confirmations: 50 });
    assert.equal(await stateOf(order.orderNo), 'waiting_confirmation');
    await system.notify(order.orderNo, { final: true });
    assert.deepEqual(await until('goods', () => pickup.goods(), 10_000), [key]);
  });

  it('A2: so many confirmations are enough, in any order, however often they are told', async () => {
    const sku = await confirmedProduct(6);
    await system.shop.addCards(sku, [randomUUID()]);
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo, { confirmations: 1 });
    await reaches(order.orderNo, 'waiting_confirmation');
    for (const confirmations of [5, 2, 5, 1]) await system.notify(order.orderNo, { confirmations });
    assert.equal(await stateOf(order.orderNo), 'waiting_confirmation');
    await Promise.all([6, 6, 7, 1].map((confirmations) => system.notify(order.orderNo, { confirmations })));
    await reaches(order.orderNo, 'delivered');
  });

  it('A2: a payment that is final at once is not made to wait', async () => {
    const sku = await confirmedProduct(6);
    await system.shop.addCards(sku, [randomUUID()]);
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo, { final: true });
    await reaches(order.orderNo, 'delivered');
  });

  it('rule 1 C3: a person ends the pause between two tries; the order does not wait for the interval', async () => {
    const sku = `SLOW-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({
      sku,
      name: '慢',
      priceMinor: 100,
      policy: { retries: 3, intervalMs: 3_600_000 },
    });
    const key = randomUUID();
    await system.shop.addCards(sku, [key]);
    const order = await system.shop.order({ sku, accountId: system.epay });
    await fetch(order.payUrl);
    system.gateway.misbehave(order.orderNo, 'unpaid');
    await system.gateway.pay(order.orderNo);
    await until(
      'the first try has failed',
      async () => ((await pendingSteps(order.orderNo)).some((step) => step.lastFailure) ? true : undefined),
      10_000,
      50,
    );
    system.gateway.misbehave(order.orderNo, undefined);
    await system.link?.client?.workflow.getHandle(`order-${order.orderNo}`).signal('wake');
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.deepEqual(await until('goods', () => pickup.goods(), 10_000), [key]);
  });
});
