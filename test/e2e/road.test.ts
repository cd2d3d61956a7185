import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { call, openPickup, until } from '../../dev/client.ts';
import { orderWorkflowId } from '../../domain/ids.ts';
import { verifyAudit, sealAudit } from '../../db/audit.ts';
import { verifyWebhook } from '../../integrations/webhook.ts';
import { onEnd, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

interface Webhook {
  headers: http.IncomingHttpHeaders;
  body: string;
}

describe('the straight road, on real parts', function () {
  this.timeout(60_000);
  let system: System;
  const webhooks: Webhook[] = [];

  before(async () => {
    const receiver = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        webhooks.push({ headers: request.headers, body });
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => receiver.close(resolve)));
    const { address } = await testTemporal();
    const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    system = await startSystem({ temporal: address, webhookUrl });
  });
  after(() => system.stop());

  const goodsOf = async (pickupUrl: string): Promise<string[]> => {
    const pickup = await openPickup(system.base, pickupUrl);
    return until('goods', () => pickup.goods(), 15_000);
  };
  const outcome = async (orderNo: string): Promise<unknown> => {
    const handle = system.link?.client?.workflow.getHandle(orderWorkflowId(orderNo));
    assert.ok(handle);
    const state: unknown = await handle.result();
    return state;
  };

  it('A1 B1 B5: a 易支付 notification by GET, confirmed at the gateway, brings the key to page, mail and webhook', async () => {
    const key = `ROAD-${randomUUID()}`;
    await system.shop.addCards(system.sku, [key]);
    const order = await system.shop.order({ sku: system.sku, email: 'road@example.com', accountId: system.epay });
    await fetch(order.payUrl);
    await system.gateway.pay(order.orderNo);
    assert.deepEqual(await goodsOf(order.pickupUrl), [key]);

    const mail = await system.mail.waitFor('road@example.com', 15_000);
    assert.ok(mail.text.includes(key));
    assert.ok(mail.text.includes(order.pickupUrl.split('#')[1] ?? '-'), 'the mail has the pickup link');
    assert.ok(mail.subject.includes('测试订单'), 'a test order says so');

    const hook = await until(
      'webhook',
      () => Promise.resolve(webhooks.find((w) => w.body.includes(order.orderNo))),
      15_000,
    );
    assert.ok(!hook.body.includes(key), 'rule 12: no goods in webhooks');
    const id = String(hook.headers['webhook-id']);
    const timestamp = Number(hook.headers['webhook-timestamp']);
    const signature = String(hook.headers['webhook-signature']);
    assert.ok(
      verifyWebhook(system.shop.webhookSecret ?? '', { id, timestamp, signature, body: hook.body }, Date.now() / 1000),
    );

    // What it may cost is counted in budget.test.ts.
    assert.deepEqual(await outcome(order.orderNo), { state: 'delivered' });
  });

  it('B1: three keys of one order come together', async () => {
    const keys = [1, 2, 3].map((i) => `TRIPLE-${i}-${randomUUID()}`);
    await system.shop.addCards(system.sku, keys);
    const order = await system.shop.order({ sku: system.sku, quantity: 3, accountId: system.sandbox });
    await system.notify(order.orderNo, { amountMinor: 300 });
    assert.deepEqual((await goodsOf(order.pickupUrl)).sort(), keys.sort());
  });

  it('C2 C6: an empty pool is said in words, and the order goes out by itself when keys come', async () => {
    const order = await system.shop.order({ sku: system.sku, email: 'late@example.com', accountId: system.sandbox });
    await system.notify(order.orderNo);
    await until(
      'waiting',
      async () => ((await system.shop.read(order.orderNo)).state === 'waiting_stock' ? true : undefined),
      10_000,
    );
    assert.equal((await system.shop.read(order.orderNo)).failureCode, 'POOL_EMPTY');
    const detail = await call<{ tasks: { code: string; closedAt: string | null }[] }>(
      `${system.base}/ops/api/orders/${order.orderNo}`,
      { token: system.opsToken },
    );
    assert.deepEqual(
      detail.tasks.map((t) => [t.code, t.closedAt]),
      [['POOL_EMPTY', null]],
    );
    const key = `RESTOCK-${randomUUID()}`;
    await system.shop.addCards(system.sku, [key]);
    assert.deepEqual(await goodsOf(order.pickupUrl), [key]);
  });

  it('C1 A5: what the gateway does not confirm is never delivered by itself; staff retry it once it is paid', async () => {
    const key = `CONFIRM-${randomUUID()}`;
    await system.shop.addCards(system.sku, [key]);
    const order = await system.shop.order({ sku: system.sku, accountId: system.epay });
    await fetch(order.payUrl);
    system.gateway.misbehave(order.orderNo, 'unpaid');
    await system.gateway.pay(order.orderNo);
    await until(
      'attention',
      async () => ((await system.shop.read(order.orderNo)).state === 'attention' ? true : undefined),
      20_000,
    );
    assert.equal((await system.shop.read(order.orderNo)).failureCode, 'PAYMENT_UNCONFIRMED');

    system.gateway.misbehave(order.orderNo, undefined);
    const action = { id: randomUUID(), kind: 'retry', note: '已核对' };
    const url = `${system.base}/ops/api/orders/${order.orderNo}/actions`;
    const first = await call<{ state: string; workflow: string }>(url, { token: system.opsToken, body: action });
    assert.deepEqual(first, { state: 'delivered', workflow: 'answered' });
    assert.deepEqual(await goodsOf(order.pickupUrl), [key]);
    // The same action again gives the same answer; another one comes too late and learns who was first.
    await call(url, { token: system.opsToken, body: action });
    const late = await call<{ error: { code: string; detail: { last: { by: string } } } }>(url, {
      token: system.opsToken,
      body: { id: randomUUID(), kind: 'close' },
      expect: 409,
    });
    assert.equal(late.error.code, 'ORDER_STATE_CONFLICT');
    assert.equal(late.error.detail.last.by, 'ops token');
  });

  it('G1: a running order answers in Temporal by its number and its trouble', async () => {
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const query = `OrderNo = '${order.orderNo}' and FailureCode = 'POOL_EMPTY' and OrderState = 'waiting_stock'`;
    const found = await until(
      'search attributes',
      async () => {
        for await (const run of system.link?.client?.workflow.list({ query }) ?? []) return run;
        return undefined;
      },
      15_000,
      100,
    );
    assert.equal(found.workflowId, orderWorkflowId(order.orderNo));
    await call(`${system.base}/ops/api/orders/${order.orderNo}/actions`, {
      token: system.opsToken,
      body: { id: randomUUID(), kind: 'close', note: 'test' },
    });
    assert.deepEqual(await outcome(order.orderNo), { state: 'closed' });
  });

  it('rule 20 E6: every change has its audit row, and the sealed chain verifies; a changed row is found', async () => {
    const { pool } = system.parts;
    while ((await sealAudit(pool)) > 0);
    assert.equal(await verifyAudit(pool), undefined);
    await pool.query(
      `update audit set detail = '{"changed":true}' where id = (select audit_id from audit_seals where seq = 3)`,
    );
    assert.equal((await verifyAudit(pool))?.seq, 3);
  });
});
