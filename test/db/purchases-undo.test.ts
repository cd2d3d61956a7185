import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FaultPoint } from '../../activities/deps.ts';
import { applyAction } from '../../db/actions.ts';
import { freeHolds } from '../../db/holds.ts';
import { actors } from '../../db/locks.ts';
import type { FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { settleOrphans } from '../../worker/loops/purchases.ts';
import { startBuying, type Buying } from '../support/buying.ts';
import { query } from '../support/paid-orders.ts';
import { scriptedSupplier } from '../support/scripted-supplier.ts';
import type { System } from '../support/system.ts';

/** Compensation: what an order that ends before its goods came leaves behind. */
describe('purchases of orders that end meanwhile', function () {
  this.timeout(60_000);
  let stage: Awaited<ReturnType<typeof startBuying>>;
  let system: System;
  let fake: FakeSupplier;
  let shop: Buying;
  let acg = 0;
  const asked = scriptedSupplier('asked');
  const polite = scriptedSupplier('polite', { cancel: true });
  const topups = scriptedSupplier('topups', { topUp: true });
  let fault: (point: FaultPoint) => Promise<void> | void = () => undefined;

  before(async () => {
    stage = await startBuying([asked, polite, topups], (point) => fault(point));
    ({ system, fake, shop, acg } = stage);
  });
  after(() => stage.stop());
  beforeEach(() => {
    fault = () => undefined;
    fake.misbehave(undefined);
    polite.cancels = 'cancelled';
  });
  const key = { key: 'k' };

  const close = async (id: number): Promise<void> => {
    await applyAction(system.parts.pool, { id: randomUUID(), orderNo: await shop.no(id), kind: 'close', actorId: actors.opsToken, note: '' }); // prettier-ignore
  };

  it('I5 rule 5: keys that come after the order was closed lie in the pool, paid for and unsold', async () => {
    const sku = await shop.product([{ supplierId: acg }]);
    const id = await shop.order(sku, 2);
    fault = async (point) => {
      if (point === 'purchase:answered') await close(id);
    };
    await shop.run(id);
    assert.deepEqual(await shop.states(id), ['delivered']);
    assert.equal((await shop.state(id)).state, 'closed');
    assert.equal(await shop.pool(sku), 2);
    assert.deepEqual(await shop.goods(id), []);
  });

  it('rule 5: pieces that came and never showed go back to sale when the order is closed; after the release nothing does', async () => {
    const sku = await shop.product([{ supplierId: acg }]);
    const id = await shop.order(sku, 3);
    fake.misbehave('short', 1);
    await shop.run(id);
    const [purchase] = await shop.purchases(id);
    fake.misbehave('no-stock');
    await shop.api(`purchases/${purchase?.id ?? 0}/answer`, { body: { id: randomUUID(), answer: 'accept' } });
    const short = await shop.run(id);
    assert.ok('failed' in short && short.failed === 'SUPPLIER_NO_STOCK');
    assert.equal(await shop.pool(sku), 0, 'they are held for the order');
    assert.deepEqual(await shop.goods(id), [], 'and half is never shown');
    await close(id);
    assert.equal(await shop.pool(sku), 2);
    // The next buyer gets them out of the pool; from then on they are sold for ever.
    const next = await shop.order(sku, 2);
    await shop.run(next);
    assert.equal((await shop.goods(next)).length, 2);
    await assert.rejects(close(next));
    assert.equal(await shop.pool(sku), 0);
  });

  it('I5: nothing is ordered for an order that was closed before the call', async () => {
    const id = await shop.order(await shop.product([{ supplierId: await shop.supplier('asked', key) }]));
    const before = asked.calls.place;
    let commits = 0;
    fault = async (point) => {
      // Two looks at the order, then the plan.
      if (point === 'advance:after-commit' && ++commits === 3) await close(id);
    };
    await shop.run(id);
    assert.equal(asked.calls.place, before);
    assert.deepEqual(await shop.states(id), ['refused']);
  });

  it('I5: a purchase that was accepted for a closed order is settled by nobody’s story, into the pool', async () => {
    const sku = await shop.product([{ supplierId: await shop.supplier('asked', key) }]);
    const id = await shop.order(sku);
    asked.script = ['accepts'];
    await shop.run(id);
    await close(id);
    asked.fulfil();
    await shop.due(id);
    await settleOrphans(system.parts.steps);
    assert.equal(await shop.pool(sku), 1);
    assert.deepEqual(await shop.states(id), ['delivered']);
  });

  describe('called off at the supplier', () => {
    const told = (id: number): Promise<{ n: number }[]> =>
      query(system, `select count(*)::int as n from tasks where order_id = $1 and code = 'UNDO_FAILED' and closed_at is null`, id); // prettier-ignore
    /** An order whose goods are on their way at a supplier that can be told to stop. */
    const underWay = async (): Promise<{ id: number; sku: string }> => {
      const sku = await shop.product([{ supplierId: await shop.supplier('polite', key) }]);
      const id = await shop.order(sku);
      polite.script = ['accepts'];
      await shop.run(id);
      assert.deepEqual(await shop.states(id), ['accepted']);
      return { id, sku };
    };
    /** An order and its payment, refunded whole: the other way to end. */
    const refund = async (id: number): Promise<void> => {
      const no = await shop.no(id);
      const [payment] = await query<{ id: number }>(system, `with n as (insert into notifications (account_id, provider, source, method, headers, query, body, received_at, verdict) values ($2, 'sandbox', 'notify', 'POST', '{}', '', '', now(), 'accepted') returning id) insert into payments (account_id, trade_no, mode, order_id, order_no, amount_minor, currency, standing, notification_id, received_at) select $2, $1, 'test', $3, $1, 100, 'CNY', 'accepted', n.id, now() from n returning id`, no, system.sandbox, id); // prettier-ignore
      const body = { requestId: randomUUID(), reason: 'test' };
      await Promise.all([1, 2].map(() => shop.api(`payments/${payment?.id ?? 0}/refunds`, { body })));
    };

    for (const [how, end] of [['closed', close], ['refunded', refund]] as const) {
      it(`C3: ${how}: called off once, though looked at by two processes at once; nothing is bought, nothing lies in the pool`, async () => {
        const { id, sku } = await underWay();
        const before = polite.calls.cancel;
        await end(id);
        await Promise.all([settleOrphans(system.parts.steps), settleOrphans(system.parts.steps)]);
        await settleOrphans(system.parts.steps);
        assert.deepEqual(await shop.states(id), ['refused']);
        assert.ok(polite.calls.cancel - before <= 2, 'said once by each at most');
        assert.equal((await shop.state(id)).state, how);
        assert.equal(await shop.pool(sku), 0);
        assert.deepEqual(await told(id), [{ n: 0 }]);
      });
    } // prettier-ignore

    it('C3: too late: people are told once, and what comes all the same lies in the pool', async () => {
      const { id, sku } = await underWay();
      polite.cancels = 'too-late';
      await close(id);
      await settleOrphans(system.parts.steps);
      const said = polite.calls.cancel;
      assert.deepEqual(await told(id), [{ n: 1 }]);
      polite.fulfil();
      await shop.due(id);
      await settleOrphans(system.parts.steps);
      assert.equal(polite.calls.cancel, said, 'an answer is not asked for again');
      assert.deepEqual(await shop.states(id), ['delivered']);
      assert.equal(await shop.pool(sku), 1);
      assert.deepEqual(await told(id), [{ n: 1 }]);
    });

    it('C3: one that cannot be called off is reported, stops no other, and is tried again until it works', async () => {
      const silent = await underWay();
      const fine = await underWay();
      polite.cancels = 'silent';
      await close(silent.id);
      await settleOrphans(system.parts.steps);
      assert.deepEqual([await told(silent.id), await shop.states(silent.id)], [[{ n: 1 }], ['accepted']]);
      await close(fine.id);
      polite.cancels = 'cancelled';
      await settleOrphans(system.parts.steps);
      assert.deepEqual(await shop.states(fine.id), ['refused']);
      await shop.due(silent.id);
      await settleOrphans(system.parts.steps);
      assert.deepEqual([await told(silent.id), await shop.states(silent.id)], [[{ n: 0 }], ['refused']]);
    });

    it('rule 5: after the release nothing is called off and nothing given back: by staff meanwhile, by a second end, by holds', async () => {
      const { id, sku } = await underWay();
      const before = polite.calls.cancel;
      // Delivered by hand while the supplier works on it: the order is delivered, the purchase settles into the pool.
      await applyAction(system.parts.pool, { id: randomUUID(), orderNo: await shop.no(id), kind: 'hand_over', actorId: actors.opsToken, note: '' }); // prettier-ignore
      const goods = { goods: [`HAND-${id}`], kind: 'deliver_by_hand', id: randomUUID(), note: 'x' };
      await shop.api(`orders/${await shop.no(id)}/actions`, { body: goods });
      assert.equal((await shop.state(id)).state, 'delivered');
      await assert.rejects(close(id));
      await shop.due(id);
      await settleOrphans(system.parts.steps);
      await freeHolds(system.parts.pool);
      assert.equal(polite.calls.cancel, before);
      const [sold] = await query<{ n: number }>(system, `select count(*)::int as n from cards where order_id = $1 and state = 'sold'`, id); // prettier-ignore
      assert.equal(sold?.n, 1, 'what the buyer has stays sold');
      polite.fulfil();
      await shop.due(id);
      await settleOrphans(system.parts.steps);
      assert.equal(await shop.pool(sku), 1);
    });

    it('B6: a top-up that is done for an order which has ended is reported; no receipt of it lies in the pool', async () => {
      const sku = await shop.product([{ supplierId: await shop.supplier('topups', key) }]);
      const id = await shop.order(sku);
      await query(system, `update products set kind = 'topup' where sku = $1`, sku);
      const no = await shop.no(id);
      const target = system.parts.steps.keyring.seal('contact', '13800138000', contactAad(no));
      await query(system, 'update orders set target = $2 where id = $1', id, target);
      fault = async (point) => {
        if (point === 'purchase:answered') await close(id);
      };
      await shop.run(id);
      assert.deepEqual([await shop.states(id), await told(id)], [['delivered'], [{ n: 1 }]]);
      assert.equal(await shop.pool(sku), 0);
    });
  });
});
