import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { query } from '../support/paid-orders.ts';
import { testTemporal, type TestTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('Temporal loses its store while orders cannot simply go through', function () {
  this.timeout(180_000);
  let system: System;
  let temporal: TestTemporal;

  before(async () => {
    temporal = await testTemporal();
    system = await startSystem({ temporal: temporal.address });
  });
  after(() => system.stop());

  const stateOf = async (order: PlacedOrder): Promise<string> => (await system.shop.read(order.orderNo)).state;
  const reaches = (order: PlacedOrder, state: string) =>
    until(state, async () => ((await stateOf(order)) === state ? true : undefined), 90_000, 50);
  const act = (order: PlacedOrder, body: object) =>
    call<{ state: string; workflow: string }>(`${system.base}/ops/api/orders/${order.orderNo}/actions`, {
      token: system.opsToken,
      body: { id: randomUUID(), ...body },
    });
  const product = async (policy: object = {}): Promise<string> => {
    const sku = `LOST-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100, policy });
    return sku;
  };
  const paid = async (sku: string): Promise<PlacedOrder> => {
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    return order;
  };
  const goods = async (order: PlacedOrder): Promise<string[]> => {
    const pickup = await openPickup(system.base, order.pickupUrl);
    return until('goods', () => pickup.goods(), 90_000, 50);
  };
  const runs = async (order: PlacedOrder): Promise<boolean> => {
    const handle = system.link?.client?.workflow.getHandle(`order-${order.orderNo}`);
    const status = await handle?.describe().then(
      (run) => run.status.name,
      () => undefined,
    );
    return status === 'RUNNING';
  };

  it('rules 1, 3, 7, A2, C6: waiting for stock, for 已确认, for people, between retries: all resume, deadlines kept, nothing twice', async () => {
    const scarce = await product();
    const first = await paid(scarce);
    await reaches(first, 'waiting_stock');
    const second = await paid(scarce);
    await reaches(second, 'waiting_stock');

    const confirmed = await product();
    await query(system, `update products set trigger = '{"when":"confirmed"}' where sku = $1`, confirmed);
    const clearing = await paid(confirmed);
    await reaches(clearing, 'waiting_confirmation');

    const handed = await paid(scarce);
    await reaches(handed, 'waiting_stock');
    await act(handed, { kind: 'hand_over', note: '买家来电' });
    await reaches(handed, 'attention');

    // Between two tries an hour apart.
    const patient = await product({ retries: 3, intervalMs: 3_600_000 });
    const retrying = await system.shop.order({ sku: patient, accountId: system.epay });
    await fetch(retrying.payUrl);
    system.gateway.misbehave(retrying.orderNo, 'unpaid');
    await system.gateway.pay(retrying.orderNo);
    // Acknowledged is before started: until then there is nothing to describe.
    const pending = () =>
      system.link?.client?.workflow.getHandle(`order-${retrying.orderNo}`).describe().then(
        (run) => run.raw.pendingActivities ?? [],
        () => [],
      ) ?? Promise.resolve([]); // prettier-ignore
    await until(
      'failed once',
      async () => ((await pending()).some((a) => a.lastFailure) ? true : undefined),
      30_000,
      50,
    );

    const deadlines = () =>
      query<{ id: number; at: Date }>(
        system,
        'select id, next_at as at from tasks where closed_at is null order by id',
      );
    await until('every task has its rung', async () => ((await deadlines()).every((t) => t.at.getTime() > Date.now()) ? true : undefined), 10_000, 50); // prettier-ignore
    const before = await deadlines();

    await temporal.loseStore();
    const waiting = [first, second, clearing, handed, retrying];
    await until('all run again', async () => ((await Promise.all(waiting.map(runs))).every(Boolean) ? true : undefined), 90_000, 200); // prettier-ignore
    const after = await deadlines();
    for (const task of before) {
      assert.deepEqual(after.find((t) => t.id === task.id)?.at, task.at, 'a deadline does not move');
    }

    const keys = [1, 2].map(() => randomUUID());
    await system.shop.addCards(scarce, keys);
    assert.deepEqual([...(await goods(first)), ...(await goods(second))].sort(), [...keys].sort());
    await system.shop.addCards(confirmed, [randomUUID()]);
    await system.notify(clearing.orderNo, { final: true });
    await reaches(clearing, 'delivered');
    const byHand = randomUUID();
    await act(handed, { kind: 'deliver_by_hand', goods: [byHand] });
    assert.deepEqual(await goods(handed), [byHand]);
    system.gateway.misbehave(retrying.orderNo, undefined);
    await system.shop.addCards(patient, [randomUUID()]);
    await act(retrying, { kind: 'retry' });
    await reaches(retrying, 'delivered');

    const twice = await query(
      system,
      'select from cards where order_id is not null group by order_id having count(*) > 1',
    );
    assert.equal(twice.length, 0);
    await until('no workflow is left', async () => ((await Promise.all(waiting.map(runs))).some(Boolean) ? undefined : true), 60_000, 200); // prettier-ignore
  });

  it('rule 2: ops act by Signal in Temporal: harmless kinds take effect, others become a task, nonsense stops nothing', async () => {
    const sku = await product();
    const order = await paid(sku);
    await reaches(order, 'waiting_stock');
    const handle = system.link?.client?.workflow.getHandle(`order-${order.orderNo}`);
    assert.ok(handle);
    await handle.signal('staffAction', { kind: 'hand_over', note: '看一下' });
    await reaches(order, 'attention');
    await handle.signal('staffAction', { kind: 'close' });
    await handle.signal('staffAction', 'nonsense');
    const asked = () => query(system, `select from tasks t join orders o on o.id = t.order_id where o.no = $1 and t.code = 'SIGNAL_REQUEST'`, order.orderNo); // prettier-ignore
    await until('a task', async () => ((await asked()).length > 0 ? true : undefined), 20_000, 50);
    assert.equal(await stateOf(order), 'attention');
    await system.shop.addCards(sku, [randomUUID()]);
    await handle.signal('staffAction', { kind: 'deliver_from_pool', note: '已核对' });
    await reaches(order, 'delivered');
  });

  it('rule 1: an Update with nonsense is refused at once and leaves nothing in the history', async () => {
    const order = await paid(await product());
    await reaches(order, 'waiting_stock');
    const handle = system.link?.client?.workflow.getHandle(`order-${order.orderNo}`);
    await assert.rejects(async () => handle?.executeUpdate('apply', { args: [{ actionId: 'x' }] }));
    await act(order, { kind: 'close' });
    await until('closed', async () => ((await runs(order)) ? undefined : true), 20_000, 50);
  });
});
