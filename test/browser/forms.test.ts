import assert from 'node:assert/strict';
import { addNotice } from '../../db/notices.ts';
import { until } from '../../dev/client.ts';
import { newPerson, testBrowser } from '../support/browser.ts';
import { atConsole, type ConsolePerson } from '../support/console.ts';
import { startSystem, type System } from '../support/system.ts';

describe("E5: the console's forms, each saved through the browser", function () {
  this.timeout(120_000);
  let system: System;
  let owner: ConsolePerson;
  before(async () => {
    await testBrowser();
    system = await startSystem();
    owner = await atConsole(system, 'owner');
  });
  after(() => system.stop());

  const row = async <T extends object>(sql: string): Promise<T | undefined> =>
    (await system.parts.pool.query<T>(sql)).rows[0];

  it('D2: a product with labelled parts, retries and a trigger of its own, seen as the buyer sees it', async () => {
    const { page } = owner;
    await owner.open('products', '商品');
    await page.getByRole('button', { name: '新建商品' }).first().click();
    await page.locator('#name').fill('视频会员-年卡');
    await page.locator('#sku').fill('VIP-1Y');
    await page.locator('#price').fill('128.50');
    await page.getByRole('tab', { name: /发货方式/ }).click();
    for (const label of ['账号', '密码']) {
      await page.locator('#partLabels').fill(label);
      await page.locator('#partLabels').press('Enter');
    }
    await page.getByText('“已确认”后').click();
    await page.locator('#ownRetries').click();
    await page.locator('#retries').fill('7');
    await page.locator('#promiseSeconds').fill('1800');
    const preview = page.locator('.buyer-preview');
    assert.match(await preview.innerText(), /视频会员-年卡[\s\S]*¥128\.50[\s\S]*账号: [\s\S]*密码: /);
    await page.getByRole('button', { name: '创建商品' }).click();
    await page.getByRole('cell', { name: /VIP-1Y/ }).waitFor();
    const saved = await until('the trigger', async () => {
      const found = await row<{ labels: string[]; promise: number; policy: { retries: number }; trigger: { when: string } | null }>(
        `select part_labels as labels, promise_seconds as promise, policy, trigger from products where sku = 'VIP-1Y'`,
      );
      return found?.trigger ? found : undefined;
    }, 5_000); // prettier-ignore
    assert.deepEqual(
      [saved.labels, saved.promise, saved.policy.retries, saved.trigger?.when],
      [['账号', '密码'], 1800, 7, 'confirmed'],
    );
    await page
      .getByRole('row', { name: /VIP-1Y/ })
      .getByRole('button', { name: /编\s*辑/ })
      .click();
    await page.getByRole('tab', { name: /发货方式/ }).click();
    assert.equal(await page.locator('#retries').inputValue(), '7', 'an edit shows what is kept');
    await page.locator('.ant-drawer-close').click();
    const buyer = await newPerson();
    await buyer.page.goto(`${system.base}/p/VIP-1Y`);
    await buyer.page.getByText('暂时缺货').waitFor();
    await system.parts.pool.query(`update products set kind = 'supplier' where sku = 'VIP-1Y'`);
    await buyer.page.reload();
    await buyer.page.getByText('付款后 30 分钟内发货').waitFor();
  });

  it('C2: a channel is added; leaving a form with changes asks first', async () => {
    const { page } = owner;
    await owner.open('channels', '通知渠道');
    await page.getByRole('button', { name: '添加渠道' }).click();
    const drawer = page.locator('.ant-drawer');
    await owner.pick(drawer.locator('.ant-select').first(), /邮件|邮箱/);
    await page.locator('#name').fill('值班邮箱');
    await page.locator('.ant-drawer-close').click();
    await page.getByRole('button', { name: '继续编辑' }).click();
    const address = drawer.locator('input[id^="config_"]').first();
    await address.fill('duty@example.com');
    await owner.button('保存', drawer).click();
    await page.getByRole('cell', { name: '值班邮箱' }).waitFor();
    assert.equal((await row<{ name: string }>('select name from channels'))?.name, '值班邮箱');
  });

  it('B3: a supplier is added with the fields of its adapter', async () => {
    const { page } = owner;
    await owner.open('suppliers', '供应商');
    await page.getByRole('button', { name: '添加供应商' }).click();
    const drawer = page.locator('.ant-drawer');
    await owner.pick(drawer.locator('.ant-select').first(), /异次元|acg/i);
    await page.locator('#name').fill('上游一号');
    await page.locator('#config_site').fill('https://up.example.com');
    await page.locator('#config_appId').fill('1000');
    await page.locator('#config_appKey').fill('0123456789abcdef');
    await owner.button('保存', drawer).click();
    await page.getByRole('cell', { name: /上游一号/ }).waitFor();
  });

  it('E6: a person with rights of their own is added, and their sessions are looked at and ended', async () => {
    const { page } = owner;
    await owner.open('staff', '员工与权限');
    await page.getByRole('button', { name: '新增员工' }).click();
    await page.locator('#login').fill('xiaoli');
    await page.locator('.ant-modal #name').fill('小李');
    await page.locator('.ant-modal').getByText('自定义').click();
    await page.getByLabel('查看订单').check();
    await page.locator('.ant-modal-footer .ant-btn-primary').click();
    const link = await page.locator('.ant-modal-confirm .mono').innerText();
    await page.locator('.ant-modal-confirm .ant-btn-primary').click();
    const token = new URL(link).hash.slice(1);
    const answer = await fetch(`${system.base}/api/console/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: system.base },
      body: JSON.stringify({ token, password: '白日依山尽黄河入海流' }),
    });
    assert.equal(answer.status, 200);
    const line = page.getByRole('row', { name: /小李/ });
    await page.reload();
    await line.getByRole('button', { name: '1', exact: true }).click();
    await page.getByRole('button', { name: '全部退出' }).click();
    await page.locator('.ant-popover:visible .ant-btn-primary').click();
    await page.getByText('没有登录').waitFor();
    const kept = await row<{ rights: string[] }>(`select rights from staff where login = 'xiaoli'`);
    assert.deepEqual(kept?.rights, ['orders.read']);
  });

  it('C2: 站内信: the header counts what is unread, and reading it all leaves none', async () => {
    await addNotice(system.parts.pool, { kind: 'stock', audience: 'staff', code: 'STOCK_LOW' });
    const { page } = owner;
    await owner.open('', '首页');
    await page.getByRole('link', { name: '站内信，1 条未读' }).click();
    await page.getByText('库存预警').first().waitFor();
    await page.getByRole('button', { name: '全部已读' }).click();
    await page.getByRole('link', { name: '站内信，0 条未读' }).waitFor();
  });

  it('E2: the banner stays until the shop goes live, and nobody goes live past what is missing', async () => {
    const { page } = owner;
    await owner.open('', '首页');
    await page.locator('.banner').getByRole('link', { name: '上线检查' }).click();
    await page.locator('[data-condition="payment"][data-state="blocking"]').waitFor();
    assert.ok(await page.getByRole('button', { name: '正式上线' }).isDisabled());
    assert.equal((await owner.client.ask('POST', '/api/console/go-live')).status, 409);
    const buyer = await newPerson({ phone: true });
    await buyer.page.goto(`${system.base}/p/${system.sku}`);
    await buyer.page.getByRole('alert').getByText('店铺尚未开业').waitFor();
    assert.equal(await buyer.page.getByRole('button', { name: '去支付' }).count(), 0);
    await system.parts.pool.query(`update payment_accounts set mode = 'live' where id = $1`, [system.epay]);
    await system.shop.addCards(system.sku, ['LIVE-1']);
    await system.parts.pool.query(`update cards set mode = 'live'`);
    const order = await system.shop.order({ sku: system.sku, email: 'q@example.com', accountId: system.sandbox });
    await system.parts.pool.query(`update orders set state = 'delivered', released_at = now() where no = $1`, [
      order.orderNo,
    ]);
    await page.reload();
    await page.getByRole('button', { name: '正式上线' }).click();
    await page.locator('.ant-modal-confirm-btns .ant-btn-primary').click();
    await page.getByText('店铺已上线').waitFor();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await buyer.page.reload();
    await buyer.page.getByRole('button', { name: '去支付' }).waitFor();
    assert.deepEqual(buyer.complaints, []);
    await page.goto(`${system.base}/console/test-order`);
    await page.locator('.banner').getByText('测试模式').waitFor();
    assert.deepEqual(owner.complaints, []);
  });

  it('E6: who may not see a screen is told so, and the menu does not offer it', async () => {
    const viewer = await atConsole(system, 'viewer', { phone: true });
    await viewer.page.goto(`${system.base}/console/staff`);
    await viewer.page.getByText('没有权限').waitFor();
    await viewer.page.getByRole('button', { name: '更多' }).click();
    assert.equal(await viewer.page.getByRole('link', { name: '员工与权限' }).count(), 0);
  });
});
