import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { until } from '../../dev/client.ts';
import { testBrowser } from '../support/browser.ts';
import { atConsole, type ConsolePerson } from '../support/console.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { still } from '../screens/look.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E5: without a mouse', function () {
  this.timeout(180_000);
  let system: System;
  let owner: ConsolePerson;
  let no: string;
  before(async () => {
    await testBrowser();
    system = await startSystem();
    const [id = 0] = await paidOrders(system, 1);
    const rows = await query<{ no: string }>(
      system,
      `update orders set state = 'attention', failure_code = 'POOL_EMPTY' where id = $1 returning no`,
      id,
    );
    no = rows[0]?.no ?? '';
    await query(system, `insert into tasks (order_id, code) values ($1, 'POOL_EMPTY')`, id);
    owner = await atConsole(system, 'owner');
  });
  after(() => system.stop());

  let at = '';
  /** Not by waitForFunction: the page's policy forbids it to evaluate texts again and again. */
  const comes = (what: string, expression: string): Promise<unknown> => {
    at = what;
    return until(what, async () => ((await owner.page.evaluate(expression)) === true ? true : undefined), 10_000);
  };
  const dialogues = '[...document.querySelectorAll(`[role="dialog"]`)]';

  /** Opened and closed by keyboard alone. */
  async function opensAndReturns(opener: Locator): Promise<void> {
    const { page } = owner;
    await opener.focus();
    await page.keyboard.press('Enter');
    await comes(
      'the focus goes inside',
      `${dialogues}.some((one) => one.closest('body > *').contains(document.activeElement))`,
    );
    // Round and round: the focus does not leave what is open.
    for (let n = 0; n < 40; n++) {
      await page.keyboard.press('Tab');
      const where = await page.evaluate(`document.activeElement.closest('main, .side, .top') === null`);
      assert.equal(where, true, `the focus stays inside: after ${n + 1} tabs`);
    }
    await page.keyboard.press('Escape');
    await comes('Esc closes', `${dialogues}.every((one) => !one.checkVisibility())`);
    at = 'the focus is back';
    await opener.and(page.locator(':focus')).waitFor({ timeout: 20_000 });
  }

  it('E5: opening puts the focus inside, Tab stays there, Esc closes, and the opener has the focus again', async () => {
    const { page } = owner;
    const openers: [path: string, title: string | RegExp, () => Locator][] = [
      ['products', '商品', () => owner.button('新建商品').first()],
      ['channels', '通知渠道', () => owner.button('添加渠道').first()],
      ['suppliers', '供应商', () => owner.button('添加供应商').first()],
      ['payments', '收款账户', () => owner.button('添加收款账户').first()],
      ['queue', '人工处理', () => page.locator('.task-actions .ant-btn-primary').first()],
      [`orders/${no}`, /./, () => owner.button('关闭订单').first()],
    ];
    for (const [path, title, opener] of openers) {
      await owner.open(path, title);
      await opener().waitFor();
      await still(page);
      await opensAndReturns(opener()).catch(async (error: unknown) => {
        const focused = await page.evaluate<string>('document.activeElement.outerHTML.slice(0, 200)');
        throw new Error(`${path}, ${at}: ${String(error)}\nthe focus is at ${focused}`);
      });
    }
  });

  it('E5: on a phone buttons are high enough for a thumb, and no field makes the page zoom', async () => {
    const person = await atConsole(system, 'owner', { phone: true });
    for (const [path, title] of [
      ['queue', '人工处理'],
      ['rules', '异常规则'],
      ['manual', '手动发货'],
    ] as const) {
      await person.open(path, title);
      await person.page.locator('main .ant-btn').first().waitFor();
      const small = await person.page.evaluate<string[]>(
        `[...document.querySelectorAll('main .ant-btn:not(.ant-btn-link), main input')]
          .filter((one) => one.checkVisibility() && (one.matches('input') ? parseFloat(getComputedStyle(one).fontSize) < 16 : one.getBoundingClientRect().height < 36))
          .map((one) => one.outerHTML)`,
      );
      assert.deepEqual(small, [], path);
    }
  });
});
