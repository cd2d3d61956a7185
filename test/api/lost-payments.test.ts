import assert from 'node:assert/strict';
import { randomUUID, X509Certificate } from 'node:crypto';
import { until } from '../../dev/client.ts';
import { startFakeAlipay, type FakeAlipay } from '../../dev/fakes/alipay-gateway.ts';
import { startFakeWechat, type FakeWechat } from '../../dev/fakes/wechat-gateway.ts';
import { sha256 } from '../../api/authenticate.ts';
import { refreshAccountKeys } from '../../worker/loops/account-keys.ts';
import { queryPayments } from '../../worker/loops/payment-queries.ts';
import { sendRefunds } from '../../worker/loops/refunds.ts';
import { matchStatements } from '../../worker/loops/statements.ts';
import { moneyOf } from '../support/money.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

/** Payments that nobody told us about, keys that change, accounts that were switched off: money is found all the same. */
describe('payments: what does not come by itself', function () {
  this.timeout(60_000);
  let system: System;
  let alipay: FakeAlipay;
  let wechat: FakeWechat;
  let alipayId = 0;
  let wechatId = 0;
  const { api, account, rows, order, stateOf, due, tasks } = moneyOf(() => system);

  before(async () => {
    alipay = await startFakeAlipay({ port: 0 });
    wechat = await startFakeWechat({ port: 0 });
    system = await startSystem({ reach: [alipay.url, wechat.url] });
    alipayId = await account('alipay', alipay.config);
    wechatId = await account('wechat', wechat.config);
    await rows('update payment_accounts set queries_per_minute = 600, query_tokens = 100');
  });
  after(async () => {
    await system.stop();
    await alipay.close();
    await wechat.close();
  });

  const tomorrow = new Date(Date.now() + 3 * 86_400_000);
  const match = (now = tomorrow) => matchStatements(system.parts.steps, system.parts.metrics, now);
  const days = async (accountId: number) =>
    (await api<{ days: { accountId: number; lines: number | null; found: number | null; failure: string | null }[] }>('/statements')).days.filter((d) => d.accountId === accountId); // prettier-ignore
  const dueAgain = () => rows('update statement_days set next_at = now() where done_at is null');

  it('A4: the books of 支付宝 and 微信支付 are fetched, and what they call paid enters by the same door, once', async () => {
    // Another account of the same merchant, and what the merchant sells elsewhere, stand in the same books.
    const sameMerchant = await account('alipay', alipay.config);
    const elsewhere = await system.parts.steps.providers.get('alipay')?.createPayment(
      { id: 0, provider: 'alipay', mode: 'test', config: alipay.config },
      { orderNo: 'ELSEWHERE-1', amountMinor: 500, currency: 'CNY', notifyUrl: 'http://x', returnUrl: 'http://x', expiresAt: tomorrow }, // prettier-ignore
      system.parts.steps.outbound,
    );
    await fetch(elsewhere?.url ?? '');
    await alipay.pay('ELSEWHERE-1', { notify: false });
    const orders = [await order(alipayId), await order(alipayId), await order(wechatId)];
    await alipay.pay(orders[0]!.orderNo, { notify: false });
    await alipay.pay(orders[1]!.orderNo, { notify: false });
    await wechat.pay(orders[2]!.orderNo, { notify: false });
    // One of them is known already: the match finds the other ones only.
    await fetch(`${system.base}/notify/alipay/${alipayId}`, {
      method: 'POST',
      body: alipay.notification(orders[0]!.orderNo),
    });
    while (await match());
    for (const { orderNo } of orders) assert.equal(await stateOf(orderNo), 'paid');
    const told = ({ lines, found, failure }: Awaited<ReturnType<typeof days>>[number]) => ({ lines, found, failure });
    assert.deepEqual((await days(alipayId)).map(told), [{ lines: 2, found: 1, failure: null }]);
    assert.deepEqual((await days(sameMerchant)).map(told), [{ lines: 2, found: 0, failure: null }]);
    const stray = await rows(`select 1 from payments where standing = 'unmatched'`);
    assert.equal(stray.length, 0);
    assert.deepEqual((await days(wechatId)).map(told), [{ lines: 1, found: 1, failure: null }]);
    const late = await fetch(`${system.base}/notify/alipay/${alipayId}`, {
      method: 'POST',
      body: alipay.notification(orders[1]!.orderNo),
    });
    assert.equal(await late.text(), 'success');
    const [count] = await rows<{ n: number }>('select count(*)::int as n from payments where order_no = $1', orders[1]!.orderNo); // prettier-ignore
    assert.equal(count?.n, 1);
  });

  it('A4: books whose hash is not the signed one, or that cannot be had, are tried again and believed in nothing', async () => {
    const { orderNo } = await order(wechatId);
    await wechat.pay(orderNo, { notify: false });
    const later = new Date(tomorrow.getTime() + 86_400_000);
    wechat.damageBill(true);
    alipay.misbehave('*', 'html');
    while (await match(later));
    alipay.misbehave('*', undefined);
    assert.equal(await stateOf(orderNo), 'unpaid');
    const failures = async (id: number) => (await days(id)).map((d) => d.failure);
    assert.match((await failures(wechatId))[0] ?? '', /BILL_HASH/);
    assert.match((await failures(alipayId))[0] ?? '', /GATEWAY/);
    wechat.damageBill(false);
    await dueAgain();
    while (await match(later));
    assert.equal(await stateOf(orderNo), 'paid');
    assert.deepEqual(await failures(wechatId), [null, null]);
  });

  it('A3: platform certificates are fetched when the account is saved, and again when they change: old and new are believed, then the new one alone', async () => {
    const { platformCerts } = wechat.config;
    const id = await account('wechat', { ...wechat.config, publicKey: '', publicKeyId: '', platformCerts: '' });
    const heard = async (orderNo: string): Promise<number> => {
      const { body, headers } = wechat.signed(wechat.notification(orderNo).body, 'certificate');
      return (await fetch(`${system.base}/notify/wechat/${id}`, { method: 'POST', body, headers })).status;
    };
    const refresh = async (): Promise<void> => {
      await rows('update payment_accounts set keys_refresh_at = now() where id = $1', id);
      while (await refreshAccountKeys(system.parts.steps));
    };
    const certs = async (): Promise<number> => {
      const { accounts } = await api<{ accounts: { id: number; config: Record<string, string> }[] }>('/payment-accounts'); // prettier-ignore
      return (accounts.find((a) => a.id === id)?.config['platformCerts'] ?? '').split('BEGIN').length - 1;
    };
    const [first, second, third] = [await order(id), await order(id), await order(id)];
    for (const { orderNo } of [first, second, third]) await wechat.pay(orderNo, { notify: false });
    assert.equal(await heard(first.orderNo), 200);

    const next = wechat.changeCertificate('both');
    assert.notEqual(new X509Certificate(next).serialNumber, new X509Certificate(platformCerts ?? '').serialNumber);
    assert.equal(
      await heard(second.orderNo),
      401,
      'a serial that nobody has introduced; and nothing is fetched for it',
    );
    await refresh();
    assert.equal(await certs(), 2);
    await until('the accounts in memory are seconds old', async () => ((await heard(second.orderNo)) === 200 ? true : undefined), 10_000); // prettier-ignore
    assert.equal(await stateOf(second.orderNo), 'paid');

    wechat.changeCertificate('done');
    await refresh();
    assert.equal(await certs(), 1, 'the old one is believed no more');
    assert.equal(await heard(third.orderNo), 200);
    const noted = await rows('select 1 from audit where action = $1', 'account_keys_refreshed');
    assert.ok(noted.length >= 2);
  });

  it('A3: a list of certificates that does not open, or a gateway in trouble, changes nothing and is told', async () => {
    const id = await account('wechat', wechat.config);
    await rows('update payment_accounts set keys_refresh_at = now() where id = $1', id);
    wechat.misbehave('*', 'html');
    while (await refreshAccountKeys(system.parts.steps));
    wechat.misbehave('*', undefined);
    const { accounts } = await api<{ accounts: { id: number; keysFailure: string | null }[] }>('/payment-accounts');
    assert.match(accounts.find((a) => a.id === id)?.keysFailure ?? '', /GATEWAY/);
    const [row] = await rows<{ soon: boolean }>(`select keys_refresh_at < now() + interval '11 minutes' as soon from payment_accounts where id = $1`, id); // prettier-ignore
    assert.equal(row?.soon, true);
    // Its key opens nothing: no notification could be read either, and the form names the field at once.
    const wrong = { ...wechat.config, publicKey: '', publicKeyId: '', platformCerts: '', apiV3Key: 'x'.repeat(32) };
    const { problems } = await api<{ problems: { field: string }[] }>('/payment-accounts/check-config', { provider: 'wechat', config: wrong }); // prettier-ignore
    assert.deepEqual(problems.map((p) => p.field), ['publicKey']); // prettier-ignore
  });

  it('A4: an account that was switched off takes no new orders, and loses no money of the ones before', async () => {
    const config = alipay.config;
    const id = await account('alipay', config);
    const [told, asked, booked] = [await order(id), await order(id), await order(id)];
    const change = { name: 'off', config, confirmByQuery: false, confirmAboveMinor: null, queriesPerMinute: 600, enabled: false }; // prettier-ignore
    await api(`/payment-accounts/${id}`, change, undefined, 'PUT');
    await assert.rejects(system.shop.order({ sku: system.sku, accountId: id }));
    for (const { orderNo } of [told, asked, booked]) await alipay.pay(orderNo, { notify: false });
    const answer = await fetch(`${system.base}/notify/alipay/${id}`, { method: 'POST', body: alipay.notification(told.orderNo) }); // prettier-ignore
    assert.equal(await answer.text(), 'success');
    assert.equal(await stateOf(told.orderNo), 'paid');
    await due(asked.orderNo);
    await queryPayments(system.parts.steps, system.parts.metrics);
    assert.equal(await stateOf(asked.orderNo), 'paid');
    while (await match(new Date(tomorrow.getTime() + 2 * 86_400_000)));
    assert.equal(await stateOf(booked.orderNo), 'paid');
    const { payments } = await api<{ payments: { id: number }[] }>(`/payments?orderNo=${told.orderNo}`);
    await api(`/payments/${payments[0]?.id ?? 0}/refunds`, { requestId: randomUUID(), reason: 'x' });
    await sendRefunds(system.parts.steps);
    const [refund] = await rows<{ state: string }>('select state from refunds where payment_id = $1', payments[0]?.id);
    assert.equal(refund?.state, 'done');
  });

  it('A4: staff may ask the provider at the rate of the account; who only reads may not', async () => {
    const { orderNo } = await order(alipayId);
    const ask = () => api<{ answer: string; detail: string | null }>(`/orders/${orderNo}/ask-provider`, undefined, undefined, 'POST'); // prettier-ignore
    assert.equal((await ask()).answer, 'unpaid');
    await rows('update payment_accounts set queries_per_minute = 6, query_tokens = 1, query_filled_at = now() where id = $1', alipayId); // prettier-ignore
    assert.equal((await ask()).answer, 'unpaid');
    const said = await ask();
    assert.deepEqual([said.answer, said.detail], ['unknown', 'RATE']);
    await rows('update payment_accounts set queries_per_minute = 600, query_tokens = 100 where id = $1', alipayId);
    const viewer = await signedIn(system, 'viewer');
    assert.equal((await viewer.ask('POST', `/api/console/orders/${orderNo}/ask-provider`)).status, 403);
  });

  it('A5: a refund of ours that is being committed is no refund from outside', async () => {
    const tradeNo = `sb-${randomUUID()}`;
    const no = `M${randomUUID().replaceAll('-', '').slice(0, 20).toUpperCase()}`;
    await system.notify(no, { tradeNo });
    const [payment] = await rows<{ id: number }>('select id from payments where order_no = $1', no);
    const mine = await system.parts.pool.connect();
    await mine.query('begin');
    await mine.query('select from payments where id = $1 for update', [payment?.id]);
    const notice = system.notify(no, { tradeNo, status: 'refunded' });
    await until(
      'it waits',
      async () => {
        const [row] = await rows<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return row?.n === 1 ? true : undefined;
      },
      5_000,
    );
    await mine.query(
      `insert into refunds (no, request_id, payment_id, account_id, mode, amount_minor, currency, actor_id, state)
       select 'R' || id, gen_random_uuid(), id, account_id, mode, amount_minor, currency, 1, 'asked' from payments where id = $1`,
      [payment?.id],
    );
    await mine.query('commit');
    mine.release();
    assert.equal((await notice).status, 200);
    const open = await rows('select 1 from tasks where payment_id = $1 and code = $2', payment?.id, 'PAYMENT_REFUNDED_OUTSIDE'); // prettier-ignore
    assert.equal(open.length, 0);
    assert.deepEqual(await tasks(no), []);
  });

  it('A6: a check whose payment was made and not told is found by asking: not green, given back; told later, green', async () => {
    const path = `/payment-accounts/${alipayId}/callback-check/payment`;
    const { orderNo, payUrl } = await api<{ orderNo: string; payUrl: string }>(path, { amountMinor: 1 });
    await fetch(payUrl);
    await alipay.pay(orderNo, { notify: false });
    const state = async () => (await api<{ state: string }>(path)).state;
    assert.equal(await state(), 'waiting', 'it is asked after a few seconds only');
    await rows(`update callback_checks set created_at = now() - interval '1 minute' where order_no = $1`, orderNo);
    assert.equal(await state(), 'paid_without_notification');
    await sendRefunds(system.parts.steps);
    await sendRefunds(system.parts.steps);
    assert.equal((await api<{ refund: string }>(path)).refund, 'done');
    await fetch(`${system.base}/notify/alipay/${alipayId}`, { method: 'POST', body: alipay.notification(orderNo, { trade_status: 'TRADE_SUCCESS' }) }); // prettier-ignore
    assert.equal(await state(), 'ok');
  });

  it('A6: the signature of a check: our own notification comes by the public address, the answer of 支付宝 proves its key', async () => {
    const signature = async (id: number) => {
      const { state, steps } = await api<{ state: string; steps: { id: string; result: string; zh: string }[] }>(`/payment-accounts/${id}/callback-check`, {}); // prettier-ignore
      assert.notEqual(state, 'ok');
      return steps.find((s) => s.id === 'signature');
    };
    const local = await signature(system.epay);
    assert.deepEqual([local?.result, local?.zh], ['self_tested', '自制的测试通知在本机通过验签（自测）']);
    const asked = await signature(alipayId);
    assert.deepEqual([asked?.result, asked?.zh], ['self_tested', '支付平台的应答已用您填写的密钥验签通过（自测）']);
    // A public key of somebody else: whole, of the right kind, and wrong.
    const stranger = wechat.config['publicKey'] ?? '';
    const wrong = await account('alipay', { ...alipay.config, alipayPublicKey: stranger });
    const told = await signature(wrong);
    assert.equal(told?.result, 'failed');
    assert.match(told.zh, /没有通过验签/);
    const [stray] = await rows<{ n: number }>(`select count(*)::int as n from payments where order_no like 'M%' and trade_no like 'check%'`); // prettier-ignore
    assert.equal(stray?.n, 0);
  });

  it('A6: keys that were changed are proven anew: a payment of before makes nothing green', async () => {
    const real = async () => {
      const { steps } = await api<{ steps: { id: string; result: string }[] }>(`/payment-accounts/${system.sandbox}/callback-check`, {}); // prettier-ignore
      return steps.find((s) => s.id === 'real_payment')?.result;
    };
    const { orderNo } = await order(system.sandbox);
    await system.notify(orderNo);
    assert.equal(await real(), 'ok');
    const change = { name: 's', config: { secret: sha256('another').toString('hex') }, confirmByQuery: false, confirmAboveMinor: null, queriesPerMinute: 60, enabled: true }; // prettier-ignore
    await api(`/payment-accounts/${system.sandbox}`, change, undefined, 'PUT');
    assert.equal(await real(), 'waiting');
  });
});
