import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import { recordSignal } from '../../activities/signals.ts';
import { openPickup } from '../../dev/client.ts';
import { orderNoOf, paidOrders, query } from '../support/paid-orders.ts';
import { signedIn, type StaffClient } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

interface Task {
  id: number;
  code: string;
  zh: { cause: string };
  proposals: string[];
  order: { no: string } | null;
  claimedBy: string | null;
}
interface Refused {
  error: { code: string; detail: { last?: { by: string }; by?: string; entries?: number[] } };
}

/** Without Temporal: what people do is kept and done all the same (rule 1, C4). */
describe('the work of staff', function () {
  this.timeout(60_000);
  let system: System;
  let anna: StaffClient;
  let bo: StaffClient;
  let owner: StaffClient;

  before(async () => {
    system = await startSystem();
    [anna, bo, owner] = [
      await signedIn(system, 'support'),
      await signedIn(system, 'support'),
      await signedIn(system, 'owner'),
    ];
  });
  after(() => system.stop());

  const act = (who: StaffClient, no: string, body: object) =>
    who.ask('POST', `/api/console/orders/${no}/actions`, { id: randomUUID(), ...body });
  async function refused(answer: Promise<Response>, status: number): Promise<Refused['error']> {
    const response = await answer;
    assert.equal(response.status, status, await response.clone().text());
    return ((await response.json()) as Refused).error;
  }
  async function product(): Promise<string> {
    const sku = `WORK-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100 });
    return sku;
  }
  /** Paid orders that wait for stock. */
  async function waiting(count: number, quantity = 1): Promise<{ sku: string; nos: string[] }> {
    const sku = await product();
    const ids = await paidOrders(system, count, quantity, sku);
    for (const id of ids) await advance(system.parts.steps, id);
    const rows = await query<{ no: string }>(system, 'select no from orders where id = any ($1) order by id', ids);
    return { sku, nos: rows.map((row) => row.no) };
  }
  const stateOf = async (no: string) =>
    (await query<{ state: string }>(system, 'select state from orders where no = $1', no))[0]?.state;
  const tasksOf = async (who: StaffClient, no: string) =>
    (await who.json<{ tasks: Task[] }>('GET', `/api/console/tasks?orderNo=${no}`)).tasks;

  it('C2 C3: a task says the reason in words and what to do; it is claimed by one, and the other learns by whom', async () => {
    const { nos } = await waiting(1);
    const [task] = await tasksOf(anna, nos[0] ?? '');
    assert.ok(task);
    assert.equal(task.zh.cause, '卡密池为空');
    assert.equal(task.proposals[0], 'deliver_by_hand');
    const path = `/api/console/tasks/${task.id}`;
    await anna.json('POST', `${path}/claim`, {});
    const error = await refused(bo.ask('POST', `${path}/claim`, {}), 409);
    assert.equal(error.code, 'TASK_CLAIMED');
    assert.match(error.detail.by ?? '', /^support-/);
    await bo.json('POST', `${path}/claim`, { takeOver: true });
    await refused(anna.ask('POST', `${path}/release`), 409);
    // A trouble that goes on is not ticked off.
    await refused(bo.ask('POST', `${path}/close`, { note: 'done' }), 409);
  });

  it('C3 I11: who acts on an order that a colleague has taken learns by whom; taking over is said, and audited', async () => {
    const { nos, sku } = await waiting(1);
    const [no = ''] = nos;
    const [task] = await tasksOf(anna, no);
    await anna.json('POST', `/api/console/tasks/${task?.id}/claim`, {});
    await system.shop.addCards(sku, [randomUUID()]);
    const error = await refused(act(bo, no, { kind: 'deliver_from_pool' }), 409);
    assert.equal(error.code, 'TASK_CLAIMED');
    assert.match(error.detail.by ?? '', /^support-/);
    assert.equal(await stateOf(no), 'waiting_stock');
    // Nobody knows who sends a Signal: it does not act past a person either.
    await recordSignal(system.parts.steps, { id: randomUUID(), orderNo: no, kind: 'hand_over', note: 'ops' });
    assert.equal(await stateOf(no), 'waiting_stock');
    assert.ok((await tasksOf(anna, no)).some((one) => one.code === 'SIGNAL_REQUEST'));
    const answer = await act(bo, no, { kind: 'deliver_from_pool', takeOver: true, note: '同事下班' });
    assert.equal(answer.status, 200);
    const noted = await query(system, `select from audit a join orders o on o.id = a.order_id where o.no = $1 and a.detail ->> 'tookOverFrom' = $2`, no, error.detail.by); // prettier-ignore
    assert.equal(noted.length, 1);
    // What a person has taken is that person's to act on.
    const own = await waiting(1);
    const [mine] = await tasksOf(anna, own.nos[0] ?? '');
    await anna.json('POST', `/api/console/tasks/${mine?.id}/claim`, {});
    assert.equal((await act(anna, own.nos[0] ?? '', { kind: 'close', note: '买家取消' })).status, 200);
  });

  it('C4 rule 1: typed keys are delivered in one transaction without Temporal; they stand nowhere in clear', async () => {
    const { nos, sku } = await waiting(1, 2);
    const [no = ''] = nos;
    const keys = [`HAND-${randomUUID()}`, `HAND-${randomUUID()}`];
    await refused(act(anna, no, { kind: 'deliver_by_hand', goods: keys.slice(0, 1) }), 400);
    await refused(act(anna, no, { kind: 'deliver_by_hand', goods: [keys[0], keys[0]] }), 400);
    // One of them is in the pool already: it is taken from there.
    await system.shop.addCards(sku, keys.slice(0, 1));
    const answer = await act(anna, no, { kind: 'deliver_by_hand', goods: keys, note: '供应商微信发来' });
    assert.deepEqual(await answer.json(), { state: 'delivered', workflow: 'later' });
    const rows = await query<{ line: string }>(
      system,
      `select row_to_json(a)::text as line from audit a union all select row_to_json(x)::text from order_actions x
       union all select row_to_json(c)::text from cards c`,
    );
    assert.ok(rows.every(({ line }) => keys.every((key) => !line.includes(key))));
    const [{ n } = { n: 0 }] = await query<{ n: number }>(
      system,
      'select count(*)::int as n from cards c join orders o on o.id = c.order_id where o.no = $1',
      no,
    );
    assert.equal(n, 2);
    assert.deepEqual(await tasksOf(anna, no), []);
  });

  it('B1: a key that was sold before is refused by its place in the list, not by its text', async () => {
    const { nos, sku } = await waiting(2);
    const key = `SOLD-${randomUUID()}`;
    await system.shop.addCards(sku, [key]);
    await anna.json('POST', `/api/console/orders/${nos[0]}/actions`, { id: randomUUID(), kind: 'deliver_from_pool' });
    const answer = await act(anna, nos[1] ?? '', { kind: 'deliver_by_hand', goods: [key] });
    const text = await answer.text();
    assert.equal(answer.status, 409);
    assert.ok(!text.includes(key));
    const { error } = JSON.parse(text) as Refused;
    assert.deepEqual([error.code, error.detail.entries], ['KEY_ALREADY_USED', [1]]);
    assert.equal(await stateOf(nos[1] ?? ''), 'waiting_stock');
  });

  it('I11 C3: two people press at once, each twice: one action, and the other learns who was first', async () => {
    const { nos, sku } = await waiting(1);
    await system.shop.addCards(sku, [randomUUID(), randomUUID()]);
    const [no = ''] = nos;
    const [a, b] = [randomUUID(), randomUUID()];
    const answers = await Promise.all(
      [
        [anna, a],
        [anna, a],
        [bo, b],
        [bo, b],
      ].map(([who, id]) => act(who as StaffClient, no, { id, kind: 'deliver_from_pool' })),
    );
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 200, 409, 409]);
    const late = answers.find((answer) => answer.status === 409);
    const { error } = (await late?.json()) as Refused;
    assert.match(error.detail.last?.by ?? '', /^support-/);
    const sold = await query(system, 'select from cards c join orders o on o.id = c.order_id where o.no = $1', no);
    assert.equal(sold.length, 1);
  });

  it('rule 6: "too few" is said of the pool to a person only when it is true, and nothing is taken', async () => {
    const { nos, sku } = await waiting(1, 3);
    await system.shop.addCards(sku, [randomUUID(), randomUUID()]);
    const error = await refused(act(anna, nos[0] ?? '', { kind: 'deliver_from_pool' }), 409);
    assert.deepEqual([error.code, error.detail], ['POOL_TOO_FEW', { wanted: 3, found: 2 }]);
    const left = await query(system, `select from cards c join products p on p.id = c.product_id where p.sku = $1 and c.state = 'available'`, sku); // prettier-ignore
    assert.equal(left.length, 2);
  });

  it('A2 E6: 确认收款 needs its own right; it also revives an order that no notification ever reached', async () => {
    const sku = await product();
    const { orderNo } = await system.shop.order({ sku, accountId: system.sandbox });
    await refused(act(anna, orderNo, { kind: 'confirm_payment' }), 403);
    assert.equal((await act(owner, orderNo, { kind: 'confirm_payment', note: '银行流水已核对' })).status, 200);
    assert.equal(await stateOf(orderNo), 'paid');
    const promised = await query(system, 'select from outbox b join orders o on o.id = b.order_id where o.no = $1', orderNo); // prettier-ignore
    assert.equal(promised.length, 1);
  });

  it('rule 2: by Signal the pool is not opened before the money is there; what is refused becomes a task for people', async () => {
    const sku = await product();
    await system.shop.addCards(sku, [randomUUID()]);
    const [id = 0] = await paidOrders(system, 1, 1, sku);
    await query(system, 'update orders set confirm_by_query = true where id = $1', id);
    const no = await orderNoOf(system, id);
    for (const kind of ['deliver_from_pool', 'close', 'confirm_payment', 'refund', '💥'.repeat(30)]) {
      await recordSignal(system.parts.steps, { id: randomUUID(), orderNo: no, kind, note: 'ops' });
    }
    assert.equal(await stateOf(no), 'paid');
    assert.deepEqual(
      (await tasksOf(anna, no)).map((task) => task.code),
      ['SIGNAL_REQUEST'],
    );
    await recordSignal(system.parts.steps, { id: randomUUID(), orderNo: no, kind: 'hand_over', note: '看一下' });
    assert.equal(await stateOf(no), 'attention');
  });

  it('C3: staff choose a source, hand over and close; each is audited with who, why and from where', async () => {
    const { nos } = await waiting(1);
    const [no = ''] = nos;
    for (const body of [
      { kind: 'choose_source', source: 'supplier:7', note: '换货源' },
      { kind: 'hand_over', note: '买家来电' },
      { kind: 'close', note: '买家取消' },
    ]) {
      assert.equal((await act(anna, no, body)).status, 200);
    }
    assert.equal(await stateOf(no), 'closed');
    const { done, actions } = await anna.json<{
      done: { kind: string; by: string; note: string }[];
      actions: string[];
    }>('GET', `/api/console/orders/${no}/work`);
    assert.deepEqual(
      done.map((one) => [one.kind, one.note]).reverse(),
      [['choose_source', '换货源'], ['hand_over', '买家来电'], ['close', '买家取消']], // prettier-ignore
    );
    assert.ok(done.every((one) => one.by.startsWith('support-')));
    assert.deepEqual(actions, []);
    await refused(act(anna, no, { kind: 'choose_source', source: 'https://evil' }), 400);
  });

  it('C4: what automation never saw is delivered by hand at once, from the pool or typed; the same id again gives the same order', async () => {
    const sku = await product();
    const key = `MANUAL-${randomUUID()}`;
    const body = { id: randomUUID(), mode: 'test', sku, goods: [key], note: '系统故障期间的订单 #42' };
    const made = await anna.json<{ orderNo: string; pickupUrl: string }>(
      'POST',
      '/api/console/manual-deliveries',
      body,
    );
    const again = await anna.json<{ orderNo: string; pickupUrl: string }>(
      'POST',
      '/api/console/manual-deliveries',
      body,
    );
    assert.deepEqual(again, made);
    const pickup = await openPickup(system.base, made.pickupUrl.replace(/^http:\/\/[^/]+/, system.base));
    assert.deepEqual(await pickup.goods(), [key]);
    // Nothing is left behind when it cannot be done.
    const failed = await anna.ask('POST', '/api/console/manual-deliveries', { id: randomUUID(), mode: 'test', sku, quantity: 2, note: '无货' }); // prettier-ignore
    assert.equal(failed.status, 409);
    const orders = await query(system, 'select from orders o join products p on p.id = o.product_id where p.sku = $1', sku); // prettier-ignore
    assert.equal(orders.length, 1);
  });

  it('the queue is paged, counted by reason, and filtered by who has a task', async () => {
    const { nos, sku } = await waiting(5);
    const first = await anna.json<{ tasks: Task[]; next: number }>('GET', `/api/console/tasks?sku=${sku}&limit=3`);
    assert.equal(first.tasks.length, 3);
    const rest = await anna.json<{ tasks: Task[]; next: number | null }>('GET', `/api/console/tasks?sku=${sku}&limit=3&after=${first.next}`); // prettier-ignore
    assert.deepEqual(
      [...first.tasks, ...rest.tasks].map((task) => task.order?.no),
      nos,
    );
    await anna.json('POST', `/api/console/tasks/${first.tasks[0]?.id}/claim`, {});
    const mine = await anna.json<{ tasks: Task[] }>('GET', `/api/console/tasks?sku=${sku}&claimed=mine`);
    assert.equal(mine.tasks.length, 1);
    const sum = await anna.json<{ open: number; reasons: { code: string; count: number }[] }>('GET', '/api/console/tasks/summary'); // prettier-ignore
    assert.ok((sum.reasons.find((reason) => reason.code === 'POOL_EMPTY')?.count ?? 0) >= 5);
  });
});
