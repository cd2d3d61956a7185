import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultPoint } from '../../activities/deps.ts';
import { stockOf } from '../../db/stock.ts';
import { openPickup, until } from '../../dev/client.ts';
import { forkWorker, type TestWorker } from '../support/processes.ts';
import { onEnd, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

/** The API of this process starts orders and runs none; a worker process is killed with SIGKILL and started again. */
describe('a worker is killed with SIGKILL in the middle of an order', function () {
  this.timeout(120_000);
  let system: System;
  let worker: TestWorker | undefined;
  const hooks: { id: string; body: string }[] = [];

  before(async () => {
    const receiver = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        hooks.push({ id: String(request.headers['webhook-id']), body });
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => receiver.close(resolve)));
    const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false, webhookUrl });
  });
  // Also after a failure: a worker that is left over would take the next test's orders.
  afterEach(() => worker?.kill());
  after(() => system.stop());

  const points: [FaultPoint, 'epay' | 'sandbox'][] = [
    ['advance:before-commit', 'sandbox'],
    ['advance:after-commit', 'sandbox'],
    ['confirm:after-answer', 'epay'],
    ['mail:accepted', 'sandbox'],
    ['webhook:accepted', 'sandbox'],
  ];
  for (const [point, provider] of points) {
    // Mail and webhook are under way at the same time: who dies after one may have sent the other, too.
    const most = /^(mail|webhook)/.test(point) ? 2 : 1;
    it(`rule 8 rule 17 I1 I2 I6: at ${point}: the same key once, at most ${most} mails and webhooks with one id each, and at most 5 s of delay`, async () => {
      const dying = await forkWorker(system, { at: point, signal: 'SIGKILL' });
      worker = dying;
      const key = `KILL-${randomUUID()}`;
      await system.shop.addCards(system.sku, [key]);
      const email = `${randomUUID()}@example.com`;
      const order = await system.shop.order({ sku: system.sku, email, accountId: system[provider] });
      if (provider === 'epay') {
        await fetch(order.payUrl);
        await system.gateway.pay(order.orderNo);
      } else await system.notify(order.orderNo);

      await dying.struck();
      await dying.gone;
      const back = Date.now();
      worker = await forkWorker(system);
      const started = Date.now() - back;
      const pickup = await openPickup(system.base, order.pickupUrl);
      const goods = await until('goods', () => pickup.goods(), 40_000);
      const delay = Date.now() - back - started;
      assert.deepEqual(goods, [key]);
      assert.ok(delay <= 5_000, `${delay} ms after the worker was back`);

      const { pool } = system.parts;
      await until(
        'the end of the story',
        async () =>
          (await pool.query('select from orders where no = $1 and done_at is not null', [order.orderNo])).rowCount
            ? true
            : undefined,
        60_000,
        50,
      );
      const { rows } = await pool.query<{ n: number }>(
        'select count(*)::int as n from cards c join orders o on o.id = c.order_id where o.no = $1',
        [order.orderNo],
      );
      assert.equal(rows[0]?.n, 1);
      // Stock facts are counted, so no crash leaves them off by one.
      const { rows: counted } = await pool.query<{ id: number; sold: number; available: number }>(
        `select product_id as id, count(*) filter (where state = 'sold')::int as sold, count(*) filter (where state = 'available')::int as available
         from cards where product_id = (select id from products where sku = $1) group by 1`,
        [system.sku],
      );
      const { sold, available } = await stockOf(pool, counted[0]?.id ?? 0, 'test');
      assert.deepEqual({ sold, available }, { sold: counted[0]?.sold, available: counted[0]?.available });
      assert.equal(available, 0);
      const mails = (await system.mail.mails()).filter((mail) => mail.to.includes(email));
      assert.ok(mails.length >= 1 && mails.length <= most, `${mails.length} mails`);
      assert.equal(new Set(mails.map((mail) => mail.messageId)).size, 1);
      const told = hooks.filter((hook) => hook.body.includes(order.orderNo));
      assert.ok(told.length >= 1 && told.length <= most, `${told.length} webhooks`);
      assert.equal(new Set(told.map((hook) => hook.id)).size, 1);
    });
  }
});
