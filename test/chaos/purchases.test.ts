import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FaultPoint } from '../../activities/deps.ts';
import { until, type PlacedOrder } from '../../dev/client.ts';
import { startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { buying, type Buying } from '../support/buying.ts';
import { query } from '../support/paid-orders.ts';
import { forkWorker, type TestWorker } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

/** How often the worker is killed; 100 for a whole run. */
const kills = Number(process.env['KILLS'] ?? 4);
const points: readonly FaultPoint[] = ['purchase:begun', 'purchase:answered', 'purchase:settled', 'advance:before-commit', 'advance:after-commit']; // prettier-ignore

describe('a worker is killed with SIGKILL in the middle of purchases', function () {
  this.timeout(120_000 + kills * 45_000);
  let system: System;
  let fake: FakeSupplier;
  let shop: Buying;
  let worker: TestWorker | undefined;

  before(async () => {
    fake = await startFakeSupplier({ port: 0 });
    fake.stock('UP-1', 80);
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false, reach: [fake.url] });
    shop = buying(system);
  });
  after(async () => {
    await worker?.kill();
    await system.stop();
    await fake.close();
  });

  it(`I5: killed ${kills} times: each order is bought once, nothing is lost, and every key goes to one buyer`, async () => {
    const sku = await shop.product([{ supplierId: await shop.acg(fake, { maxParallel: 50 }) }]);
    const orders: PlacedOrder[] = [];
    const pay = async (): Promise<void> => {
      const order = await system.shop.order({ sku, accountId: system.sandbox });
      await system.notify(order.orderNo);
      orders.push(order);
    };
    for (let i = 0; i < kills; i++) {
      const dying = await forkWorker(system, { at: points[i % points.length] ?? 'purchase:begun', signal: 'SIGKILL' });
      worker = dying;
      await Promise.all([pay(), pay(), pay()]);
      await dying.struck();
      await dying.gone;
    }
    worker = await forkWorker(system);

    /** A person who looks into the order list of the supplier and says the truth. */
    const answerAll = async (): Promise<void> => {
      const { purchases } = await shop.api<{ purchases: { id: number; ref: string }[] }>(
        'purchases?state=unknown&limit=200',
      );
      for (const { id, ref } of purchases) {
        const sale = fake.sales.find((s) => s.requestNo === ref);
        const said = sale ? { answer: 'sold', supplierRef: sale.tradeNo } : { answer: 'not_sold' };
        // Somebody else may have been faster: the story itself.
        await shop.api(`purchases/${id}/answer`, { body: { id: randomUUID(), ...said } }).catch(() => undefined);
      }
    };
    const shown = new Map<string, string[]>();
    await until(
      'all goods',
      async () => {
        await answerAll();
        for (const order of orders) {
          if (shown.has(order.orderNo)) continue;
          const [row] = await query<{ id: number }>(system, 'select id from orders where no = $1', order.orderNo);
          const found = await shop.goods(row?.id ?? 0);
          if (found.length > 0) shown.set(order.orderNo, found);
        }
        return shown.size === orders.length ? true : undefined;
      },
      60_000 + kills * 3_000,
      500,
    );
    for (const order of orders) {
      const sales = fake.sales.filter((sale) => sale.requestNo.startsWith(order.orderNo));
      assert.equal(sales.length, 1, `${order.orderNo} was bought ${sales.length} times`);
      assert.deepEqual(shown.get(order.orderNo), [sales[0]?.secret]);
    }
    assert.equal(fake.sales.length, orders.length);
    assert.equal(new Set([...shown.values()].flat()).size, orders.length);
    assert.equal(await shop.pool(sku), 0);
  });
});
