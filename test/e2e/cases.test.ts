import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, until, type PlacedOrder } from '../../dev/client.ts';
import { buyerOf, type ShownCase } from '../support/buyer-page.ts';
import { buying, type Buying } from '../support/buying.ts';
import { query } from '../support/paid-orders.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

interface View {
  case: { no: string; kind: string; source: string; state: string; outcome: string | null; dueAt: string | null; overdue: boolean; closedBy: string | null; failure: string | null };
  messages: { side: string; text: string }[];
  keys: { id: number; line: number; named: boolean }[];
  decisions: string[];
} // prettier-ignore
interface Shown {
  cases: ShownCase[];
}
type Refused = { error: { code: string; detail: { by?: string } } };

describe('cases, after the order has ended', function () {
  this.timeout(60_000);
  let system: System;
  let shop: Buying;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address });
    shop = buying(system);
  });
  after(() => system.stop());

  interface Buyer {
    readonly order: PlacedOrder;
    readonly email: string;
    ask(kind: string, text: string, lines?: number[]): Promise<Shown>;
    say(no: string, text: string): Promise<Response>;
    look(): Promise<Shown>;
    goods(): Promise<string[]>;
  }
  /** Somebody who has bought, with the pickup page open. */
  const buyer = async (keys: string | readonly string[], sku: string): Promise<Buyer> => {
    const all = typeof keys === 'string' ? [keys] : keys;
    await system.shop.addCards(sku, all);
    const email = `${randomUUID()}@example.com`;
    const order = await system.shop.order({ sku, quantity: all.length, email, accountId: system.sandbox });
    await system.notify(order.orderNo, { amountMinor: 100 * all.length });
    const page = await buyerOf(system.base, order.orderNo, order.pickupUrl);
    const goods = (): Promise<string[]> => page.goods();
    await until('goods', async () => ((await goods()).length > 0 ? true : undefined), 15_000);
    // The order's own story has ended.
    await until('the end', async () => ((await query(system, 'select from orders where no = $1 and done_at is not null', order.orderNo)).length > 0 ? true : undefined), 15_000); // prettier-ignore
    return {
      order,
      email,
      goods,
      ask: async (kind, text, lines) =>
        (await page.at('cases', { kind, text, ...(lines && { lines }) })).json() as Promise<Shown>,
      say: (no, text) => page.at(`cases/${no}/messages`, { text }),
      look: async () => (await page.at('cases')).json() as Promise<Shown>,
    };
  };
  const refunds = (b: Buyer): Promise<{ state: string; amount: number }[]> =>
    query(system, 'select r.state, r.amount_minor as amount from refunds r join orders o on o.id = r.order_id where o.no = $1', b.order.orderNo); // prettier-ignore
  const product = async (): Promise<string> => shop.product([]);
  const read = (no: string): Promise<View> => shop.api<View>(`cases/${no}`);
  const decide = (no: string, decision: string, change: object = {}, expect?: number): Promise<View & Refused> =>
    shop.api(`cases/${no}/decision`, { body: { id: randomUUID(), decision, ...change }, ...(expect !== undefined && { expect }) }); // prettier-ignore
  const ends = (no: string): Promise<View> =>
    until('the end of the case', async () => { const c = await read(no); return c.case.outcome === null ? undefined : c; }, 15_000); // prettier-ignore

  it('F3 C3: 卡密异常: the buyer asks, staff replace the key from the pool: the page shows the new one, the old is void, a mail goes', async () => {
    const sku = await product();
    const b = await buyer('OLD-KEY-1', sku);
    const [asked] = (await b.ask('bad_key', '卡密提示已使用')).cases;
    assert.ok(asked);
    const seen = await read(asked.no);
    assert.deepEqual(seen.messages.map((m) => [m.side, m.text]), [['buyer', '卡密提示已使用']]); // prettier-ignore
    assert.ok(seen.case.dueAt && seen.decisions.includes('replace'));
    await system.shop.addCards(sku, ['NEW-KEY-1']);
    await decide(asked.no, 'replace', { text: '已为您更换' });
    assert.equal((await ends(asked.no)).case.outcome, 'replaced');
    assert.deepEqual(await b.goods(), ['NEW-KEY-1']);
    const [shown] = (await b.look()).cases;
    assert.deepEqual([shown?.state, shown?.messages.at(-1)?.text], ['resolved', '已为您更换']);
    const mail = await until('mail', async () => (await system.mail.mails()).find((m) => m.to.includes(b.email) && m.text.includes('NEW-KEY-1')), 15_000); // prettier-ignore
    assert.ok(!mail.text.includes('OLD-KEY-1'));
    const rows = await query<{ state: string; n: number }>(system, `select c.state, count(*)::int as n from cards c join products p on p.id = c.product_id where p.sku = $1 group by 1`, sku); // prettier-ignore
    assert.deepEqual(Object.fromEntries(rows.map((r) => [r.state, r.n])), { sold: 1, void: 1 });
    // Nothing that was said lies in clear.
    const words = await query<{ t: string }>(system, 'select body::text as t from case_messages');
    assert.ok(words.every(({ t }) => !t.includes(Buffer.from('卡密').toString('hex'))));
  });

  it('C3: of three keys the buyer names the second: only that one is replaced, the others stay; staff may name others', async () => {
    const sku = await product();
    const b = await buyer(['THREE-1', 'THREE-2', 'THREE-3'], sku);
    const before = await b.goods();
    const [asked] = (await b.ask('bad_key', '第二张无效', [2])).cases;
    assert.ok(asked);
    const seen = await read(asked.no);
    assert.deepEqual(seen.keys.map((k) => [k.line, k.named]), [[1, false], [2, true], [3, false]]); // prettier-ignore
    await system.shop.addCards(sku, ['FRESH-1', 'FRESH-2', 'FRESH-3']);
    await decide(asked.no, 'replace');
    await ends(asked.no);
    assert.deepEqual((await b.goods()).sort(), [...before.filter((_, i) => i !== 1), 'FRESH-1'].sort());
    const [again] = (await b.ask('bad_key', '还有')).cases;
    // Lines are numbered by the keys' places in the pool, where keys that came later may stand before.
    const [, ...rest] = await b.goods();
    const first = (await read(again?.no ?? '')).keys[0];
    await decide(again?.no ?? '', 'replace', { cards: [first?.id ?? 0] });
    await ends(again?.no ?? '');
    assert.deepEqual((await b.goods()).sort(), [...rest, 'FRESH-2'].sort());
    assert.equal(await shop.pool(sku), 1);
  });

  it('C5: a rule opens a case beside the stop: the invoice is still to be sent after the order was delivered', async () => {
    await shop.api('rules', { method: 'PUT', body: { which: 'first', rules: [{ name: '要发票', condition: { remarkContains: ['发票'] }, caseKind: 'invoice' }] } }); // prettier-ignore
    const sku = await product();
    await system.shop.addCards(sku, ['INVOICED-1']);
    const placed = await call<{ order: { orderNo: string }; pickupUrl: string }>(`${system.base}/api/v1/orders`, { token: system.shop.apiKey, headers: { 'idempotency-key': randomUUID() }, body: { sku, quantity: 1, accountId: system.sandbox, remark: '需要发票，谢谢' } }); // prettier-ignore
    const { orderNo } = placed.order;
    await system.notify(orderNo);
    await until('the stop', async () => ((await system.shop.read(orderNo)).failureCode === 'EXCEPTION_RULE' ? true : undefined), 15_000); // prettier-ignore
    await shop.api('rules', { method: 'PUT', body: { which: 'first', rules: [] } });
    const page = await buyerOf(system.base, orderNo, placed.pickupUrl);
    const [opened] = await page.cases();
    assert.deepEqual([opened?.kind, opened?.state], ['invoice', 'open']);
    assert.deepEqual([(await read(opened?.no ?? '')).case.source], ['rule']);
    await shop.api(`orders/${orderNo}/actions`, { body: { id: randomUUID(), kind: 'retry', note: '' } });
    await until('goods', async () => ((await page.goods()).length > 0 ? true : undefined), 15_000);
    await decide(opened?.no ?? '', 'invoice', { text: '已开具电子发票' });
    assert.equal((await ends(opened?.no ?? '')).case.outcome, 'invoiced');
  });

  it('C3: without keys in the pool nothing is replaced, the case is open again and says why; a second try works', async () => {
    const sku = await product();
    const b = await buyer('OLD-KEY-2', sku);
    const [asked] = (await b.ask('bad_key', 'x')).cases;
    assert.ok(asked);
    await decide(asked.no, 'replace');
    const failed = await until('failure', async () => { const c = await read(asked.no); return c.case.failure ? c : undefined; }, 15_000); // prettier-ignore
    assert.deepEqual([failed.case.state, failed.case.failure], ['open', 'POOL_TOO_FEW']);
    assert.deepEqual(await b.goods(), ['OLD-KEY-2'], 'the buyer keeps what there is');
    await system.shop.addCards(sku, ['NEW-KEY-2']);
    await decide(asked.no, 'replace');
    await ends(asked.no);
    assert.deepEqual(await b.goods(), ['NEW-KEY-2']);
  });

  it('C3 A5: a refund is asked for once, the case ends when the money has moved, and the sold key stays sold', async () => {
    const sku = await product();
    const b = await buyer('KEY-8', sku);
    const [asked] = (await b.ask('bad_key', '无法使用')).cases;
    assert.ok(asked);
    const id = randomUUID();
    await Promise.all([
      decide(asked.no, 'refund', { id, text: '已退款' }),
      decide(asked.no, 'refund', { id, text: '已退款' }),
    ]);
    await until('refund', async () => ((await refunds(b)).length > 0 ? true : undefined), 15_000);
    await query(system, `update cases set next_look_at = now() where no = $1`, asked.no);
    const end = await until('the end of the case', async () => {
      await query(system, `update cases set next_look_at = now() where no = $1 and closed_at is null`, asked.no);
      const c = await read(asked.no);
      return c.case.outcome === null ? undefined : c;
    }, 30_000, 200); // prettier-ignore
    assert.equal(end.case.outcome, 'refunded');
    const done = await refunds(b);
    assert.deepEqual(done.map((r) => [r.state, r.amount]), [['done', 100]]); // prettier-ignore
    const rows = await query<{ state: string }>(system, `select c.state from cards c join products p on p.id = c.product_id where p.sku = $1`, sku); // prettier-ignore
    assert.deepEqual(rows, [{ state: 'sold' }], 'a sold key never returns to sale');
    assert.equal((await system.shop.read(b.order.orderNo)).state, 'delivered');
    // What is left is nothing: another case's refund says so.
    const [other] = (await b.ask('other', 'again')).cases;
    await decide(other?.no ?? '', 'refund');
    const failed = await until('failure', async () => { const c = await read(other?.no ?? ''); return c.case.failure ? c : undefined; }, 15_000); // prettier-ignore
    assert.deepEqual([failed.case.state, failed.case.failure], ['open', 'REFUND_TOO_MUCH']);
  });

  it('I11: a decision is carried out once, though pressed twice or by two people', async () => {
    const sku = await product();
    const b = await buyer('OLD-KEY-3', sku);
    const [asked] = (await b.ask('bad_key', 'x')).cases;
    assert.ok(asked);
    await system.shop.addCards(sku, ['NEW-A', 'NEW-B', 'NEW-C']);
    const id = randomUUID();
    const tries = await Promise.allSettled([decide(asked.no, 'replace', { id }), decide(asked.no, 'replace', { id }), decide(asked.no, 'replace'), decide(asked.no, 'refuse')]); // prettier-ignore
    assert.ok(tries.some((t) => t.status === 'fulfilled'));
    await ends(asked.no);
    const end = await read(asked.no);
    if (end.case.outcome === 'replaced') assert.equal((await b.goods()).length, 1);
    assert.equal(await shop.pool(sku), end.case.outcome === 'replaced' ? 2 : 3);
    const other = end.case.outcome === 'replaced' ? 'refuse' : 'replace';
    const late = await decide(asked.no, other, {}, 409);
    assert.equal(late.error.code, 'CASE_DECIDED');
    assert.equal(late.error.detail.by, 'ops token');
  });

  it('F3: answers go both ways; while the buyer is asked the clock stands still', async () => {
    const b = await buyer('KEY-4', await product());
    const [asked] = (await b.ask('invoice', '请开发票，抬头：某某公司')).cases;
    assert.ok(asked);
    await shop.api(`cases/${asked.no}/messages`, { body: { text: '请提供税号', ask: true } });
    await shop.api(`cases/${asked.no}/messages`, { body: { text: '此客户要求加急', internal: true } });
    const waiting = await read(asked.no);
    assert.deepEqual([waiting.case.state, waiting.case.dueAt], ['asked', null]);
    const [shown] = (await b.look()).cases;
    assert.deepEqual(shown?.messages.map((m) => m.side), ['buyer', 'staff'], 'internal words stay inside'); // prettier-ignore
    assert.equal((await b.say(asked.no, '税号 9131')).status, 200);
    const again = await read(asked.no);
    assert.equal(again.case.state, 'open');
    assert.ok(again.case.dueAt);
    assert.equal((await decide(asked.no, 'replace', {}, 400)).error.code, 'CASE_DECISION_UNFIT');
    await decide(asked.no, 'invoice', { text: '发票已发送到您的邮箱' });
    assert.equal((await ends(asked.no)).case.outcome, 'invoiced');
    assert.equal((await b.say(asked.no, '谢谢')).status, 409, 'a closed case takes no words');
  });

  it('C6: an overdue case is told to people once, and asking again adds to the open case', async () => {
    const b = await buyer('KEY-5', await product());
    const [asked] = (await b.ask('other', 'first')).cases;
    assert.ok(asked);
    const second = await b.ask('other', 'second');
    assert.equal(second.cases.length, 1);
    assert.deepEqual(second.cases[0]?.messages.map((m) => m.text), ['first', 'second']); // prettier-ignore
    await query(system, `update cases set due_at = now(), next_look_at = now() where no = $1`, asked.no);
    await until('overdue', async () => ((await read(asked.no)).case.overdue ? true : undefined), 15_000);
    const tasks = () => query(system, `select from tasks t join orders o on o.id = t.order_id where o.no = $1 and t.code = 'CASE_OVERDUE' and t.closed_at is null`, b.order.orderNo); // prettier-ignore
    assert.equal((await tasks()).length, 1);
    await decide(asked.no, 'answer', { text: '答复' });
    await ends(asked.no);
    assert.equal((await tasks()).length, 0);
  });

  it('rule 12: a case opens nothing to a stranger, and another order’s session reads nothing of it', async () => {
    const b = await buyer('KEY-6', await product());
    const [asked] = (await b.ask('other', 'mine')).cases;
    const stranger = await buyer('KEY-7', await product());
    assert.equal((await stranger.say(asked?.no ?? '', 'let me in')).status, 404);
    assert.deepEqual((await stranger.look()).cases, []);
    assert.equal((await fetch(`${system.base}/pickup/${b.order.orderNo}/cases`)).status, 403);
  });
});
