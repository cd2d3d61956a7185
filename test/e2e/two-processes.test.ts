import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openPickup, until } from '../../dev/client.ts';
import { paidAt } from '../support/gateway-orders.ts';
import { gateways } from '../support/gateways.ts';
import { eventsOf, recordedHistory, temporalOf, workflowOf } from '../support/history.ts';
import { forkApi, type TestApi } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('two API processes serve one shop', function () {
  this.timeout(120_000);
  let system: System;
  let apis: TestApi[];

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false });
    apis = await Promise.all([forkApi(system), forkApi(system)]);
  });
  after(async () => {
    await Promise.all(apis.map((api) => api.kill('SIGTERM')));
    await system.stop();
  });

  it('A4: fifty copies of one notification at once, by GET and POST, to both: one payment, one run, one key', async () => {
    const keys = Array.from({ length: 3 }, () => `TWO-${randomUUID()}`);
    await system.shop.addCards(system.sku, keys);
    const email = `${randomUUID()}@example.com`;
    const order = await system.shop.order({ sku: system.sku, email, accountId: system.epay });
    await fetch(order.payUrl);
    await system.gateway.pay(order.orderNo, { notify: false });
    const form = system.gateway.notification(order.orderNo);
    const send = async (i: number): Promise<string> => {
      const url = `${apis[i % 2]?.base ?? ''}/notify/epay/${system.epay}`;
      const answer = await (i % 4 < 2
        ? fetch(`${url}?${form.toString()}`)
        : fetch(url, { method: 'POST', body: new URLSearchParams(form) }));
      return answer.text();
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => send(i)));
    assert.deepEqual(new Set(answers), new Set(['success']));

    const pickup = await openPickup(system.base, order.pickupUrl);
    const goods = await until('goods', () => pickup.goods(), 20_000);
    assert.equal(goods.length, 1);
    await workflowOf(system, order.orderNo).result();
    await system.mail.waitFor(email, 20_000);
    const { rows } = await system.parts.pool.query(
      `select (select count(*)::int from payments where order_id = o.id) as payments,
              (select count(*)::int from notifications where order_no = o.no) as notifications,
              (select count(*)::int from cards where order_id = o.id) as cards
       from orders o where o.no = $1`,
      [order.orderNo],
    );
    assert.deepEqual(rows, [{ payments: 1, notifications: 50, cards: 1 }]);
    const runs = [];
    const query = `WorkflowId = 'order-${order.orderNo}'`;
    await until('the list of runs', async () => {
      runs.length = 0;
      for await (const run of temporalOf(system).workflow.list({ query })) runs.push(run.runId);
      return runs.length > 0 ? true : undefined;
    }, 10_000, 50); // prettier-ignore
    assert.equal(runs.length, 1);
    assert.equal((await system.mail.mails()).filter((mail) => mail.to.includes(email)).length, 1);
  });

  for (const [id, start] of Object.entries(gateways).filter(([name]) => !/^(epay|usdt-.*)$/.test(name))) {
    it(`A4: ${id}: fifty copies at once to both processes are all acknowledged, and are one payment`, async () => {
      const gateway = await start();
      await system.shop.addCards(system.sku, [`${id}-${randomUUID()}`]);
      const { orderNo, notify } = await paidAt(system, gateway);
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => notify(apis[i % 2]?.base ?? '')));
      assert.deepEqual(new Set(answers), new Set([gateway.provider.acknowledge.accepted.body]));
      const { rows } = await system.parts.pool.query<{ payments: number; promises: number }>(
        `select (select count(*)::int from payments where order_id = o.id) as payments,
                (select count(*)::int from outbox where order_id = o.id and kind = 'start') as promises from orders o where o.no = $1`,
        [orderNo],
      );
      const { payments, promises } = rows[0] ?? { payments: 0, promises: 0 };
      assert.equal(payments, 1);
      assert.ok(promises <= 1, 'the relay may have kept it already');
      await gateway.close();
    });
  }

  it('A1: the start is eager: the process that acknowledged runs the first task without asking the server for it', async () => {
    await system.shop.addCards(system.sku, [`EAGER-${randomUUID()}`]);
    const order = await system.shop.order({ sku: system.sku, accountId: system.epay });
    await fetch(order.payUrl);
    await system.gateway.pay(order.orderNo, { notify: false });
    const [api] = apis;
    assert.ok(api);
    await fetch(`${api.base}/notify/epay/${system.epay}?${system.gateway.notification(order.orderNo).toString()}`);
    const history = await until('its history', () => recordedHistory(system, order.orderNo).catch(() => undefined), 10_000); // prettier-ignore
    const { events } = JSON.parse(history) as {
      events: { workflowExecutionStartedEventAttributes?: { eagerExecutionAccepted?: boolean; identity?: string } }[];
    };
    const started = events[0]?.workflowExecutionStartedEventAttributes;
    assert.equal(started?.eagerExecutionAccepted, true);
    assert.equal(started.identity?.split('@')[0], String(api.child.pid));
    assert.ok(eventsOf(history).length >= 3);
  });
});
