import assert from 'node:assert/strict';
import { makeLink } from '../../api/console/link.ts';
import { actors } from '../../db/locks.ts';
import { until } from '../../dev/client.ts';
import { fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import { newPerson, testBrowser, type Person } from '../support/browser.ts';
import { testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

const minute = 60_000;

describe('E5: the console in a real browser', function () {
  this.timeout(4 * minute);
  let system: System;
  before(async () => {
    // The pages first: the application reads at its start what was built.
    await testBrowser();
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address });
  });
  after(() => system.stop());

  const go = async (person: Person, name: string): Promise<void> => {
    await person.click(person.page.locator('.side').getByRole('link', { name, exact: true }));
    await person.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  };

  it('E5 E2 A1: a person who is not technical sets the shop up, and a stranger buys on a phone', async () => {
    const began = Date.now();
    const operator = await newPerson();
    const { page } = operator;
    await page.goto(await makeLink(system.parts.pool, system.base, null, actors.commandLine));

    // Password.
    await operator.type(page.getByLabel('店主账号'), 'laoban');
    await operator.type(page.getByLabel('您的称呼'), '老板');
    await operator.type(page.getByLabel('新密码'), '春眠不觉晓处处闻啼鸟');
    await operator.type(page.getByLabel('再输入一次'), '春眠不觉晓处处闻啼鸟');
    await operator.click(page.getByRole('button', { name: '保存并进入控制台' }));
    await page.getByText('开通向导').waitFor();

    // Payment.
    await go(operator, '收款账户');
    await operator.click(page.getByRole('button', { name: '添加收款账户' }));
    const drawer = page.locator('.ant-drawer');
    await operator.click(drawer.locator('.ant-select').first());
    await operator.click(
      page
        .locator('.ant-select-item-option')
        .filter({ hasText: /易支付/ })
        .first(),
    );
    await operator.type(page.locator('#name'), '易支付');
    for (const [key, value] of Object.entries({ gateway: system.gateway.url, ...fakeMerchant }))
      await operator.type(page.locator(`#config_${key}`), value);
    await operator.click(drawer.getByRole('button', { name: /保\s*存/ }));
    await page
      .getByRole('cell', { name: /易支付/ })
      .first()
      .waitFor();

    // Product.
    await go(operator, '商品');
    await operator.click(page.getByRole('button', { name: '新建商品' }).first());
    await operator.type(page.locator('#name'), '游戏点卡-腾讯QQ-100元-365天');
    await operator.type(page.locator('#sku'), 'QQ-100');
    await operator.type(page.locator('#price'), '98');
    await operator.click(drawer.getByRole('button', { name: '创建商品' }));
    await page
      .getByRole('cell', { name: /QQ-100/ })
      .first()
      .waitFor();

    // Keys.
    await page.goto(`${system.base}/console/cards`);
    await operator.click(page.getByLabel('商品', { exact: true }));
    await operator.click(page.locator('.ant-select-item-option').filter({ hasText: '腾讯QQ' }));
    await operator.click(page.getByRole('button', { name: '导入卡密' }));
    await operator.type(page.locator('#text'), 'AAAA-1111\nBBBB-2222\nAAAA-1111\nCCCC-3333');
    await operator.click(page.getByRole('button', { name: '下一步：检查' }));
    await operator.click(page.getByRole('button', { name: '导入 3 个卡密' }));
    await page.getByText('已导入 3 个卡密').waitFor();

    // Test order.
    await go(operator, '测试订单').catch(async () => {
      await page.goto(`${system.base}/console/test-order`);
    });
    await operator.click(page.locator('#sku'));
    await operator.click(page.locator('.ant-select-item-option').filter({ hasText: '腾讯QQ' }));
    await operator.click(page.getByRole('button', { name: '下单并沙盒付款' }));
    await page.getByText(/测试成功/).waitFor();
    await page.locator('.ant-statistic').filter({ hasText: '之前' }).getByText('1', { exact: true }).waitFor();
    await page.locator('.ant-statistic').filter({ hasText: '之后' }).getByText('0', { exact: true }).waitFor();

    // Going live: a check of what is there, and the banner of the test phase goes.
    await operator.click(page.locator('nav').getByRole('link', { name: '首页', exact: true }));
    await operator.click(page.locator('[data-step="live"]').getByRole('button', { name: '上线检查' }));
    await operator.click(page.getByRole('button', { name: '正式上线' }));
    await operator.click(page.locator('.ant-modal-confirm-btns .ant-btn-primary'));
    await page.getByText('店铺已上线').waitFor();

    // A stranger, on a phone.
    const buyer = await newPerson({ phone: true });
    await buyer.page.goto(`${system.base}/p/QQ-100`);
    await buyer.type(buyer.page.locator('#email'), 'stranger@example.com');
    await buyer.click(buyer.page.getByRole('button', { name: '去支付' }));
    const pay = buyer.page.getByRole('link', { name: '打开支付页面' });
    const payUrl = await pay.getAttribute('href');
    const orderNo = /M[0-9A-Z]{15,}/.exec(await buyer.page.locator('main').innerText())?.[0] ?? '';
    await fetch(payUrl ?? '');
    const paidAt = Date.now();
    await system.gateway.pay(orderNo);
    await buyer.click(buyer.page.getByRole('button', { name: '显示商品' }));
    const seconds = (Date.now() - paidAt) / 1000;
    const goods = await buyer.page.locator('pre').innerText();
    assert.match(goods, /^(AAAA-1111|BBBB-2222|CCCC-3333)$/);
    assert.ok(seconds < 10, `${seconds} s from payment to the goods`);
    assert.deepEqual([...operator.complaints, ...buyer.complaints], []);
    process.stdout.write(
      `      set-up: ${operator.clicks} clicks, ${operator.keys} keystrokes, ${((Date.now() - began) / 1000).toFixed(0)} s by a machine; goods ${seconds.toFixed(1)} s after the payment\n`,
    );

    // F1: the way back by number and contact, and no way by one of them.
    await buyer.page.goto(`${system.base}/query`);
    await buyer.type(buyer.page.locator('#no'), orderNo);
    await buyer.type(buyer.page.locator('#contact'), 'somebody@else.example');
    await buyer.click(buyer.page.getByRole('button', { name: '查询' }));
    await buyer.page.getByText('没有找到匹配的订单').waitFor();
    await buyer.type(buyer.page.locator('#contact'), 'Stranger@Example.com');
    await buyer.click(buyer.page.getByRole('button', { name: '查询' }));
    await buyer.page.getByRole('button', { name: '显示商品' }).waitFor();
  });

  it('C2 C3: the queue by keyboard; two people at once, the second learns who was first', async () => {
    const order = await system.shop.order({ sku: system.sku, email: 'q@example.com', accountId: system.sandbox });
    await system.notify(order.orderNo);
    const waiting = async (): Promise<true | undefined> =>
      (await system.shop.read(order.orderNo)).state === 'waiting_stock' ? true : undefined;
    await until('the order waits', waiting, 20_000);
    const [one, two] = await Promise.all([signedIn(system, 'support'), signedIn(system, 'support')]);
    const first = await newPerson({ cookie: { base: system.base, value: one.cookie } });
    const second = await newPerson({ cookie: { base: system.base, value: two.cookie } });
    for (const { page } of [first, second]) {
      await page.goto(`${system.base}/console/queue`);
      // Not the first one: what an earlier test or try left may wait above it.
      const row = page.getByRole('row').filter({ hasText: order.orderNo });
      await row.getByText('卡密池为空').waitFor();
      for (let n = await page.locator('tr[data-row-key]').count(); n > 0; n--)
        if ((await row.getAttribute('aria-current')) === null) await page.keyboard.press('j');
      await page.locator('tr[aria-current]').filter({ hasText: order.orderNo }).waitFor();
    }
    const typed = async ({ page }: Person, key: string): Promise<void> => {
      await page.locator('#goods').fill(key);
      await page.locator('#note').fill('买家来电');
    };
    const submit = (p: Person): Promise<void> => p.page.locator('.ant-modal-footer .ant-btn-primary').click();
    await first.page.keyboard.press('d');
    await typed(first, 'HAND-1');
    // The second hears that somebody is on it, takes over all the same, and comes too late.
    await second.page.keyboard.press('d');
    await second.page.locator('.ant-modal-confirm-btns .ant-btn-primary').click();
    await typed(second, 'HAND-2');
    // The first hears that the task has changed hands, and delivers all the same, knowingly.
    await submit(first);
    await first.page.getByText(/已领取该订单的任务/).waitFor();
    await submit(first);
    await first.page.getByText(/手动发货：已发货/).waitFor();
    await submit(second);
    await second.page.getByText(/已由 .* 处理/).waitFor();
    assert.equal((await system.shop.read(order.orderNo)).state, 'delivered');
  });

  it('E5: by keyboard from everywhere: / searches, g and a letter goes, ? lists; what is typed is no command', async () => {
    const { cookie } = await signedIn(system, 'support');
    const { page } = await newPerson({ cookie: { base: system.base, value: cookie } });
    const at = (name: string): Promise<void> => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    await page.goto(`${system.base}/console/queue`);
    await at('人工处理');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('g o', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    // "g p" goes to the products: it is not the queue's "p".
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await at('商品');
    assert.equal(await page.getByRole('dialog').count(), 0);
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await at('订单日志');
    await page.keyboard.press('/');
    await page.keyboard.type('go?');
    assert.equal(await page.locator('main [role="search"] input:focus').inputValue(), 'go?');
    await at('订单日志');
  });

  it('every screen of the console opens for the owner, in Chinese, without an error of the page', async () => {
    const owner = await signedIn(system, 'owner');
    const person = await newPerson({ cookie: { base: system.base, value: owner.cookie } });
    const { page } = person;
    const paths = ['', 'monitor', 'orders', 'queue', 'cases', 'manual', 'products', 'cards', 'suppliers', 'purchases', 'stores', 'payments', 'rules', 'notices', 'go-live', 'shops', 'security', 'test-order', 'failures', 'settings', 'channels', 'staff', 'audit', 'me']; // prettier-ignore
    for (const path of paths) {
      await page.goto(`${system.base}/console/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(await page.locator('.ant-alert-error').count(), 0, path);
      assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /\p{Script=Han}/u, path);
    }
    assert.deepEqual(person.complaints, []);
  });
});
