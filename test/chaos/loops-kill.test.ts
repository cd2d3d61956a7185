import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { advance } from '../../activities/advance.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { actors } from '../../db/locks.ts';
import { until } from '../../dev/client.ts';
import { holdAt } from '../support/hold.ts';
import { orderNoOf, paidOrders, query } from '../support/paid-orders.ts';
import { forkApi, forkLoops, type TestProcess } from '../support/processes.ts';
import { onEnd, testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

interface Point {
  readonly name: string;
  /** Event, table and condition at which the process stands when it is killed. */
  readonly at: readonly [on: string, table: string, when: string];
  /** Only with KILLS=all. */
  readonly rare?: true;
  /** Makes the work that leads there; answers with what must be true in the end. */
  begin(): Promise<() => Promise<void>>;
}

/**
 * What happens beside the orders, killed with SIGKILL inside its transaction and started again: the same end as if
 * nothing had happened. KILLS=all plays every point.
 */
describe('the loops beside the orders are killed in the middle of their work', function () {
  this.timeout(120_000);
  let system: System;
  let loops: TestProcess;
  const heard: string[] = [];
  let channelUrl = '';

  before(async () => {
    const receiver = http.createServer((request, response) => {
      heard.push(String(request.headers['webhook-id']));
      request.resume().on('end', () => response.end());
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => receiver.close(resolve)));
    channelUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false, reach: [channelUrl] });
    loops = await forkLoops(system);
  });
  after(async () => {
    await loops.kill();
    await system.stop();
  });

  const product = async (): Promise<string> => {
    const sku = `KILLED-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100 });
    return sku;
  };
  const waiting = async (sku: string, count: number): Promise<number[]> => {
    const ids = await paidOrders(system, count, 1, sku);
    for (const id of ids) await advance(system.parts.steps, id);
    return ids;
  };
  const becomes = (what: string, sql: string, wanted: number, ...values: unknown[]): Promise<true> =>
    until(what, async () => ((await query(system, sql, ...values)).length === wanted ? true : undefined), 30_000, 20);
  const count = async (sql: string, ...values: unknown[]): Promise<number> =>
    (await query(system, sql, ...values)).length;
  const ofProduct = `(select id from products where sku = $1)`;

  const points: Point[] = [
    {
      name: 'rule 7: the granter, with keys in hand',
      at: ['before update', 'cards', `new.state = 'sold'`],
      async begin() {
        const sku = await product();
        const ids = await waiting(sku, 5);
        await system.shop.addCards(
          sku,
          [1, 2, 3].map(() => randomUUID()),
        );
        return async () => {
          const done = `select from orders where id = any ($1) and state = 'delivered'`;
          await becomes('three are served', done, 3, ids);
          assert.equal(await count(done, ids.slice(0, 3)), 3, 'the oldest paid');
          assert.equal(await count('select from cards where order_id = any ($1)', ids), 3);
          assert.equal(await count('select distinct order_id from outbox where order_id = any ($1)', ids), 3);
        };
      },
    },
    {
      name: 'C6: the ladder, with a rung in hand',
      at: ['before update', 'tasks', 'new.rung > old.rung'],
      async begin() {
        const sku = await product();
        const ids = await waiting(sku, 3);
        await becomes(
          'the incident',
          `select from notices where kind = 'incident' and product_id = ${ofProduct}`,
          1,
          sku,
        );
        await query(system, `update tasks set opened_at = opened_at - interval '31 minutes', next_at = now() where order_id = any ($1)`, ids); // prettier-ignore
        return async () => {
          await becomes('all have climbed', 'select from tasks where order_id = any ($1) and rung = 1', 3, ids);
          assert.equal(
            await count(`select from notices where kind = 'escalation' and product_id = ${ofProduct}`, sku),
            1,
          );
          assert.equal(await count(`select from audit where action = 'escalated' and order_id = any ($1)`, ids), 3);
        };
      },
    },
    {
      name: 'C2: a channel that has taken a message, before its row says so: the same id again, and no other message',
      at: ['before update', 'dispatches', `new.state = 'sent'`],
      async begin() {
        const owner = await signedIn(system, 'owner');
        const secret = `whsec_${randomBytes(32).toString('base64')}`;
        await owner.json('POST', '/api/console/channels', { kind: 'webhook', name: 'k', config: { url: channelUrl, secret } }); // prettier-ignore
        heard.length = 0;
        await waiting(await product(), 1);
        return async () => {
          await query(system, `update dispatches set available_at = now() where state = 'pending'`);
          await becomes('sent', `select from dispatches where state = 'sent'`, 1);
          assert.equal(heard.length, 2);
          assert.equal(new Set(heard).size, 1, 'whoever keeps ids sees it once');
          await query(system, 'update channels set enabled = false');
        };
      },
    },
    {
      name: 'rule 13: switched on again, with a batch of the waiting in hand',
      at: ['before update', 'orders', `old.failure_code = 'AUTO_DELIVERY_OFF' and new.state = 'paid'`],
      rare: true,
      async begin() {
        const sku = await product();
        await system.shop.addCards(sku, [randomUUID()]);
        await setAutoDelivery(system.parts.pool, false, actors.opsToken);
        const ids = await waiting(sku, 4);
        // As the switch leaves it when there are more than it sets going itself.
        await query(system, `update settings set value = 'true' where key = 'auto_delivery'`);
        await query(system, `insert into settings (key, value) values ('resume', '["AUTO_DELIVERY_OFF"]') on conflict (key) do update set value = excluded.value`); // prettier-ignore
        return async () => {
          await becomes('all are set going', `select from orders where id = any ($1) and state = 'paid'`, 4, ids);
          assert.equal(await count(`select from outbox where kind = 'wake' and order_id = any ($1)`, ids), 4);
          await becomes('the promise is kept', `select from settings where key = 'resume' and value = '[]'`, 1);
        };
      },
    },
    {
      name: 'C2: an incident that is being told, and its digest',
      at: ['before insert', 'notices', `new.kind in ('incident', 'digest')`],
      rare: true,
      async begin() {
        const sku = await product();
        await waiting(sku, 3);
        return async () => {
          const told = `select from notices where product_id = ${ofProduct} and kind in ('incident', 'digest')`;
          await becomes('told once', told, 1, sku);
          await waiting(sku, 2);
          await becomes('counted', `select from incidents where product_id = ${ofProduct} and count = 5`, 1, sku);
          await query(system, `update incidents set digest_at = now() where product_id = ${ofProduct}`, sku);
          await becomes('one digest', told, 2, sku);
        };
      },
    },
    {
      name: 'C6: the mail to a buyer who waits, before its row says so: the same Message-ID',
      at: ['before update', 'messages', `new.kind = 'trouble' and new.state = 'sent'`],
      rare: true,
      async begin() {
        const email = `${randomUUID()}@example.com`;
        const sku = await product();
        const order = await system.shop.order({ sku, email, accountId: system.sandbox });
        await system.notify(order.orderNo);
        const [{ id } = { id: 0 }] = await query<{ id: number }>(
          system,
          'select id from orders where no = $1',
          order.orderNo,
        );
        await advance(system.parts.steps, id);
        await query(system, `insert into messages (order_id, kind) values ($1, 'trouble')`, id);
        return async () => {
          await query(system, `update messages set available_at = now() where order_id = $1`, id);
          await becomes('sent', `select from messages where order_id = $1 and state = 'sent'`, 1, id);
          const mails = (await system.mail.mails()).filter((mail) => mail.to.includes(email));
          assert.equal(mails.length, 2);
          assert.equal(new Set(mails.map((mail) => mail.messageId)).size, 1);
        };
      },
    },
  ];

  for (const point of points.filter((one) => !one.rare || process.env['KILLS'] === 'all')) {
    it(point.name, async () => {
      const hold = await holdAt(system.database.url, ...point.at);
      try {
        const check = await point.begin();
        await hold.reached();
        await loops.kill('SIGKILL');
        await hold.end();
        loops = await forkLoops(system);
        await check();
      } catch (error) {
        await hold.end().catch(() => undefined);
        throw error;
      }
    });
  }

  if (process.env['KILLS'] === 'all') {
    it('C4 rule 1: delivery by hand, in the API: half of it is nothing, and pressed again it is done once', async () => {
      const sku = await product();
      const [id = 0] = await waiting(sku, 1);
      const no = await orderNoOf(system, id);
      const api = await forkApi(system);
      const body = JSON.stringify({ id: randomUUID(), kind: 'deliver_by_hand', note: '手动', goods: [randomUUID()] });
      const press = (base: string): Promise<Response> =>
      fetch(`${base}/api/console/orders/${no}/actions`, { method: 'POST', body, headers: { authorization: `Bearer ${system.opsToken}`, 'content-type': 'application/json' } }); // prettier-ignore
      const hold = await holdAt(system.database.url, 'before insert', 'order_actions', 'true');
      const lost = press(api.base).then(() => 'answered', () => 'lost'); // prettier-ignore
      await hold.reached();
      await api.kill('SIGKILL');
      await hold.end();
      assert.equal(await lost, 'lost');
      assert.equal(await count('select from cards where order_id = $1', id), 0);
      for (let i = 0; i < 2; i++) assert.equal((await press(system.base)).status, 200);
      assert.equal(await count('select from cards where order_id = $1', id), 1);
      assert.equal(await count('select from order_actions where order_id = $1', id), 1);
    });
  }
});
