import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FaultPoint } from '../../activities/deps.ts';
import { until } from '../../dev/client.ts';
import { createHeadStart } from '../../worker/head-start.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('the head start of a paid order', function () {
  this.timeout(60_000);
  let system: System;
  let fault: (point: FaultPoint) => Promise<void> | void = () => undefined;

  before(async () => {
    system = await startSystem({ fault: (point) => fault(point) });
  });
  after(() => system.stop());
  afterEach(() => {
    fault = () => undefined;
  });

  const headStart = () => createHeadStart(system.parts.steps, system.parts.log);
  const keys = (count: number) =>
    system.shop.addCards(
      system.sku,
      Array.from({ length: count }, () => randomUUID()),
    );

  const stateOf = async (id: number) =>
    (await query<{ state: string }>(system, 'select state from orders where id = $1', id))[0]?.state;
  const paidByEpay = async (): Promise<{ id: number; orderNo: string }> => {
    const { orderNo, payUrl } = await system.shop.order({ sku: system.sku, accountId: system.epay });
    await fetch(payUrl);
    await system.gateway.pay(orderNo);
    const [order] = await query<{ id: number }>(
      system,
      `select id from orders where no = $1 and state = 'paid'`,
      orderNo,
    );
    return { id: order?.id ?? 0, orderNo };
  };

  it('A1: goods show without a story; the first step takes the answer, once, and no other step does', async () => {
    await keys(1);
    const [id = 0] = await paidOrders(system, 1);
    const start = headStart();
    start.begin(id);
    assert.deepEqual(await start.take(id), { next: 'end', state: 'delivered' });
    assert.equal(await start.take(id), undefined, 'a second step looks for itself');
    assert.equal(await start.take(id + 1), undefined, 'as does one whose order had none');
  });

  it('rule 1: what may change meanwhile is not taken for true: the story looks itself', async () => {
    const [id = 0] = await paidOrders(system, 1);
    const start = headStart();
    start.begin(id);
    assert.equal(await start.take(id), undefined);
    const [order] = await query<{ state: string }>(system, 'select state from orders where id = $1', id);
    assert.equal(order?.state, 'waiting_stock', 'it was looked at all the same');
    await query(system, 'delete from stock_waits');
  });

  it('rule 4: a look that fails leaves the order to its story, whole', async () => {
    await keys(1);
    const [id = 0] = await paidOrders(system, 1);
    fault = () => Promise.reject(new Error('planted'));
    const start = headStart();
    start.begin(id);
    assert.equal(await start.take(id), undefined);
    const [order] = await query<{ state: string }>(system, 'select state from orders where id = $1', id);
    assert.equal(order?.state, 'paid');
  });

  it('A1: where the provider is asked first, it is asked at once: goods show without a story', async () => {
    await keys(1);
    const { id } = await paidByEpay();
    const start = headStart();
    start.begin(id);
    assert.deepEqual(await start.take(id), { next: 'end', state: 'delivered' });
    assert.equal(await stateOf(id), 'delivered');
  });

  it('A4: a provider that says no, or nothing in time, leaves asking to the story and its retries; nothing is shown', async () => {
    await keys(2);
    for (const trouble of ['unpaid', 'error', { slowMs: 1_500 }] as const) {
      const { id, orderNo } = await paidByEpay();
      system.gateway.misbehave(orderNo, trouble);
      const start = headStart();
      start.begin(id);
      assert.equal((await start.take(id))?.next, 'confirm', JSON.stringify(trouble));
      if (typeof trouble === 'string') assert.equal(await stateOf(id), 'paid');
      // The slow answer is a yes and counts when it comes; the story that asks too changes nothing.
      else await until('the late yes', async () => ((await stateOf(id)) === 'delivered' ? true : undefined), 10_000);
    }
  });

  it('rule 1: confirmed, but nothing to sell: the story looks itself and asks nobody again', async () => {
    await query(system, `update cards set state = 'void' where state = 'available'`);
    const { id } = await paidByEpay();
    const asked = system.gateway.queries();
    const start = headStart();
    start.begin(id);
    assert.equal(await start.take(id), undefined);
    assert.equal(await stateOf(id), 'waiting_stock');
    assert.equal(system.gateway.queries() - asked, 1);
    await query(system, 'delete from stock_waits');
  });

  it('a rush keeps the connections for notifications: some orders are left to their stories', async () => {
    await keys(20);
    const ids = await paidOrders(system, 20);
    const start = headStart();
    for (const id of ids) start.begin(id);
    const answers = await Promise.all(ids.map((id) => start.take(id)));
    assert.equal(answers.filter((answer) => answer?.next === 'end').length, 4);
  });
});
