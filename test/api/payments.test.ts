import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, until } from '../../dev/client.ts';
import { startFakeAlipay, type FakeAlipay } from '../../dev/fakes/alipay-gateway.ts';
import { startFakeUsdt, type FakeUsdt } from '../../dev/fakes/usdt-gateway.ts';
import { queryPayments } from '../../worker/loops/payment-queries.ts';
import { matchStatements } from '../../worker/loops/statements.ts';
import { sendRefunds } from '../../worker/loops/refunds.ts';
import { moneyOf, type PaymentsAnswer } from '../support/money.ts';
import { startSystem, type System } from '../support/system.ts';

interface Refund {
  refund: { id: number; no: string; state: string; amountMinor: number; code: string | null };
}
/** Payments before people and loops: no Temporal anywhere near. */
describe('payments: lost ones found, odd ones settled, money given back', function () {
  this.timeout(60_000);
  let system: System;
  let alipay: FakeAlipay;
  let usdt: FakeUsdt;
  let alipayId = 0;
  let usdtId = 0;

  before(async () => {
    alipay = await startFakeAlipay({ port: 0 });
    usdt = await startFakeUsdt({ port: 0 });
    system = await startSystem({ reach: [alipay.url, usdt.url] });
    alipayId = await account('alipay', alipay.config);
    usdtId = await account('usdt', usdt.config);
    // A quick machine would reach the rate of an account here; the rate has a test of its own.
    await rows('update payment_accounts set queries_per_minute = 600, query_tokens = 100');
  });
  after(async () => {
    await system.stop();
    await alipay.close();
    await usdt.close();
  });

  const { api, account, rows, order, stateOf, due, paymentOf, tasks } = moneyOf(() => system);
  const query = () => queryPayments(system.parts.steps, system.parts.metrics);
  const refund = (paymentId: number, body: object, expect?: number) =>
    api<Refund>(`/payments/${paymentId}/refunds`, { requestId: randomUUID(), reason: '测试退款', ...body }, expect);
  const settled = async (id: number): Promise<string> => {
    await rows('update refunds set next_at = now() where id = $1 and next_at is not null', id);
    await sendRefunds(system.parts.steps);
    return (await rows<{ state: string }>('select state from refunds where id = $1', id))[0]?.state ?? '';
  };

  it('A4: a payment whose notification was lost is found by asking, once, by the same door', async () => {
    const { orderNo } = await order(alipayId);
    await due(orderNo);
    await query();
    assert.equal(await stateOf(orderNo), 'unpaid');
    await alipay.pay(orderNo, { notify: false });
    await due(orderNo);
    await Promise.all([query(), query()]);
    assert.equal(await stateOf(orderNo), 'paid');
    const late = alipay.notification(orderNo).toString();
    const answer = await fetch(`${system.base}/notify/alipay/${alipayId}`, { method: 'POST', body: late });
    assert.equal(await answer.text(), 'success');
    const [count] = await rows<{ n: number }>('select count(*)::int as n from payments where order_no = $1', orderNo);
    assert.equal(count?.n, 1);
  });

  it("A4: the browser's return is a hint that makes the provider be asked, never a payment", async () => {
    const { orderNo } = await order(system.epay);
    await system.gateway.pay(orderNo, { notify: false });
    const back = system.gateway.notification(orderNo).toString();
    const answer = await fetch(`${system.base}/paid/${orderNo}?${back}`, { redirect: 'manual' });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/paid', 'the signed parameters leave the address');
    assert.equal(await stateOf(orderNo), 'unpaid');
    await query();
    assert.equal(await stateOf(orderNo), 'paid');
  });

  it('A4: an account is asked at its rate, however many orders are due and processes ask', async () => {
    await rows('update payment_accounts set queries_per_minute = 6, query_tokens = 1, query_filled_at = now() where id = $1', system.epay); // prettier-ignore
    const orders = await Promise.all(Array.from({ length: 5 }, () => order(system.epay)));
    for (const { orderNo } of orders) await due(orderNo);
    const before = system.gateway.queries();
    await Promise.all([query(), query(), query()]);
    await query();
    assert.equal(system.gateway.queries() - before, 1);
    await rows('update payment_accounts set queries_per_minute = 600, query_tokens = 100 where id = $1', system.epay);
    await query();
    assert.equal(system.gateway.queries() - before, 5, 'the others waited, none was forgotten');
  });

  it('A4: what expired unpaid is closed at the provider, after one more question', async () => {
    const { orderNo } = await order(alipayId);
    await rows(`update orders set state = 'expired', expires_at = now() where no = $1`, orderNo);
    await due(orderNo);
    await query();
    const closed = await api<{ answer: string }>(`/orders/${orderNo}/ask-provider`, undefined, undefined, 'POST');
    assert.equal(closed.answer, 'closed');
  });

  it("A4: what a day's books of the provider call paid enters by the same door, once", async () => {
    const { orderNo } = await order(system.sandbox);
    const line = { orderNo, tradeNo: `book-${orderNo}`, amountMinor: 100, currency: 'CNY' };
    const known = system.parts.steps.providers.get('sandbox');
    assert.ok(known);
    const books = { ...known, statement: () => Promise.resolve([line]) };
    const deps = { ...system.parts.steps, providers: new Map([['sandbox', books]]) };
    const later = new Date(Date.now() + 3 * 86_400_000);
    while (await matchStatements(deps, system.parts.metrics, later));
    assert.equal(await stateOf(orderNo), 'paid');
    assert.equal(await matchStatements(deps, system.parts.metrics, later), false, 'a day is matched once');
    const { days } = await api<{ days: { accountId: number; lines: number; found: number }[] }>('/statements');
    assert.deepEqual(days.map(({ lines, found }) => ({ lines, found })), [{ lines: 1, found: 1 }]); // prettier-ignore
  });

  it('A5: what USDT was paid must be what was quoted; one transfer pays one order', async () => {
    const notify = (body: string) => fetch(`${system.base}/notify/usdt/${usdtId}`, { method: 'POST', body });
    const [good, other, wrong] = [await order(usdtId), await order(usdtId), await order(usdtId)];
    const again = await system.shop.order({ sku: system.sku, accountId: usdtId, key: 'same' });
    assert.equal((await system.shop.order({ sku: system.sku, accountId: usdtId, key: 'same' })).payUrl, again.payUrl);
    const paid = usdt.notification(good.orderNo, { status: 2 });
    assert.equal(await (await notify(usdt.notification(good.orderNo, { status: 1 }))).text(), 'ok');
    assert.equal(await stateOf(good.orderNo), 'unpaid', 'waiting is no payment');
    assert.equal(await (await notify(paid)).text(), 'ok');
    assert.equal(await stateOf(good.orderNo), 'paid');
    const { block_transaction_id: receipt } = JSON.parse(paid) as { block_transaction_id: string };
    await notify(usdt.notification(other.orderNo, { status: 2, block_transaction_id: receipt }));
    assert.equal(await stateOf(other.orderNo), 'unpaid');
    assert.deepEqual(await tasks(other.orderNo), ['PAYMENT_REUSED']);
    await notify(usdt.notification(wrong.orderNo, { status: 2, actual_amount: 0.01 }));
    assert.equal(await stateOf(wrong.orderNo), 'unpaid');
    assert.deepEqual(await tasks(wrong.orderNo), ['PAYMENT_QUOTE']);
  });

  it('A3: an order in a currency or channel that the account does not take is refused before it exists', async () => {
    const place = (body: object) =>
      call<{ error: { code: string } }>(`${system.base}/api/v1/orders`, { token: system.shop.apiKey, headers: { 'idempotency-key': randomUUID() }, body: { sku: system.sku, ...body }, expect: 400 }); // prettier-ignore
    assert.equal((await place({ accountId: alipayId, payMethod: 'wxpay' })).error.code, 'PAY_METHOD_UNKNOWN');
  });

  it('C3: a whole refund of what is not delivered ends the order at once and pays back exactly once', async () => {
    const { orderNo } = await order(alipayId);
    await alipay.pay(orderNo, { notify: false });
    await due(orderNo);
    await query();
    const paymentId = await paymentOf(orderNo);
    const requestId = randomUUID();
    const made = await Promise.all(Array.from({ length: 5 }, () => refund(paymentId, { requestId })));
    assert.equal(new Set(made.map((m) => m.refund.no)).size, 1, 'one request, one refund');
    assert.equal(await stateOf(orderNo), 'refunded');
    alipay.refundNext('lost');
    const id = made[0]!.refund.id;
    assert.equal(await settled(id), 'asked', 'the answer was lost');
    assert.equal(await settled(id), 'done', 'asked about, not sent again');
    assert.equal(alipay.refunds.get(made[0]!.refund.no)?.times, 1);
    const { payments } = await api<PaymentsAnswer>(`/payments?orderNo=${orderNo}`);
    assert.equal(payments[0]?.refundedMinor, 100);
    await refund(paymentId, {}, 409);
  });

  it('C3: partial refunds never exceed the payment together, and end no order', async () => {
    const { orderNo } = await order(system.sandbox);
    await system.notify(orderNo);
    const paymentId = await paymentOf(orderNo);
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => refund(paymentId, { amountMinor: 40 })));
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 2, '40 + 40 of 100');
    assert.equal(await stateOf(orderNo), 'paid', 'a part of the money back is no end');
  });

  it('C3: a refund of a delivered order leaves it delivered and its card sold', async () => {
    await system.shop.addCards(system.sku, [`REFUNDED-${randomUUID()}`]);
    const { orderNo } = await order(system.sandbox);
    await system.notify(orderNo);
    await api(`/orders/${orderNo}/actions`, { id: randomUUID(), kind: 'deliver_from_pool' });
    const { refund: made } = await refund(await paymentOf(orderNo), {});
    assert.equal(await settled(made.id), 'done');
    assert.equal(await stateOf(orderNo), 'delivered');
    const cards = await rows<{ state: string }>('select c.state from cards c join orders o on o.id = c.order_id where o.no = $1', orderNo); // prettier-ignore
    assert.deepEqual(cards, [{ state: 'sold' }]);
  });

  it('C3: a refused refund is a task with the code of the provider; again, or by hand, by a named person', async () => {
    const { orderNo } = await order(alipayId);
    await alipay.pay(orderNo, { notify: false });
    await due(orderNo);
    await query();
    const { refund: made } = await refund(await paymentOf(orderNo), { amountMinor: 30 });
    alipay.refundNext('refused');
    assert.equal(await settled(made.id), 'failed');
    assert.deepEqual(await tasks(orderNo), ['REFUND_FAILED']);
    await api(`/refunds/${made.id}/settle`, { how: 'again', note: '余额已充' });
    assert.equal(await settled(made.id), 'done');
    assert.deepEqual(await tasks(orderNo), []);
    await api(`/refunds/${made.id}/settle`, { how: 'again', note: 'x' }, 409);
  });

  it('C3: where a second call would pay twice (易支付 v1), an unknown outcome goes to a person', async () => {
    const { orderNo } = await order(system.epay);
    await system.gateway.pay(orderNo, { notify: false });
    await due(orderNo);
    await query();
    const { refund: made } = await refund(await paymentOf(orderNo), {});
    system.gateway.misbehave('*', 'drop');
    system.gateway.refundNext('lost');
    assert.equal(await settled(made.id), 'asked');
    assert.equal(await settled(made.id), 'asked', 'the gateway does not say: nothing is sent');
    assert.equal(system.gateway.refunded(orderNo), 100);
    system.gateway.misbehave('*', undefined);
    assert.equal(await settled(made.id), 'done', 'it says refunded');
    assert.equal(system.gateway.refunded(orderNo), 100, 'never twice');
    // Of a part the order's status is no answer: another part may be what it speaks of.
    const parts = await order(system.epay);
    await system.gateway.pay(parts.orderNo, { notify: false });
    await due(parts.orderNo);
    await query();
    const paymentId = await paymentOf(parts.orderNo);
    const { refund: first } = await refund(paymentId, { amountMinor: 30 });
    assert.equal(await settled(first.id), 'done');
    const { refund: second } = await refund(paymentId, { amountMinor: 20 });
    system.gateway.refundNext('lost');
    assert.equal(await settled(second.id), 'asked');
    assert.equal(await settled(second.id), 'abnormal');
  });

  it('A5: a refund that was made elsewhere stops what is not delivered and is a task', async () => {
    const { orderNo } = await order(alipayId);
    await alipay.pay(orderNo, { notify: false });
    const send = (change: Record<string, string>) => fetch(`${system.base}/notify/alipay/${alipayId}`, { method: 'POST', body: alipay.notification(orderNo, change) }); // prettier-ignore
    await send({});
    assert.equal(await stateOf(orderNo), 'paid');
    const back = { refund_fee: '1.00', gmt_refund: '2026-11-24 10:00:00', trade_status: 'TRADE_CLOSED' };
    for (let i = 0; i < 3; i++) assert.equal(await (await send(back)).text(), 'success');
    assert.equal(await stateOf(orderNo), 'attention');
    assert.deepEqual(await tasks(orderNo), ['PAYMENT_REFUNDED_OUTSIDE']);
  });

  it('A5: a payment for no order of ours is given to an order by a person, once, and sets it going', async () => {
    await system.notify('M261124YYYYYYYYYYYYY', { tradeNo: 'sb-stray' });
    const { payments } = await api<PaymentsAnswer>('/payments?standing=unmatched&tradeNo=sb-stray');
    const stray = payments[0]!;
    const { orderNo } = await order(system.sandbox);
    const give = (body: object, expect?: number) =>
      api<{ state: string }>(`/payments/${stray.id}/assign`, { requestId: randomUUID(), orderNo, note: '买家填错单号', ...body }, expect); // prettier-ignore
    const requestId = randomUUID();
    assert.equal((await give({ requestId })).state, 'paid');
    assert.equal((await give({ requestId })).state, 'paid', 'the same request again');
    await give({}, 409);
    const [promise] = await rows<{ kind: string }>('select b.kind from outbox b join orders o on o.id = b.order_id where o.no = $1', orderNo); // prettier-ignore
    assert.equal(promise?.kind, 'start');
  });

  it('C3: 确认收款 asks the provider first; what a person confirms against it is theirs, and its money later is no second payment', async () => {
    const { orderNo } = await order(alipayId);
    const confirm = (despite: boolean) => api<{ answer: string; confirmed: string; state: string }>(`/orders/${orderNo}/confirm-payment`, { requestId: randomUUID(), note: '线下核对', despite }); // prettier-ignore
    const said = { answer: 'unpaid', detail: null, amountMinor: null, currency: null };
    assert.deepEqual(await confirm(false), { ...said, confirmed: 'no', state: 'unpaid' });
    // The general door of actions is no way around the question.
    await api(`/orders/${orderNo}/actions`, { id: randomUUID(), kind: 'confirm_payment', note: 'x' }, 409);
    assert.equal(await stateOf(orderNo), 'unpaid');
    assert.equal((await confirm(true)).confirmed, 'by_hand');
    await alipay.pay(orderNo, { notify: false });
    await fetch(`${system.base}/notify/alipay/${alipayId}`, { method: 'POST', body: alipay.notification(orderNo) });
    assert.deepEqual(await tasks(orderNo), []);
    const { payments } = await api<PaymentsAnswer>(`/payments?orderNo=${orderNo}`);
    assert.equal(payments[0]?.standing, 'matched');
    const paid = await order(alipayId);
    await alipay.pay(paid.orderNo, { notify: false });
    const found = await api<{ confirmed: string }>(`/orders/${paid.orderNo}/confirm-payment`, { requestId: randomUUID(), note: 'x' }); // prettier-ignore
    assert.equal(found.confirmed, 'by_provider');
    // Less than the price: the provider's "paid" is no word for this order.
    const less = await order(alipayId);
    await rows('update orders set amount_minor = 200 where no = $1', less.orderNo);
    await alipay.pay(less.orderNo, { notify: false });
    const short = await api<{ answer: string; amountMinor: number; confirmed: string; state: string }>(`/orders/${less.orderNo}/confirm-payment`, { requestId: randomUUID(), note: 'x' }); // prettier-ignore
    assert.deepEqual([short.answer, short.amountMinor, short.confirmed, short.state], ['paid', 100, 'no', 'unpaid']);
  });

  it('the log keeps what came, masked, with verdict, decision and answer, and a replay changes nothing twice', async () => {
    const { orderNo } = await order(alipayId);
    await alipay.pay(orderNo, { notify: false });
    await fetch(`${system.base}/notify/alipay/${alipayId}`, { method: 'POST', body: alipay.notification(orderNo) });
    const { notifications } = await api<{ notifications: { id: number; verdict: string; decision: string }[] }>(`/notifications?orderNo=${orderNo}`); // prettier-ignore
    const [entry] = notifications;
    assert.equal(entry?.verdict, 'accepted');
    assert.equal(entry.decision, 'accepted');
    const raw = await api<{ body: string; response: { body: string } }>(`/notifications/${entry.id}`);
    assert.equal(raw.response.body, 'success');
    assert.match(raw.body, /sign=••••/);
    assert.match(raw.body, /buyer_id=••••/);
    assert.match(raw.body, new RegExp(`out_trade_no=${orderNo}`));
    const again = await api<{ verdict: string; decision: string }>(`/notifications/${entry.id}/replay`, { note: 'x' });
    assert.deepEqual(again, { verdict: 'accepted', decision: 'duplicate' });
    const why = await rows<{ note: string }>(`select detail->>'note' as note from audit where action = 'notification_replayed' and (detail->>'notification')::int = $1`, entry.id); // prettier-ignore
    assert.deepEqual(why, [{ note: 'x' }]);
    assert.ok((await api<{ days: number }>('/notifications/retention')).days >= 30);
  });

  it('E5: forms come from the providers, secrets go out masked and survive an edit, wrong keys are named', async () => {
    const { providers } = await api<{ providers: { id: string; fields: { key: string }[] }[] }>('/payment-providers');
    assert.ok(providers.find((p) => p.id === 'wechat')?.fields.some((f) => f.key === 'apiV3Key'));
    const { accounts } = await api<{ accounts: { id: number; config: Record<string, string> }[] }>('/payment-accounts');
    const mine = accounts.find((a) => a.id === alipayId);
    assert.equal(mine?.config['privateKey'], '••••••');
    const change = { name: '支付宝', config: mine.config, confirmByQuery: false, confirmAboveMinor: 100, queriesPerMinute: 60, enabled: true }; // prettier-ignore
    await api(`/payment-accounts/${alipayId}`, change, undefined, 'PUT');
    const { orderNo } = await order(alipayId);
    const [row] = await rows<{ confirm: boolean }>('select confirm_by_query as confirm from orders where no = $1', orderNo); // prettier-ignore
    assert.equal(row?.confirm, true, 'from this amount on the provider confirms');
    const bad = { ...mine.config, alipayPublicKey: 'x'.repeat(100) };
    const { problems } = await api<{ problems: { field: string }[] }>('/payment-accounts/check-config', { provider: 'alipay', config: bad, accountId: alipayId }); // prettier-ignore
    assert.deepEqual(problems.map((p) => p.field), ['alipayPublicKey']); // prettier-ignore
  });

  it('A6: the check walks each step with advice; only a real payment by notification makes it green, and goes back', async () => {
    const check = () => api<{ state: string; steps: { id: string; result: string; zh: string }[] }>(`/payment-accounts/${system.sandbox}/callback-check`, {}); // prettier-ignore
    const first = await check();
    assert.equal(first.state, 'failed', 'localhost is not reachable for a provider');
    assert.match(first.steps.find((s) => s.id === 'address')?.zh ?? '', /PUBLIC_URL/);
    assert.equal(first.steps.find((s) => s.id === 'signature')?.result, 'self_tested');
    const path = `/payment-accounts/${system.sandbox}/callback-check/payment`;
    const started = await api<{ orderNo: string }>(path, { amountMinor: 1 });
    assert.equal((await api<{ state: string }>(path)).state, 'waiting');
    assert.equal((await system.notify(started.orderNo, { amountMinor: 1 })).status, 200);
    assert.equal((await api<{ state: string }>(path)).state, 'ok');
    await sendRefunds(system.parts.steps);
    await sendRefunds(system.parts.steps);
    assert.equal((await api<{ refund: string }>(path)).refund, 'done');
    const [task] = await rows('select 1 from tasks t join payments y on y.id = t.payment_id where y.order_no = $1', started.orderNo); // prettier-ignore
    assert.equal(task, undefined, 'it is no stray payment');
    assert.equal((await check()).steps.find((s) => s.id === 'real_payment')?.result, 'ok');
  });

  it('retention: old raw notifications go; what a payment points to stays without its bytes', async () => {
    const { purgeOldNotifications } = await import('../../db/notifications.ts');
    const { orderNo } = await order(system.sandbox);
    await system.notify(orderNo);
    await system.notify(orderNo);
    await rows(`update notifications set received_at = now() - interval '181 days' where order_no = $1`, orderNo);
    await purgeOldNotifications(system.parts.pool);
    const left = await rows<{ n: number }>('select length(body) as n from notifications where order_no = $1', orderNo);
    assert.deepEqual(left, [{ n: 0 }]);
  });

  it('C3: two people who refund an unmatched payment at once pay it back once', async () => {
    const no = `M261124${randomUUID()
      .replaceAll(/[^0-9a-f]/g, '')
      .slice(0, 13)
      .toUpperCase()}`;
    await system.notify(no, { tradeNo: `sb-${randomUUID()}` });
    const [payment] = await rows<{ id: number }>('select id from payments where order_no = $1', no);
    const locker = await system.parts.pool.connect();
    await locker.query('begin');
    await locker.query('select from payments where id = $1 for update', [payment?.id]);
    const both = [1, 2].map(() => refund(payment?.id ?? 0, {}).then(() => 'taken', () => 'refused')); // prettier-ignore
    await until(
      'both wait',
      async () => {
        const [row] = await rows<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return row?.n === 2 ? true : undefined;
      },
      5_000,
    );
    await locker.query('commit');
    locker.release();
    assert.deepEqual((await Promise.all(both)).sort(), ['refused', 'taken']);
  });

  it('C3: a failed refund is not tried again once others have taken its place', async () => {
    const { orderNo } = await order(alipayId);
    await alipay.pay(orderNo, { notify: false });
    await due(orderNo);
    await query();
    const paymentId = await paymentOf(orderNo);
    const { refund: failed } = await refund(paymentId, { amountMinor: 60 });
    alipay.refundNext('refused');
    assert.equal(await settled(failed.id), 'failed');
    await refund(paymentId, { amountMinor: 70 });
    await api(`/refunds/${failed.id}/settle`, { how: 'again', note: 'x' }, 409);
    const [sum] = await rows<{ n: number }>(
      `select sum(amount_minor)::int as n from refunds where payment_id = $1 and state <> 'failed'`,
      paymentId,
    );
    assert.equal(sum?.n, 70);
  });
});
