import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { advance } from '../../activities/advance.ts';
import { until } from '../../dev/client.ts';
import { createNoticeSender } from '../../worker/loops/notices.ts';
import { tellPeople } from '../../worker/loops/people.ts';
import { onEnd } from '../support/services.ts';
import { orderNoOf, paidOrders, query } from '../support/paid-orders.ts';
import { signedIn, type StaffClient } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

/** One turn of every channel, to its end. */
async function sendNotices(steps: System['parts']['steps']): Promise<void> {
  const sender = createNoticeSender(steps);
  await sender.turn();
  await sender.idle();
}

describe('rules, channels and settings by the console', function () {
  this.timeout(60_000);
  let system: System;
  let owner: StaffClient;
  let support: StaffClient;
  const hooks: string[] = [];
  const hanging: http.ServerResponse[] = [];
  let hookStatus = 204;
  let hookBody = '';
  let hookUrl = '';

  before(async () => {
    const receiver = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        hooks.push(body);
        if (request.url === '/hang') {
          hanging.push(response);
          return;
        }
        response.statusCode = hookStatus;
        response.end(hookBody || undefined);
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => receiver.close(resolve)));
    hookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    system = await startSystem({ webhookUrl: hookUrl });
    [owner, support] = [await signedIn(system, 'owner'), await signedIn(system, 'support')];
  });
  after(() => system.stop());

  const product = async (): Promise<string> => {
    const sku = `RULE-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100 });
    return sku;
  };
  const rules = (list: object[], which = 'first') => owner.json('PUT', '/api/console/rules', { which, rules: list });
  async function placed(sku: string, more: object): Promise<number> {
    const answer = await fetch(`${system.base}/api/v1/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.shop.apiKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }, // prettier-ignore
      body: JSON.stringify({ sku, accountId: system.sandbox, ...more }),
    });
    const { order } = (await answer.json()) as { order: { orderNo: string; amountMinor: number } };
    await system.notify(order.orderNo, { amountMinor: order.amountMinor });
    return (await query<{ id: number }>(system, 'select id from orders where no = $1', order.orderNo))[0]?.id ?? 0;
  }
  const verdict = async (id: number): Promise<string> => {
    const outcome = await advance(system.parts.steps, id);
    return outcome.next === 'wait' ? outcome.code : outcome.next;
  };

  it('C5: rules over remark, quantity, amount and history send orders to people before anything is allocated', async () => {
    const sku = await product();
    await system.shop.addCards(
      sku,
      Array.from({ length: 20 }, () => randomUUID()),
    );
    await rules([
      { name: '要发票', condition: { skus: [sku], remarkContains: ['需要发票', '开票'] } },
      { name: '电话', condition: { skus: [sku], remarkMatches: '1[3-9]\\d{9}' } },
      { name: '大单', condition: { skus: [sku], minQuantity: 5 } },
      { name: '刷单', condition: { skus: [sku], history: { hours: 24, minOrders: 3 } } },
      { name: '停用的', enabled: false, condition: { skus: [sku] } },
    ]);
    assert.equal(await verdict(await placed(sku, { remark: '请问能开票吗' })), 'EXCEPTION_RULE');
    assert.equal(await verdict(await placed(sku, { remark: '打 13800138000 找我' })), 'EXCEPTION_RULE');
    assert.equal(await verdict(await placed(sku, { quantity: 5 })), 'EXCEPTION_RULE');
    assert.equal(await verdict(await placed(sku, { remark: '谢谢' })), 'tell');
    const email = `${randomUUID()}@example.com`;
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(await verdict(await placed(sku, { email })));
    assert.deepEqual(codes, ['tell', 'tell', 'EXCEPTION_RULE']);
    const [task] = await query<{ detail: unknown }>(system, `select detail from tasks where code = 'EXCEPTION_RULE' order by id limit 1`); // prettier-ignore
    assert.deepEqual(task?.detail, { rules: ['要发票'] });
    await rules([]);
  });

  it('C5: what a rule sent to people is retried by them and passes', async () => {
    const sku = await product();
    await system.shop.addCards(sku, [randomUUID()]);
    await rules([{ name: '全部', condition: { skus: [sku] } }]);
    const [id = 0] = await paidOrders(system, 1, 1, sku);
    assert.equal(await verdict(id), 'EXCEPTION_RULE');
    const no = await orderNoOf(system, id);
    await support.json('POST', `/api/console/orders/${no}/actions`, { id: randomUUID(), kind: 'retry' });
    assert.equal(await verdict(id), 'end');
    await rules([]);
  });

  it('C5: a dry run says what rules would have done, and changes nothing; a pattern that is none is refused', async () => {
    const sku = await product();
    await placed(sku, { remark: '需要发票' });
    await placed(sku, { remark: '无' });
    const run = await support.json<{ fitted: number; byRule: { count: number }[] }>(
      'POST',
      '/api/console/rules/dry-run',
      {
        which: 'all',
        rules: [
          { name: 'a', condition: { skus: [sku] } },
          { name: 'b', condition: { skus: [sku], remarkContains: ['发票'] } },
        ],
      },
    );
    assert.deepEqual([run.fitted, run.byRule.map((rule) => rule.count)], [2, [2, 1]]);
    for (const remarkMatches of ['(', 'a{2000}', '(?<=x)y', '\\1']) {
      const answer = await owner.ask('PUT', '/api/console/rules', {
        rules: [{ name: 'x', condition: { remarkMatches } }],
      });
      assert.equal(answer.status, 400, remarkMatches);
    }
    // Nor what no order can fit.
    for (const condition of [{ hours: { from: 9, to: 9 } }, { minAmountMinor: 200, maxAmountMinor: 199 }])
      assert.equal((await owner.ask('PUT', '/api/console/rules', { rules: [{ name: 'x', condition }] })).status, 400);
    assert.equal((await support.ask('PUT', '/api/console/rules', { rules: [] })).status, 403);
    assert.equal((await owner.ask('PUT', '/api/console/rules', { rules: [{ name: 'x', condition: {} }] })).status, 400);
  });

  it('C5: a pattern made to hang engines does not hang this one', async () => {
    const sku = await product();
    await rules([{ name: '恶意', condition: { skus: [sku], remarkMatches: '(a+)+$' } }]);
    const began = performance.now();
    await verdict(await placed(sku, { remark: `${'a'.repeat(490)}!` }));
    assert.ok(performance.now() - began < 2_000);
    await rules([]);
  });

  it('C2 C6: a message reaches the webhook of the operator; a channel that fails is shown and holds nothing up', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const { id } = await owner.json<{ id: number }>('POST', '/api/console/channels', { kind: 'webhook', name: '我的程序', config: { url: hookUrl, secret } }); // prettier-ignore
    assert.deepEqual(await owner.json('POST', `/api/console/channels/${id}/test`), { sent: true });
    const sku = await product();
    const [order = 0] = await paidOrders(system, 1, 1, sku);
    await verdict(order);
    hookStatus = 500;
    hooks.length = 0;
    await tellPeople(system.parts.steps);
    await sendNotices(system.parts.steps);
    const list = () =>
      owner.json<{ channels: { id: number; config: Record<string, string>; health: { state: string; lastFailure: string | null; waiting: number } }[] }>('GET', '/api/console/channels'); // prettier-ignore
    const failing = (await list()).channels.find((channel) => channel.id === id);
    assert.deepEqual([failing?.health.state, failing?.health.lastFailure], ['failing', 'HTTP 500']);
    assert.ok(!JSON.stringify(failing).includes(secret));
    hookStatus = 204;
    hooks.length = 0;
    await query(system, 'update dispatches set available_at = now()');
    await sendNotices(system.parts.steps);
    assert.ok(
      hooks.some((body) => body.includes(sku) && body.includes('POOL_EMPTY')),
      hooks.join('\n'),
    );
    const well = (await list()).channels.find((channel) => channel.id === id);
    assert.deepEqual([well?.health.state, well?.health.waiting], ['well', 0]);
    // Masked secrets keep their value.
    await owner.json('PUT', `/api/console/channels/${id}`, {
      name: '新名字',
      config: { url: hookUrl, secret: '••••••' },
    });
    assert.deepEqual(await owner.json('POST', `/api/console/channels/${id}/test`), { sent: true });
    const inbox = await support.json<{ unread: number; notices: { title: { zh: string }; read: boolean }[] }>('GET', '/api/console/notices'); // prettier-ignore
    assert.ok(inbox.unread > 0 && inbox.notices.some((one) => one.title.zh.includes('卡密池为空')));
    assert.deepEqual(await support.json('POST', '/api/console/notices/read', {}), { unread: 0 });
    assert.ok((await owner.json<{ unread: number }>('GET', '/api/console/notices')).unread > 0);
    await owner.json('DELETE', `/api/console/channels/${id}`);
    assert.equal((await list()).channels.length, 0);
  });

  it('C2: a channel that does not answer costs the others one wait, not one for each of its messages', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const { id } = await owner.json<{ id: number }>('POST', '/api/console/channels', { kind: 'webhook', name: 'w', config: { url: hookUrl, secret } }); // prettier-ignore
    await query(
      system,
      `with n as (insert into notices (kind, audience, code) select 'incident', 'staff', 'POOL_EMPTY' from generate_series(1, 8) returning id)
       insert into dispatches (notice_id, channel_id) select id, $1 from n`,
      id,
    );
    hooks.length = 0;
    hookStatus = 503;
    await sendNotices(system.parts.steps);
    hookStatus = 204;
    assert.equal(hooks.length, 1);
    const rest = await query<{ attempts: number }>(system, `select attempts from dispatches where channel_id = $1 and state = 'pending' order by attempts`, id); // prettier-ignore
    assert.deepEqual(rest.map((row) => row.attempts), [0, 0, 0, 0, 0, 0, 0, 1]); // prettier-ignore
    await query(system, 'update dispatches set available_at = now() where channel_id = $1', id);
    await sendNotices(system.parts.steps);
    assert.equal(hooks.length, 9, 'none is lost, none comes twice');
    await owner.json('DELETE', `/api/console/channels/${id}`);
  });

  it('C2: a channel that hangs slows no other: while it is waited for, the others have turn after turn', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const [slow, quick] = await Promise.all(
      ['/hang', '/hook'].map(
        async (path) =>
        (await owner.json<{ id: number }>('POST', '/api/console/channels', { kind: 'webhook', name: path, config: { url: new URL(path, hookUrl).href, secret } })).id, // prettier-ignore
      ),
    );
    const due = (channel = 0) =>
      query(
        system,
        `with n as (insert into notices (kind, audience, code) values ('incident', 'staff', 'POOL_EMPTY') returning id)
         insert into dispatches (notice_id, channel_id) select id, $1 from n`,
        channel,
      );
    const sent = async (channel = 0) =>
      (await query(system, `select from dispatches where channel_id = $1 and state = 'sent'`, channel)).length;
    const sender = createNoticeSender(system.parts.steps);
    await due(slow);
    for (let turn = 1; turn <= 3; turn++) {
      await due(quick);
      await sender.turn();
      await until('sent', async () => ((await sent(quick)) === turn ? true : undefined), 5_000);
    }
    await until('the call that hangs', () => Promise.resolve(hanging[0] && true), 5_000);
    assert.equal(await sent(slow), 0, 'still waited for');
    for (const response of hanging) response.end();
    await sender.idle();
    assert.equal(await sent(slow), 1);
    for (const id of [slow, quick]) await owner.json('DELETE', `/api/console/channels/${id}`);
  });

  /** A robot of that kind that our receiver answers for, with so many messages to send; its id. */
  const robotWith = async (messages: number, kind: 'dingtalk' | 'wecom', name: string): Promise<number> => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const { id } = await owner.json<{ id: number }>('POST', '/api/console/channels', { kind: 'webhook', name, config: { url: hookUrl, secret } }); // prettier-ignore
    await query(system, 'update channels set kind = $2 where id = $1', id, kind);
    await query(
      system,
      `with n as (insert into notices (kind, audience, code) select 'incident', 'staff', 'POOL_EMPTY' from generate_series(1, $2::int) returning id)
       insert into dispatches (notice_id, channel_id) select id, $1 from n`,
      id,
      messages,
    );
    return id;
  };

  it('C2: a robot that says it is shut is left alone until it opens: no message is tried meanwhile, none is lost', async () => {
    const id = await robotWith(12, 'dingtalk', 's');
    hooks.length = 0;
    hookBody = '{"errcode":130101,"errmsg":"send too fast"}';
    hookStatus = 200;
    for (let i = 0; i < 3; i++) await sendNotices(system.parts.steps);
    assert.equal(hooks.length, 1);
    const left = await query(system, `select from dispatches where channel_id = $1 and state = 'pending' and available_at > now() + interval '10 minutes'`, id); // prettier-ignore
    assert.equal(left.length, 12);
    hookBody = '';
    hookStatus = 204;
    await owner.json('DELETE', `/api/console/channels/${id}`);
  });

  it('C2: the rate of a channel is kept by any number of processes', async () => {
    const id = await robotWith(40, 'wecom', 'r');
    // The robot's verdict is missing, so none counts as sent: those that are under way count all the same.
    for (let i = 0; i < 6; i++) await Promise.all([1, 2, 3].map(() => sendNotices(system.parts.steps)));
    const [{ tried } = { tried: 0 }] = await query<{ tried: number }>(system, 'select count(*)::int as tried from dispatches where channel_id = $1 and attempts > 0', id); // prettier-ignore
    assert.ok(tried > 0 && tried <= 18, `${tried} tried`);
    await owner.json('DELETE', `/api/console/channels/${id}`);
  });

  it('E5 C1: settings change without a restart; an order keeps what it was sold with', async () => {
    const sku = await product();
    const before = await system.shop.order({ sku, accountId: system.sandbox });
    const changed = await owner.json<{ policy: object; stockWarning: object; ladder: object }>(
      'PUT',
      '/api/console/delivery-settings',
      {
        policy: { retries: 5, intervalMs: 60_000, kinds: { GATEWAY_SILENT: { retries: 9, intervalMs: 1000 } } },
        stockWarning: { threshold: 20, remindHours: 12 },
      },
    );
    assert.deepEqual(changed.stockWarning, { threshold: 20, remindHours: 12, expiryDays: 7 });
    await owner.json('PUT', `/api/console/products/${sku}/delivery`, {
      policy: { retries: 1, kinds: { MAIL_SILENT: { retries: 0, intervalMs: 1000 } } },
      trigger: { when: 'confirmed', confirmations: 3 },
    });
    const after = await system.shop.order({ sku, accountId: system.sandbox });
    const sold = await query<{ policy: object; trigger: object }>(system, 'select policy, trigger from orders where no = any ($1) order by id', [before.orderNo, after.orderNo]); // prettier-ignore
    assert.deepEqual(sold[0], {
      policy: { retries: 3, intervalMs: 300_000 },
      trigger: { when: 'paid', confirmations: 0 },
    });
    assert.deepEqual(sold[1], {
      policy: {
        retries: 1,
        intervalMs: 60_000,
        kinds: { GATEWAY_SILENT: { retries: 9, intervalMs: 1000 }, MAIL_SILENT: { retries: 0, intervalMs: 1000 } },
      },
      trigger: { when: 'confirmed', confirmations: 3 },
    });
    const refused = await owner.ask('PUT', '/api/console/delivery-settings', { policy: { retries: 3, intervalMs: 1000, kinds: { NONSENSE: { retries: 1, intervalMs: 1000 } } } }); // prettier-ignore
    assert.equal(refused.status, 400);
    await query(system, `delete from settings where key in ('delivery_policy', 'stock_warning')`);
  });

  it('E1 rule 13: the switch at a glance', async () => {
    const sku = await product();
    await system.shop.addCards(sku, [randomUUID()]);
    await owner.json('POST', '/api/console/auto-delivery', { on: false });
    const [id = 0] = await paidOrders(system, 1, 1, sku);
    assert.equal(await verdict(id), 'AUTO_DELIVERY_OFF');
    const state = await support.json<{ on: boolean; waiting: number; onTheWire: unknown[] }>('GET', '/api/console/auto-delivery'); // prettier-ignore
    assert.deepEqual([state.on, state.waiting, state.onTheWire], [false, 1, []]);
    assert.equal((await support.ask('POST', '/api/console/auto-delivery', { on: true })).status, 403);
    await owner.json('POST', '/api/console/auto-delivery', { on: true });
    assert.equal(await verdict(id), 'end');
  });
});
