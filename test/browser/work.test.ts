import assert from 'node:assert/strict';
import { removeUndone } from '../../db/batches.ts';
import { openPickup } from '../../dev/client.ts';
import { testBrowser } from '../support/browser.ts';
import { atConsole, type ConsolePerson } from '../support/console.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('C3 C4 E4: screens of daily work, each for its job', function () {
  this.timeout(120_000);
  let system: System;
  let owner: ConsolePerson;
  let orderNo = '';
  before(async () => {
    await testBrowser();
    system = await startSystem();
    owner = await atConsole(system, 'owner');
  });
  after(() => system.stop());

  it('C4: 手动发货 of typed keys for a sale the system never saw: the buyer’s link shows them, and no row holds them in clear', async () => {
    const { page } = owner;
    await owner.open('manual', '手动发货');
    await owner.pick(page.locator('#sku'), system.sku);
    await page.locator('#quantity').fill('2');
    await page.getByText('手动输入').click();
    await page.locator('#goods').fill('HAND-TYPED-1\nHAND-TYPED-2');
    await owner.button('发货').click();
    await page.getByText('请填写原因').waitFor();
    await page.locator('#note').fill('线下收款，凭据 8841');
    await owner.button('发货').click();
    await page.getByText('已发货').waitFor();
    const link = await page.locator('.mono').innerText();
    const pickup = await openPickup(
      system.base,
      new URL(new URL(link).pathname + new URL(link).hash, system.base).href,
    );
    assert.deepEqual(await pickup.goods(), ['HAND-TYPED-1', 'HAND-TYPED-2']);
    orderNo = await page.locator('.ant-alert a').innerText();
    const [order] = await query<{ mode: string; state: string }>(system, 'select mode, state from orders where no = $1', orderNo); // prettier-ignore
    assert.deepEqual(order, { mode: 'live', state: 'delivered' });
    const clear = await query(system, `select from audit where detail::text like '%HAND-TYPED%'`);
    assert.equal(clear.length, 0);
  });

  it('C3: the order’s page tells what happened and who did it; its actions are those of the person’s rights', async () => {
    const { page } = owner;
    await page.goto(`${system.base}/console/orders/${orderNo}`);
    await page.getByText('线下收款，凭据 8841').first().waitFor();
    const text = await page.locator('main').innerText();
    assert.ok(text.includes(orderNo) && text.includes('手动发货'));
    assert.ok(!text.includes('HAND-TYPED-1'), 'keys show only for a reason');
    const viewer = await atConsole(system, 'viewer');
    await viewer.page.goto(`${system.base}/console/orders/${orderNo}`);
    await viewer.page.getByText(orderNo).first().waitFor();
    for (const name of ['退款', '关闭订单', '查看卡密']) assert.equal(await viewer.button(name).count(), 0, name);
    assert.deepEqual([...owner.complaints, ...viewer.complaints], []);
  });

  it('E4: 失败分析 shows the reason, what to do and the product, and leads to those orders', async () => {
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await query(
      system,
      `with o as (
         update orders set mode = 'live', state = 'waiting_stock', failure_code = 'POOL_EMPTY', paid_at = now() where no = $1 returning id
       ) insert into tasks (order_id, code) select id, 'POOL_EMPTY' from o`,
      order.orderNo,
    );
    const { page } = owner;
    await owner.open('failures', '失败分析');
    const card = page.locator('.ant-card').filter({ hasText: '卡密池为空' });
    await card.getByText('1 单').waitFor();
    assert.match(await card.innerText(), /怎么办：请导入卡密/);
    await card.getByRole('link', { name: /测试点卡 \(1\)/ }).click();
    await page.getByRole('heading', { level: 1, name: '订单日志' }).waitFor();
    await page.getByText(order.orderNo).first().waitFor();
    assert.equal(await page.getByText(orderNo).count(), 0, 'the other order had no such failure');
    assert.deepEqual(owner.complaints, []);
  });

  it('D5: a batch that is taken back says that it is under way, and its keys go down to none without a reload', async () => {
    await system.shop.addCards(
      system.sku,
      Array.from({ length: 450 }, (_, i) => `BACK-${i}`),
    );
    const { page } = owner;
    await owner.open('cards', '卡密池');
    const row = page.locator('tbody tr').filter({ hasText: '450' });
    await owner.button('撤销', row).click();
    await page.locator('.ant-popover').locator('input, textarea').fill('买错了');
    await owner.button('确定').click();
    await row.getByText('正在撤销').waitFor();
    while (await removeUndone(system.parts.pool));
    const done = page.locator('tbody tr').filter({ hasText: '已撤销' });
    await done.waitFor();
    assert.equal(await done.locator('td').nth(3).innerText(), '0');
    assert.deepEqual(owner.complaints, []);
  });
});
