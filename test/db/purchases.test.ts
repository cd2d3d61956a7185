import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FaultPoint } from '../../activities/deps.ts';
import { actors } from '../../db/locks.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import type { FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { settleOrphans } from '../../worker/loops/purchases.ts';
import { startBuying, type Buying } from '../support/buying.ts';
import { query } from '../support/paid-orders.ts';
import { scriptedSupplier } from '../support/scripted-supplier.ts';
import type { System } from '../support/system.ts';

describe('purchases at suppliers', function () {
  this.timeout(120_000);
  let stage: Awaited<ReturnType<typeof startBuying>>;
  let system: System;
  let fake: FakeSupplier;
  let shop: Buying;
  let acg = 0;
  const asked = scriptedSupplier('asked');
  const slow = scriptedSupplier('slow', { readsYourWrites: false });
  const plain = scriptedSupplier('plain', { idempotency: 'none' });
  let fault: (point: FaultPoint) => Promise<void> | void = () => undefined;

  before(async () => {
    stage = await startBuying([asked, slow, plain], (point) => fault(point));
    ({ system, fake, shop, acg } = stage);
  });
  after(() => stage.stop());
  beforeEach(async () => {
    fault = () => undefined;
    fake.misbehave(undefined);
    await query(system, 'update supplier_accounts set breaker_failures = 0, breaker_level = 0, breaker_until = null');
  });
  const key = { key: 'k' };

  describe('sources', () => {
    it('B3 B4: an empty pool is filled by one purchase, whose keys are sealed, stored and delivered like any other', async () => {
      const sku = await shop.product([{ supplierId: acg, unitCeilingMinor: 80, pattern: '[A-Z0-9-]+' }]);
      const id = await shop.order(sku, 3);
      const before = fake.sales.length;
      const end = await shop.run(id);
      assert.ok('next' in end && end.next === 'end' && end.state === 'delivered', JSON.stringify(end));
      assert.equal(fake.sales.length, before + 1);
      const sale = fake.sales.at(-1);
      assert.deepEqual((await shop.goods(id)).sort(), sale?.secret.split('\n').sort());
      assert.equal(sale?.requestNo, `${await shop.no(id)}P1`);
      const [row] = await query<{ source: string; cost: number }>(
        system,
        `select b.source, p.cost_minor as cost from card_batches b join purchases p on p.id = b.purchase_id where p.order_id = $1`,
        id,
      );
      assert.deepEqual(row, { source: 'supplier', cost: 240 });
      const { rows } = await system.parts.pool.query<{ t: string }>(`select (c.*)::text as t from cards c where order_id = $1`, [id]); // prettier-ignore
      assert.ok(
        rows.every((r) => !r.t.includes('UP-1-')),
        'no key in clear in the database',
      );
    });

    it('B3: own pool first where wanted, last where wanted, never where wanted', async () => {
      const bought = async (poolUse: string): Promise<boolean> => {
        const sku = await shop.product([{ supplierId: acg }], poolUse);
        await system.shop.addCards(sku, [randomUUID()]);
        const before = fake.sales.length;
        const id = await shop.order(sku);
        const end = await shop.run(id);
        assert.ok('next' in end && end.next === 'end');
        return fake.sales.length > before;
      };
      assert.equal(await bought('first'), false);
      assert.equal(await bought('last'), true);
      assert.equal(await bought('never'), true);
      // The suppliers refuse: a pool that comes last serves, one that is never used does not.
      fake.misbehave('no-stock');
      assert.equal(await bought('last'), false);
      const sku = await shop.product([{ supplierId: acg }], 'never');
      await system.shop.addCards(sku, [randomUUID()]);
      assert.deepEqual(await shop.run(await shop.order(sku)), { failed: 'SUPPLIER_NO_STOCK', retry: true });
    });

    it('B3: the next supplier is asked after a sure refusal; the reason that time may cure is what people see', async () => {
      const other = await shop.supplier('asked', key);
      const sku = await shop.product([{ supplierId: acg }, { supplierId: other }]);
      fake.misbehave('no-balance');
      const id = await shop.order(sku);
      await shop.run(id);
      assert.deepEqual(await shop.states(id), ['refused', 'delivered']);
      asked.script = ['refuses'];
      fake.misbehave('unknown-product');
      const second = await shop.order(sku);
      assert.deepEqual(await shop.run(second), { failed: 'SUPPLIER_NO_STOCK', retry: true });
      assert.equal((await shop.state(second)).state, 'paid', 'the policy of the order tries again');
      fake.misbehave(undefined);
      await shop.run(second);
      assert.equal((await shop.state(second)).state, 'delivered');
    });

    it('B3: what never left this machine is refused, above the ceiling nothing is ordered, and without sources it is said', async () => {
      const away = await shop.supplier('acg-faka', { site: 'https://10.0.0.1', appId: '1', appKey: 'abcdefgh' });
      const silent = await shop.order(await shop.product([{ supplierId: away }]));
      assert.deepEqual(await shop.run(silent), { failed: 'SUPPLIER_SILENT', retry: true });
      const before = fake.attempts();
      const dear = await shop.order(await shop.product([{ supplierId: acg, unitCeilingMinor: 79 }]));
      assert.deepEqual(await shop.run(dear), { failed: 'SUPPLIER_PRICE', retry: false });
      assert.equal(fake.attempts(), before);
      const none = await shop.order(await shop.product([], 'never'));
      assert.deepEqual(await shop.run(none), { failed: 'NO_SOURCE', retry: false });
    });

    it('E7: a sick supplier is bypassed; when all are sick the order waits for its next try', async () => {
      const [sick, well] = [await shop.supplier('plain', key), await shop.supplier('asked', key)];
      await query(system, `update supplier_accounts set breaker_level = 1, breaker_until = now() + interval '1 minute' where id = $1`, sick); // prettier-ignore
      const before = plain.calls.place;
      const id = await shop.order(await shop.product([{ supplierId: sick }, { supplierId: well }]));
      await shop.run(id);
      assert.equal((await shop.state(id)).state, 'delivered');
      assert.equal(plain.calls.place, before);
      const alone = await shop.order(await shop.product([{ supplierId: sick }]));
      assert.deepEqual(await shop.run(alone), { failed: 'SUPPLIER_SICK', retry: true });
      // Its time is over: one purchase probes, and heals it.
      await query(system, `update supplier_accounts set breaker_until = now() where id = $1`, sick);
      await shop.run(alone);
      assert.equal((await shop.state(alone)).state, 'delivered');
      const [row] = await query<{ n: number }>(system, 'select breaker_level as n from supplier_accounts where id = $1', sick); // prettier-ignore
      assert.equal(row?.n, 0);
    });

    it('B3: not more purchases at once than the supplier allows; the others wait a second and nobody is told', async () => {
      const one = await shop.supplier('plain', key, { maxParallel: 1 });
      const sku = await shop.product([{ supplierId: one }]);
      const ids = [await shop.order(sku), await shop.order(sku)];
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let first = true;
      let reached: () => void = () => undefined;
      const there = new Promise<void>((resolve) => (reached = resolve));
      fault = async (point) => {
        if (point !== 'purchase:begun' || !first) return;
        first = false;
        reached();
        await held;
      };
      const running = shop.run(ids[0] ?? 0);
      await there;
      const busy = await shop.run(ids[1] ?? 0);
      assert.ok('next' in busy && busy.next === 'wait' && busy.code === 'SUPPLIER_BUSY');
      release();
      await running;
      await shop.run(ids[1] ?? 0);
      for (const id of ids) assert.equal((await shop.state(id)).state, 'delivered');
    });

    it('rule 13: with the switch off nothing is bought; what was on the wire is kept and shown when it is on again', async () => {
      const sku = await shop.product([{ supplierId: acg }]);
      const id = await shop.order(sku);
      fault = async (point) => {
        if (point === 'purchase:answered') await setAutoDelivery(system.parts.pool, false, actors.opsToken);
      };
      await shop.run(id);
      assert.deepEqual(await shop.states(id), ['delivered']);
      assert.deepEqual(await shop.state(id), { state: 'attention', failureCode: 'AUTO_DELIVERY_OFF' });
      assert.deepEqual(await shop.goods(id), []);
      const before = fake.attempts();
      const other = await shop.order(await shop.product([{ supplierId: acg }], 'never'));
      assert.deepEqual(await shop.run(other), { failed: 'AUTO_DELIVERY_OFF', retry: false });
      assert.equal(fake.attempts(), before);
      fault = () => undefined;
      await setAutoDelivery(system.parts.pool, true, actors.opsToken);
      await query(system, `update orders set state = 'paid', failure_code = null where id = $1 and state = 'attention'`, id); // prettier-ignore
      await shop.run(id);
      assert.equal((await shop.goods(id)).length, 1);
      assert.equal(fake.attempts(), before, 'and not bought again');
    });
  });

  describe('unknown outcomes', () => {
    for (const trouble of ['drop-before', 'drop-after', 'error-after', 'html-after', 'half', 'redirect'] as const) {
      it(`B3: ${trouble} at a supplier that cannot be asked goes to a person, is never bought again, and no other supplier is asked`, async () => {
        const other = await shop.supplier('asked', key);
        const calls = asked.calls.place;
        const id = await shop.order(await shop.product([{ supplierId: acg }, { supplierId: other }]));
        fake.misbehave(trouble, 1);
        const before = fake.attempts();
        for (let i = 0; i < 3; i++) {
          const end = await shop.run(id);
          assert.ok('next' in end && end.next === 'wait' && end.code === 'PURCHASE_UNKNOWN', JSON.stringify(end));
          // Also when staff press retry.
          if (i === 1) await query(system, `update orders set state = 'paid', failure_code = null where id = $1`, id);
        }
        assert.equal(fake.attempts(), before + 1);
        assert.equal(asked.calls.place, calls);
        assert.deepEqual(await shop.states(id), ['unknown']);
      });
    }

    it('B3: a lost answer is asked for by our reference; found goods are delivered, and bought once', async () => {
      const sku = await shop.product([{ supplierId: await shop.supplier('asked', key) }]);
      const id = await shop.order(sku, 2);
      asked.script = ['lost-after'];
      const sales = asked.sold.size;
      const first = await shop.run(id);
      assert.ok(
        'next' in first && first.next === 'wait' && first.code === 'PURCHASE_CHECKING' && first.state === 'paid',
      );
      assert.ok(first.forMs <= 2_000);
      assert.equal((await query(system, 'select from tasks where order_id = $1', id)).length, 0, 'nobody is told yet');
      await shop.due(id);
      await shop.run(id);
      assert.equal((await shop.goods(id)).length, 2);
      assert.equal(asked.sold.size, sales + 1);
    });

    it('B3: a supplier that reads its own writes is believed at once; the purchase goes out again under the same reference', async () => {
      const id = await shop.order(await shop.product([{ supplierId: await shop.supplier('asked', key) }]));
      asked.script = ['lost-before'];
      await shop.run(id);
      await shop.due(id);
      await shop.run(id);
      assert.equal((await shop.state(id)).state, 'delivered');
      const all = await shop.purchases(id);
      assert.deepEqual(all.map((p) => p.state), ['delivered']); // prettier-ignore
      assert.ok(asked.sold.has(all[0]?.ref ?? ''));
    });

    it('B3: other suppliers are believed only if they said so twice, ten minutes apart', async () => {
      const id = await shop.order(await shop.product([{ supplierId: await shop.supplier('slow', key) }]));
      slow.script = ['lost-before'];
      await shop.run(id);
      const before = slow.calls.place;
      for (let i = 0; i < 3; i++) {
        await shop.due(id);
        const end = await shop.run(id);
        assert.ok('next' in end && end.next === 'wait' && end.code === 'PURCHASE_CHECKING');
      }
      assert.equal(slow.calls.place, before);
      await query(system, `update purchases set absent_since = now() - interval '10 minutes' where order_id = $1`, id);
      await shop.due(id);
      await shop.run(id);
      assert.equal((await shop.state(id)).state, 'delivered');
      assert.equal(slow.calls.place, before + 1);
    });

    it('B3: without a reference that the supplier knows, absence does not buy again there', async () => {
      const id = await shop.order(await shop.product([{ supplierId: await shop.supplier('plain', key) }]));
      plain.script = ['lost-before'];
      await shop.run(id);
      const before = plain.calls.place;
      await shop.due(id);
      const end = await shop.run(id);
      assert.ok('failed' in end, JSON.stringify(end));
      assert.equal(plain.calls.place, before);
      assert.deepEqual(await shop.states(id), ['absent']);
    });

    it('B3: a supplier that stays silent is asked at growing pauses, and after an hour a person decides', async () => {
      const id = await shop.order(await shop.product([{ supplierId: await shop.supplier('asked', key) }]));
      asked.script = ['lost-after'];
      asked.mute = true;
      const pauses: number[] = [];
      for (let i = 0; i < 4; i++) {
        const end = await shop.run(id);
        assert.ok('next' in end && end.next === 'wait' && end.code === 'PURCHASE_CHECKING');
        pauses.push(end.forMs);
        await shop.due(id);
      }
      assert.deepEqual(
        pauses,
        [...pauses].sort((a, b) => a - b),
      );
      await query(system, `update purchases set placed_at = now() - interval '61 minutes' where order_id = $1`, id);
      await shop.run(id);
      assert.deepEqual(await shop.state(id), { state: 'attention', failureCode: 'PURCHASE_UNKNOWN' });
      // It is still asked, and the order goes on by itself when the answer comes.
      asked.mute = false;
      await shop.due(id);
      await settleOrphans(system.parts.steps);
      assert.equal((await shop.state(id)).state, 'paid');
      await shop.run(id);
      assert.equal((await shop.goods(id)).length, 1);
    });

    it('B3: what was accepted is fetched when it is there, and nobody buys it again meanwhile', async () => {
      const id = await shop.order(await shop.product([{ supplierId: acg }]));
      fake.misbehave('later', 1);
      const before = fake.attempts();
      const first = await shop.run(id);
      assert.ok('next' in first && first.next === 'wait' && first.code === 'PURCHASE_PENDING');
      await shop.due(id);
      await shop.run(id);
      fake.fulfil(fake.sales.at(-1)?.tradeNo ?? '');
      await shop.due(id);
      await shop.run(id);
      assert.deepEqual(await shop.goods(id), [fake.sales.at(-1)?.secret]);
      assert.equal(fake.attempts(), before + 1);
    });

    it('rule 4: two runs at once make one call, and both end with the same goods', async () => {
      for (let round = 0; round < 10; round++) {
        const id = await shop.order(await shop.product([{ supplierId: acg }]));
        const before = fake.attempts();
        await Promise.all([shop.run(id), shop.run(id), shop.run(id)]);
        await shop.run(id);
        assert.equal(fake.attempts(), before + 1);
        assert.equal((await shop.goods(id)).length, 1);
      }
    });

    it('rule 4: a call whose process is believed dead still counts when its answer comes', async () => {
      const id = await shop.order(await shop.product([{ supplierId: acg }]));
      let again = true;
      fault = async (point) => {
        if (point !== 'purchase:answered' || !again) return;
        again = false;
        await query(system, `update purchases set placed_at = now() - interval '20 seconds' where order_id = $1`, id);
        const end = await shop.run(id);
        assert.ok('next' in end && end.next === 'wait' && end.code === 'PURCHASE_UNKNOWN');
      };
      const before = fake.attempts();
      await shop.run(id);
      assert.deepEqual(await shop.states(id), ['delivered']);
      assert.equal(fake.attempts(), before + 1);
    });
  });

  describe('what comes in place of keys', () => {
    for (const [trouble, quantity, problem] of [
      ['apology', 1, 'sentence'],
      ['wait', 1, 'sentence'],
      ['short', 3, 'count'],
      ['long', 2, 'count'],
      ['repeat', 1, 'seen'],
    ] as const) {
      it(`B4: ${trouble} is held for review and shown to nobody`, async () => {
        const sku = await shop.product([{ supplierId: acg }]);
        // A key of this product that the supplier may repeat.
        await shop.run(await shop.order(sku));
        const id = await shop.order(sku, quantity);
        fake.misbehave(trouble, 1);
        const end = await shop.run(id);
        assert.ok('next' in end && end.next === 'wait' && end.code === 'PURCHASE_REVIEW', JSON.stringify(end));
        const [row] = await query<{ problems: { problem: string }[]; held: Buffer }>(system, 'select problems, held from purchases where order_id = $1', id); // prettier-ignore
        assert.ok(row);
        assert.ok(
          row.problems.some((p) => p.problem === problem),
          JSON.stringify(row.problems),
        );
        assert.ok(!row.held.includes('UP-1'), 'sealed');
        assert.deepEqual(await shop.goods(id), []);
      });
    }

    it('B4: what does not fit the pattern of the source is held, and so is everything if the pattern is broken', async () => {
      const id = await shop.order(await shop.product([{ supplierId: acg, pattern: '[0-9]{16}' }]));
      await shop.run(id);
      assert.deepEqual(await shop.states(id), ['review']);
      await query(system, `update product_sources set pattern = '(' where pattern is not null`);
      const other = await shop.order(await shop.product([{ supplierId: acg }]));
      await query(system, `update product_sources s set pattern = '(' from orders o where o.id = $1 and s.product_id = o.product_id`, other); // prettier-ignore
      await shop.run(other);
      assert.deepEqual(await shop.states(other), ['review']);
    });
  });
});
