import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { testBrowser } from '../support/browser.ts';
import { atConsole, type ConsolePerson } from '../support/console.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('C5: the rules form', function () {
  this.timeout(180_000);
  let system: System;
  let owner: ConsolePerson;
  before(async () => {
    await testBrowser();
    system = await startSystem();
    await paidOrders(system, 3);
    owner = await atConsole(system, 'owner');
    await owner.open('rules', '异常规则');
  });
  after(() => system.stop());

  const add = async (name: string, condition: string): Promise<Locator> => {
    await owner.button('添加规则').click();
    const card = owner.page.locator('.rule').last();
    await card.getByLabel('规则名称').fill(name);
    await owner.pick(card.getByLabel('添加条件'), condition);
    return card.locator('[data-condition]').last();
  };
  const tags = async (field: Locator, ...words: string[]): Promise<void> => {
    for (const word of words) {
      await field.fill(word);
      await field.press('Enter');
    }
  };

  it('C5: a rule of each kind is built as a sentence, tried on past orders, saved and shown again', async () => {
    const { page } = owner;
    const input = (condition: Locator, at = 0): Locator => condition.locator('input').nth(at);
    await tags(input(await add('词', '备注包含任一词')), '发票', '抬头');
    await input(await add('正则', '备注匹配正则表达式')).fill('1[3-9]\\d{9}');
    await tags(input(await add('联系', '联系方式包含任一词')), '@qq.com');
    await input(await add('大额', '金额不低于')).fill('500');
    await input(await add('小额', '金额不高于')).fill('1.00');
    await input(await add('多件', '数量不少于')).fill('5');
    await owner.pick(input(await add('商品', '商品是其中之一')), '测试点卡');
    await page.keyboard.press('Escape');
    const night = await add('夜里', '付款时间在');
    await tags(night.getByLabel('从几点'), '22');
    await tags(night.getByLabel('到几点'), '06');
    const often = await add('频繁', '同一买家的付款订单');
    await often.getByLabel('小时').fill('48');
    await often.getByLabel('订单数').fill('7');
    await owner.button('用历史订单试运行').click();
    await page.getByText('最近 3 个订单中有 3 个会转人工').waitFor();
    await owner.button('保存').click();
    await owner.told('已保存');
    const saved = await query<{ condition: unknown }>(
      system,
      'select condition from exception_rules order by position',
    );
    assert.deepEqual(
      saved.map((row) => row.condition),
      [
        { remarkContains: ['发票', '抬头'] },
        { remarkMatches: '1[3-9]\\d{9}' },
        { contactContains: ['@qq.com'] },
        { minAmountMinor: 50_000 },
        { maxAmountMinor: 100 },
        { minQuantity: 5 },
        { skus: [system.sku] },
        { hours: { from: 22, to: 6 } },
        { history: { minOrders: 7, hours: 48 } },
      ],
    );
    await page.reload();
    await page.locator('.rule').nth(8).waitFor();
    assert.match(await page.locator('.rule').nth(7).innerText(), /当付款时间在[\s\S]*22:00[\s\S]*到[\s\S]*06:00/);
    assert.deepEqual([...owner.complaints], []);
  });

  it('C5: a rule that can fit nothing, or whose pattern is none, is told at its field and not sent', async () => {
    const { page } = owner;
    await query(system, 'delete from exception_rules');
    await page.reload();
    await owner.button('添加规则').click();
    const card = page.locator('.rule').last();
    await card.getByLabel('规则名称').fill('空');
    await owner.button('保存').click();
    await page.getByText('请至少添加一个条件').waitFor();
    await owner.pick(card.getByLabel('添加条件'), '金额不低于');
    await owner.pick(card.getByLabel('添加条件'), '金额不高于');
    await card.locator('[data-condition="minAmount"] input').fill('10');
    await card.locator('[data-condition="maxAmount"] input').fill('9');
    await owner.button('保存').click();
    await page.getByText('低于最低金额，不会有订单符合').waitFor();
    await card.locator('[data-condition="maxAmount"] input').fill('20');
    await owner.pick(card.getByLabel('添加条件'), '备注匹配正则表达式');
    const pattern = card.locator('[data-condition="pattern"] input');
    await pattern.fill('(?=发票)');
    await owner.button('保存').click();
    await page.getByText('不支持环视和反向引用').waitFor();
    assert.deepEqual(await query(system, 'select from exception_rules'), []);
    // What only the server's engine knows stands at the field as well.
    await pattern.fill('(');
    await owner.button('保存').click();
    await card.getByText('正则表达式不正确').waitFor();
    await card.getByRole('button', { name: '去掉条件：备注匹配正则表达式' }).click();
    await owner.button('保存').click();
    await owner.told('已保存');
    assert.equal((await query(system, 'select from exception_rules')).length, 1);
  });
});
