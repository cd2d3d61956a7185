/** The ways an order can go, each played on the real system so that its history can be recorded. */
import { randomUUID } from 'node:crypto';
import type { FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { call, openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { apply, staffAction } from '../../workflows/messages.ts';
import { eventsOf, newestRun, recordedHistory, resetTo, workflowOf } from '../support/history.ts';
import { buying } from '../support/buying.ts';
import type { System } from '../support/system.ts';

/** Plays one order and returns its number; what its workflow has then written is the recording. */
export type Scenario = (system: System, trouble: Trouble) => Promise<string>;

/** Makes the next looks at an order fail, as a database in trouble would. */
export interface Trouble {
  failing: number;
  /** One that sells. */
  readonly supplier: FakeSupplier;
}

const patience = 30_000;

const addKeys = (system: System, count = 1): Promise<unknown> =>
  system.shop.addCards(
    system.sku,
    Array.from({ length: count }, () => `REC-${randomUUID()}`),
  );

const place = (system: System, options: { email?: string; quantity?: number } = {}): Promise<PlacedOrder> =>
  system.shop.order({ sku: system.sku, accountId: system.sandbox, ...options });

async function paid(system: System, order: PlacedOrder, quantity = 1): Promise<string> {
  await system.notify(order.orderNo, { amountMinor: 100 * quantity });
  return order.orderNo;
}

const reaches = (system: System, orderNo: string, state: string): Promise<true> =>
  until(state, async () => ((await system.shop.read(orderNo)).state === state ? true : undefined), patience, 20);

/** The start is not awaited by the acknowledgement, so it may be a moment away. */
async function ended(system: System, orderNo: string): Promise<string> {
  const handle = workflowOf(system, orderNo);
  const started = (): Promise<true | undefined> => handle.describe().then(() => true, () => undefined); // prettier-ignore
  await until('its workflow', started, patience);
  await handle.result();
  return orderNo;
}

const act = (system: System, orderNo: string, kind: string): Promise<unknown> =>
  call(`${system.base}/ops/api/orders/${orderNo}/actions`, {
    token: system.opsToken,
    body: { id: randomUUID(), kind, note: 'recorded' },
  });

const switchDelivery = (system: System, on: boolean): Promise<unknown> =>
  call(`${system.base}/ops/api/auto-delivery`, { token: system.opsToken, body: { on } });

/** Paid by 易支付, whose gateway answers the query as told. */
async function paidByEpay(system: System, trouble?: 'unpaid'): Promise<PlacedOrder> {
  const order = await system.shop.order({ sku: system.sku, email: 'query@example.com', accountId: system.epay });
  await fetch(order.payUrl);
  if (trouble) system.gateway.misbehave(order.orderNo, trouble);
  await system.gateway.pay(order.orderNo);
  return order;
}

/** An order that waits for stock in its workflow, not only in PostgreSQL. */
async function waitsForStock(system: System, email?: string): Promise<string> {
  const orderNo = await paid(system, await place(system, email ? { email } : {}));
  await reaches(system, orderNo, 'waiting_stock');
  await until(
    'the timer of the wait',
    async () =>
      eventsOf(await recordedHistory(system, orderNo)).some((e) => e.type === 'TIMER_STARTED') ? true : undefined,
    patience,
    20,
  );
  return orderNo;
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  async 'happy, page only'(system) {
    await addKeys(system);
    return ended(system, await paid(system, await place(system)));
  },
  async 'happy, with mail'(system) {
    await addKeys(system, 3);
    return ended(system, await paid(system, await place(system, { email: 'mail@example.com', quantity: 3 }), 3));
  },
  async 'confirmed by a query of the gateway'(system) {
    await addKeys(system);
    const { orderNo, pickupUrl } = await paidByEpay(system);
    const pickup = await openPickup(system.base, pickupUrl);
    await until('goods', () => pickup.goods(), patience);
    return ended(system, orderNo);
  },
  async 'pool empty, woken by new keys'(system) {
    const orderNo = await waitsForStock(system, 'stock@example.com');
    await addKeys(system);
    return ended(system, orderNo);
  },
  async 'pool empty, looked at again and again'(system) {
    const orderNo = await waitsForStock(system, 'again@example.com');
    for (let look = 0; look < 3; look++) {
      await workflowOf(system, orderNo).executeUpdate(apply, { args: [{ actionId: randomUUID() }] });
    }
    await addKeys(system);
    return ended(system, orderNo);
  },
  async 'retries run out, handed over, retried by staff'(system) {
    const { orderNo } = await paidByEpay(system, 'unpaid');
    await reaches(system, orderNo, 'attention');
    await addKeys(system);
    system.gateway.misbehave(orderNo, undefined);
    await act(system, orderNo, 'retry');
    return ended(system, orderNo);
  },
  async 'switched off, then on'(system) {
    await switchDelivery(system, false);
    await addKeys(system);
    const orderNo = await paid(system, await place(system));
    await reaches(system, orderNo, 'attention');
    await switchDelivery(system, true);
    return ended(system, orderNo);
  },
  async 'signals of ops'(system) {
    const orderNo = await waitsForStock(system);
    const handle = workflowOf(system, orderNo);
    await handle.signal(staffAction, { kind: 'close', note: 'needs a signed-in person' });
    await handle.signal(staffAction, { kind: 'retry' });
    await until(
      'the row of the signal',
      async () =>
        (await system.parts.pool.query(`select from order_actions where kind = 'retry' and order_id = (select id from orders where no = $1)`, [orderNo])).rowCount // prettier-ignore
          ? true
          : undefined,
      patience,
    );
    await addKeys(system);
    return ended(system, orderNo);
  },
  async 'closed by staff'(system) {
    const orderNo = await waitsForStock(system);
    await act(system, orderNo, 'close');
    return ended(system, orderNo);
  },
  async 'cancelled, handed over, retried by staff'(system) {
    const orderNo = await waitsForStock(system);
    await workflowOf(system, orderNo).cancel();
    await reaches(system, orderNo, 'attention');
    await addKeys(system);
    await act(system, orderNo, 'retry');
    return ended(system, orderNo);
  },
  async 'reset while it waited'(system) {
    const orderNo = await waitsForStock(system);
    const first = eventsOf(await recordedHistory(system, orderNo)).find((e) => e.type === 'WORKFLOW_TASK_COMPLETED');
    await resetTo(system, orderNo, await newestRun(system, orderNo), first?.id ?? 0);
    await addKeys(system);
    return ended(system, orderNo);
  },
  async 'database in trouble at the first look'(system, trouble) {
    await addKeys(system);
    trouble.failing = 2;
    return ended(system, await paid(system, await place(system)));
  },
  async 'waits for 已确认, confirmed by staff'(system) {
    await addKeys(system);
    const trigger = (when: string): Promise<unknown> =>
      system.parts.pool.query(`update products set trigger = jsonb_build_object('when', $2::text) where sku = $1`, [system.sku, when]); // prettier-ignore
    await trigger('confirmed');
    const orderNo = await paid(system, await place(system));
    await reaches(system, orderNo, 'waiting_confirmation');
    await trigger('paid');
    await act(system, orderNo, 'confirm_payment');
    return ended(system, orderNo);
  },
  async 'delivered by hand while it waited'(system) {
    const orderNo = await waitsForStock(system);
    await call(`${system.base}/api/console/orders/${orderNo}/actions`, {
      token: system.opsToken,
      body: { id: randomUUID(), kind: 'deliver_by_hand', goods: [`REC-${randomUUID()}`], note: 'recorded' },
    });
    return ended(system, orderNo);
  },
  async 'bought at a supplier'(system, { supplier }) {
    supplier.stock('UP-1', 1);
    const shop = buying(system);
    const sku = await shop.product([{ supplierId: await shop.acg(supplier) }]);
    return ended(system, await paid(system, await system.shop.order({ sku, accountId: system.sandbox })));
  },
  // Last: it would take the keys of those after it.
  'pool empty, still waiting': (system) => waitsForStock(system),
};
