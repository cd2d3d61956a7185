import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FaultPoint } from '../../activities/deps.ts';
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

  it('a rush keeps the connections for notifications: some orders are left to their stories', async () => {
    await keys(20);
    const ids = await paidOrders(system, 20);
    const start = headStart();
    for (const id of ids) start.begin(id);
    const answers = await Promise.all(ids.map((id) => start.take(id)));
    assert.equal(answers.filter((answer) => answer?.next === 'end').length, 4);
  });
});
