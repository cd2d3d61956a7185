import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Locator } from 'playwright-core';
import { until } from '../../dev/client.ts';
import { startFakeAlipay, type FakeAlipay } from '../../dev/fakes/alipay-gateway.ts';
import { startFakeWechat, type FakeWechat } from '../../dev/fakes/wechat-gateway.ts';
import { newPerson, testBrowser, type Person } from '../support/browser.ts';
import { moneyOf } from '../support/money.ts';
import { testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E5: money in a real browser', function () {
  this.timeout(240_000);
  let system: System;
  let alipay: FakeAlipay;
  let wechat: FakeWechat;
  let owner: Person;
  let alipayId = 0;
  const { account, order, rows, stateOf } = moneyOf(() => system);

  before(async () => {
    await testBrowser();
    const { address } = await testTemporal();
    alipay = await startFakeAlipay({ port: 0 });
    wechat = await startFakeWechat({ port: 0 });
    system = await startSystem({ temporal: address, reach: [alipay.url, wechat.url] });
    alipayId = await account('alipay', alipay.config);
    await system.shop.addCards(
      system.sku,
      Array.from({ length: 20 }, () => randomUUID()),
    );
    const { cookie } = await signedIn(system, 'owner');
    owner = await newPerson({ cookie: { base: system.base, value: cookie } });
  });
  after(async () => {
    await system.stop();
    await alipay.close();
    await wechat.close();
  });

  const open = (path: string) => owner.page.goto(`${system.base}/console/${path}`);
  const dialogue = (): Locator => owner.page.locator('.ant-modal').last();
  const press = (name: string | RegExp, within: Locator | Person['page'] = owner.page) =>
    owner.click(within.getByRole('button', { name }).first());
  const said = (text: string | RegExp) => owner.page.getByText(text).first().waitFor();
  /** Paid at the provider and told. */
  const paid = async () => {
    const placed = await order(alipayId);
    await alipay.pay(placed.orderNo);
    const state = async () => ((await stateOf(placed.orderNo)) === 'unpaid' ? undefined : true);
    await until('it is paid', state, 10_000);
    return placed;
  };

  it('C3: 确认收款 asks the provider: "unpaid" is told and a person answers for it; "paid" needs no more', async () => {
    const { orderNo } = await order(alipayId);
    await open(`orders/${orderNo}`);
    await press(/确认收款/);
    await owner.type(dialogue().locator('#note'), '银行流水已核对');
    await press('查询并确认', dialogue());
    await said('支付平台：未支付');
    assert.equal(await stateOf(orderNo), 'unpaid', 'nothing was done yet');
    await press('仍然确认收款', dialogue());
    await said(/已人工确认收款/);
    assert.notEqual(await stateOf(orderNo), 'unpaid');

    const second = await order(alipayId);
    await alipay.pay(second.orderNo, { notify: false });
    await open(`orders/${second.orderNo}`);
    await press(/确认收款/);
    await owner.type(dialogue().locator('#note'), '买家截图');
    await press('查询并确认', dialogue());
    await said(/支付平台确认已到账/);
    const [row] = await rows<{ standing: string }>('select standing from payments where order_no = $1', second.orderNo);
    assert.equal(row?.standing, 'accepted', 'its money is in the books, not only a word');
  });

  it('C3: a refund, a part and then the rest, is begun at the order and followed until the money has moved', async () => {
    const { orderNo } = await paid();
    await until('delivered', async () => ((await stateOf(orderNo)) === 'delivered' ? true : undefined), 20_000);
    await open(`orders/${orderNo}`);
    await press(/^退\s*款$/);
    await owner.type(dialogue().locator('#amount'), '2.00');
    await owner.type(dialogue().locator('#reason'), '卡密异常，协商部分退款');
    await press('确认退款', dialogue());
    await said(/请填写 0 到 ¥1\.00 的金额/);
    await owner.type(dialogue().locator('#amount'), '0.40');
    alipay.refundNext('pending');
    await press('确认退款', dialogue());
    await said('处理中');
    alipay.settleRefunds();
    await owner.page.locator('.ant-tag', { hasText: '已退款' }).first().waitFor();
    await press(/^退\s*款$/);
    await said(/可退 ¥0\.60/);
    await owner.type(dialogue().locator('#reason'), '全部退回');
    await press('确认退款', dialogue());
    await owner.page.locator('.ant-tag', { hasText: '已退款' }).nth(1).waitFor();
    assert.equal(await stateOf(orderNo), 'delivered');
    await open(`refunds?orderNo=${orderNo}`);
    await owner.page.getByRole('cell', { name: '全部退回' }).waitFor();
    const sum = [...alipay.refunds.values()].reduce((n, r) => n + Number(r.amount), 0);
    assert.equal(sum, 1);
  });

  it('C3: a refund that the provider refuses is settled by a person, under the same number', async () => {
    const { orderNo } = await paid();
    await open(`orders/${orderNo}`);
    alipay.refundNext('refused');
    await press(/^退\s*款$/);
    await owner.type(dialogue().locator('#amount'), '0.30');
    await owner.type(dialogue().locator('#reason'), '买家要求');
    await press('确认退款', dialogue());
    await said('失败（未退款）');
    await open('refunds?state=failed');
    await press(/^处\s*理$/);
    await owner.type(dialogue().locator('#note'), '余额已充值');
    await press(/^确\s*定$/, dialogue());
    await said('已处理');
    const done = async () =>
      (await rows<{ state: string }>('select r.state from refunds r join orders o on o.id = r.order_id where o.no = $1', orderNo))[0]?.state === 'done' ? true : undefined; // prettier-ignore
    await until('the money moved', done, 20_000);
  });

  it('A5: a payment for no order of ours is given to an order, which then goes on', async () => {
    await system.notify('M261124ZZZZZZZZZZZZZ', { tradeNo: 'sb-found-by-person' });
    const { orderNo } = await order(system.sandbox);
    await open('received?standing=unmatched');
    await press('分配给订单');
    await owner.type(dialogue().locator('#orderNo'), orderNo);
    await owner.type(dialogue().locator('#note'), '买家填错单号');
    await press('分配并发货', dialogue());
    await said('已分配，订单继续发货');
    await until('delivered', async () => ((await stateOf(orderNo)) === 'delivered' ? true : undefined), 20_000);
  });

  it('the log shows what came, masked, with verdict, decision and answer; a replay delivers nothing twice', async () => {
    const { orderNo } = await paid();
    await fetch(`${system.base}/notify/alipay/${alipayId}`, { method: 'POST', body: 'out_trade_no=FORGED&sign=x' });
    await open('notifications?verdict=refused');
    await owner.page.getByRole('cell', { name: '格式不正确' }).first().waitFor();
    await open(`notifications?orderNo=${orderNo}`);
    await owner.click(owner.page.getByRole('cell', { name: '触发发货' }).first());
    const drawer = owner.page.locator('.ant-drawer');
    await drawer.getByText('HTTP 200 success').waitFor();
    const text = await drawer.innerText();
    assert.match(text, new RegExp(`out_trade_no=${orderNo}`));
    assert.match(text, /sign=••••/);
    assert.doesNotMatch(text, /2088000000000009/, 'who paid');
    await press('重新处理', drawer);
    await owner.type(dialogue().locator('#note'), '核对');
    await press('重新处理', dialogue());
    await said('已重新处理，结果见日志');
    await owner.page.getByRole('cell', { name: '重复通知，已忽略' }).first().waitFor();
  });

  it('E5 A6: an account is pasted wrong, told where, saved; its check is 自测 until a real payment came, which goes back', async () => {
    await open('payments');
    await press('添加收款账户');
    const drawer = owner.page.locator('.ant-drawer');
    await owner.click(drawer.locator('.ant-select').first());
    await owner.click(owner.page.locator('.ant-select-item-option').filter({ hasText: '微信支付' }));
    await owner.click(drawer.getByText('测试', { exact: true }));
    await owner.type(owner.page.locator('#name'), '微信一号');
    for (const key of ['mchid', 'appid', 'apiV3Key', 'privateKey', 'merchantCert', 'gateway'])
      await owner.type(owner.page.locator(`#config_${key}`), wechat.config[key] ?? '');
    // The two certificates mixed up, as people do.
    await owner.type(owner.page.locator('#config_platformCerts'), wechat.config['merchantCert'] ?? '');
    await press('检查密钥');
    await said('这是商户API证书，不是微信支付平台证书');
    await owner.type(owner.page.locator('#config_platformCerts'), '');
    await press('检查密钥');
    await said('密钥完整且配对');
    await press(/^保\s*存$/, drawer);
    const row = owner.page.getByRole('row').filter({ hasText: '微信一号' });
    await row.waitFor();
    await press('检测回调', row);
    await press('开始检测', dialogue());
    await dialogue().getByText('有步骤失败').waitFor();
    await dialogue().locator('.check-step').filter({ hasText: '自测' }).first().waitFor();
    await press('生成付款', dialogue());
    await dialogue().getByRole('img', { name: '付款二维码' }).waitFor();
    await said('等待付款和回调…');
    const [check] = await rows<{ no: string }>('select order_no as no from callback_checks order by id desc limit 1');
    await wechat.pay(check?.no ?? '', { notify: false });
    await said('查询到已付款，但没有收到回调');
    const { body, headers } = wechat.signed(wechat.notification(check?.no ?? '').body, 'certificate');
    const [mine] = await rows<{ id: number }>('select id from payment_accounts where name = $1', '微信一号');
    await fetch(`${system.base}/notify/wechat/${mine?.id ?? 0}`, { method: 'POST', body, headers });
    await dialogue()
      .getByText(/回调已到达.*退回：已退款/)
      .waitFor();
    assert.deepEqual(owner.complaints, []);
  });
});
