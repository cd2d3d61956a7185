import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { writeXlsx } from '../../integrations/sheets/xlsx-out.ts';
import { newPerson, testBrowser, type Person } from '../support/browser.ts';
import { openImporter } from '../support/goods.ts';
import { testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E5: product sheets and templates in a real browser', function () {
  this.timeout(180_000);
  let system: System;
  before(async () => {
    await testBrowser();
    system = await startSystem({ temporal: (await testTemporal()).address });
  });
  after(() => system.stop());

  const open = async (path: string, options: { phone?: boolean; dark?: boolean } = {}): Promise<Person> => {
    const { cookie } = await signedIn(system, 'owner');
    const person = await newPerson({ ...options, cookie: { base: system.base, value: cookie } });
    await person.page.goto(`${system.base}/console${path}`);
    return person;
  };
  /** With SHOTS=folder the pages are kept to be looked at. */
  const shot = async (page: Page, name: string): Promise<void> => {
    const folder = process.env['SHOTS'];
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  };
  const file = (rows: string[][], name = '商品.xlsx') => ({
    name,
    mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    buffer: writeXlsx({ name: '商品', rows }),
  });
  const wide = async (page: Page): Promise<number> =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  it('D1: foreign headers are mapped, each wrong cell is named, the good rows come in, and the import is undone', async () => {
    const person = await open('/products/import');
    const { page } = person;
    await page.getByText('点击选择 .xlsx 或 .csv').waitFor();
    await shot(page, 'sheet-1-upload');
    await page.locator('input[type=file]').setInputFiles(
      file([
        ['Titel', 'Nummer', 'Preis', '发货内容', 'Farbe'],
        ['游戏点卡-腾讯QQ-100元-365天', 'WEB-1', '98.00', 'K-1\nK-2', 'rot'],
        ['会员', 'BAD SKU', '-1', '', 'blau'],
        ['话费充值-50元-永久', 'WEB-2', '49.9', '', ''],
      ]),
    );
    await person.click(page.getByRole('button', { name: '下一步：检查' }));
    await page.getByText('表格的每一列是什么').waitFor();
    await shot(page, 'sheet-2-columns');
    for (const [header, field] of [
      ['Titel', '商品名称'],
      ['Nummer', 'SKU编码'],
      ['Preis', '售价'],
    ] as const) {
      await page.getByRole('combobox', { name: header }).click();
      const list = page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden)');
      await list.locator(`.ant-select-item-option[title="${field}"]`).click();
      // A list that is still closing would lie over the next one.
      await list.waitFor({ state: 'hidden' });
    }
    await person.click(page.getByRole('button', { name: '按此检查' }));
    await page.getByRole('button', { name: '只导入正确的 2 行' }).waitFor();
    await page.getByText('SKU编码只能含字母、数字').waitFor();
    await page.getByText('以下列不会导入：Farbe').waitFor();
    await shot(page, 'sheet-3-preview');
    await person.click(page.getByRole('button', { name: '只导入正确的 2 行' }));
    await page.getByText('已导入 2 个商品').waitFor();
    await shot(page, 'sheet-4-done');
    const { items } = await openImporter(system).ask<{ items: { sku: string; stock: { live: { available: number } } }[] }>('products?search=WEB-'); // prettier-ignore
    assert.deepEqual(items.map((p) => [p.sku, p.stock.live.available]).sort(), [
      ['WEB-1', 2],
      ['WEB-2', 0],
    ]);
    await person.click(page.getByRole('button', { name: '撤销导入' }));
    await person.click(page.locator('.ant-popconfirm-buttons button.ant-btn-dangerous'));
    await page.getByText('已撤销，涉及 2 个商品').waitFor();
    assert.equal((await openImporter(system).ask<{ items: unknown[] }>('products?search=WEB-')).items.length, 0);
    assert.deepEqual(person.complaints, []);
  });

  it('D8: a template is written with a preview beside it, mistakes are named, an old version is taken up again', async () => {
    const person = await open('/templates');
    const { page } = person;
    await person.click(page.getByRole('button', { name: '新建模板' }).first());
    await person.type(page.getByLabel('模板名称'), '点卡');
    await person.type(page.getByLabel('使用说明'), '登录 {{ product.sku }} 官网充值');
    await page.getByRole('region', { name: '邮件' }).getByText('登录 QQ-100 官网充值').waitFor();
    await person.type(page.getByLabel('短信（由店铺发送，不含卡密）'), '{{ product.nosuch }}');
    await page.getByText('undefined variable: product.nosuch').waitFor();
    assert.ok(await page.getByRole('button', { name: '创建模板' }).isDisabled());
    await person.type(page.getByLabel('短信（由店铺发送，不含卡密）'), '订单 {{ order.no }} 已发货：{{ pickupUrl }}');
    await page.getByText(`订单 M260101SAMPLE0000000 已发货：${system.parts.environment.PUBLIC_URL}/query`).waitFor();
    await shot(page, 'template-1');
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await person.type(page.getByLabel('用真实订单预览'), order.orderNo);
    await page.keyboard.press('Enter');
    await page.getByText(`登录 ${system.sku} 官网充值`).first().waitFor();
    await person.click(page.getByRole('button', { name: '创建模板' }));
    await person.click(page.getByRole('cell', { name: '点卡' }));
    await person.type(page.getByLabel('使用说明'), '第二版');
    await person.click(page.getByRole('button', { name: '保存为新版本' }));
    await page.getByRole('cell', { name: 'v2' }).waitFor();
    await person.click(page.getByRole('cell', { name: '点卡' }));
    await page.getByRole('combobox', { name: '版本' }).click();
    await page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasText: 'v1' }).click();
    await page.getByText('这是旧版本的文字').waitFor();
    assert.equal(await page.getByLabel('使用说明').inputValue(), '登录 {{ product.sku }} 官网充值');
    await shot(page, 'template-2-old');
    assert.deepEqual(person.complaints, []);
  });

  it('E5: both screens fit a phone, in the dark as well', async () => {
    for (const [path, name] of [
      ['/products/import', 'phone-sheet'],
      ['/templates', 'phone-templates'],
    ] as const) {
      const { page, context } = await open(path, { phone: true, dark: true });
      await page.getByRole('heading', { level: 1 }).waitFor();
      if (path === '/templates') {
        await page.getByRole('button', { name: /编\s*辑/ }).click();
        await page.getByLabel('使用说明').waitFor();
      } else {
        await page.locator('input[type=file]').setInputFiles(file([['商品名称', 'SKU编码', '售价'], ['甲', 'P-1', 'x'], ['乙', 'P-2', '2']])); // prettier-ignore
        await page.getByRole('button', { name: '下一步：检查' }).click();
        await page.getByRole('button', { name: '只导入正确的 1 行' }).waitFor();
      }
      await shot(page, name);
      assert.ok((await wide(page)) <= 0, `${path} is wider than the screen`);
      await context.close();
    }
  });
});
