import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openPickup, until } from '../../dev/client.ts';
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

  const pendingSteps = async (orderNo: string) =>
    (await system.link?.client?.workflow.getHandle(`order-${orderNo}`).describe())?.raw.pendingActivities ?? [];

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
