import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FaultPoint } from '../../activities/deps.ts';
import { until, type PlacedOrder } from '../../dev/client.ts';
import { buyerOf } from '../support/buyer-page.ts';
import { buying, type Buying } from '../support/buying.ts';
import { query } from '../support/paid-orders.ts';
import { forkWorker, type TestWorker } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

/** How many of the steps are tried; 5 for all. */
const steps = Number(process.env['CASE_KILLS'] ?? 1);
const all: readonly (readonly [FaultPoint, 'replace' | 'refund'])[] = [
  ['case:done', 'replace'],
  ['case:money-asked', 'refund'],
  ['case:begun', 'replace'],
  ['mail:accepted', 'replace'],
  ['case:done', 'refund'],
];

describe('a worker is killed with SIGKILL in the middle of a case', function () {
  this.timeout(60_000 + steps * 30_000);
  let system: System;
  let shop: Buying;
  let worker: TestWorker | undefined;
  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false });
    shop = buying(system);
  });
  afterEach(() => worker?.kill());
  after(() => system.stop());

  /** Delivered by hand, so that no worker has to be there before the case. */
  const delivered = async (sku: string, email: string): Promise<PlacedOrder> => {
    const order = await system.shop.order({ sku, email, accountId: system.sandbox });
    await system.notify(order.orderNo);
    await shop.api(`orders/${order.orderNo}/actions`, { body: { id: randomUUID(), kind: 'hand_over', note: '' } });
    await shop.api(`orders/${order.orderNo}/actions`, { body: { id: randomUUID(), kind: 'deliver_from_pool', note: 'x' } }); // prettier-ignore
    return order;
  };

  for (const [point, decision] of all.slice(0, steps)) {
    it(`I11 C3: ${decision}, killed at ${point}: done once, whoever goes on`, async () => {
      const sku = await shop.product([]);
      const keys = [randomUUID(), randomUUID(), randomUUID()];
      await system.shop.addCards(sku, keys);
      const email = `${randomUUID()}@example.com`;
      const order = await delivered(sku, email);
      const page = await buyerOf(system.base, order.orderNo, order.pickupUrl);
      const before = await page.goods();
      await page.at('cases', { kind: 'bad_key', text: 'x' });
      const [asked] = await page.cases();
      const dying = await forkWorker(system, { at: point, signal: 'SIGKILL' });
      worker = dying;
      await shop.api(`cases/${asked?.no ?? ''}/decision`, { body: { id: randomUUID(), decision } });
      await dying.struck();
      await dying.gone;
      worker = await forkWorker(system);
      await until(
        'the end of the case',
        async () => ((await page.cases())[0]?.outcome ? true : undefined),
        40_000,
        100,
      );
      const goods = await page.goods();
      const sold = await query<{ n: number }>(system, `select count(*)::int as n from cards c join orders o on o.id = c.order_id where o.no = $1 and c.state = 'sold'`, order.orderNo); // prettier-ignore
      assert.equal(sold[0]?.n, 1);
      if (decision === 'replace') {
        assert.equal(goods.length, 1);
        assert.notDeepEqual(goods, before);
        assert.equal(await shop.pool(sku), 1, 'one was given, one is void, one is left');
        const mails = await until('the mail', async () => {
          const found = (await system.mail.mails()).filter((m) => m.to.includes(email) && m.text.includes(goods[0] ?? '-'));
          return found.length > 0 ? found : undefined;
        }, 20_000, 50); // prettier-ignore
        assert.equal(new Set(mails.map((m) => m.messageId)).size, 1, 'copies of one mail at most');
      } else {
        assert.deepEqual(goods, before);
        const refunds = await query<{ state: string; amount: number }>(system, `select r.state, r.amount_minor as amount from refunds r join orders o on o.id = r.order_id where o.no = $1`, order.orderNo); // prettier-ignore
        assert.deepEqual(refunds, [{ state: 'done', amount: 100 }]);
        assert.equal(await shop.pool(sku), 2, 'a sold key never returns to sale');
      }
    });
  }
});
