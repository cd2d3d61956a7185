import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { until } from '../../dev/client.ts';
import { testBrowser } from '../support/browser.ts';
import { atConsole, type ConsolePerson } from '../support/console.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E5: the focus in drawers and dialogues', function () {
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
    await comes('the focus goes inside', `${dialogues}.some((one) => one.contains(document.activeElement))`);
    // Round and round: the focus does not leave what is open.
    for (let n = 0; n < 40; n++) {
      await page.keyboard.press('Tab');
      const where = await page.evaluate(`document.activeElement.closest('main, .side, .top') === null`);
      assert.equal(where, true, `the focus stays inside: after ${n + 1} tabs`);
    }
    await page.keyboard.press('Escape');
    await comes('Esc closes', `${dialogues}.every((one) => !one.checkVisibility())`);
    at = 'the focus is back';
    await opener.and(page.locator(':focus')).waitFor({ timeout: 10_000 });
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
      await opensAndReturns(opener()).catch((error: unknown) => {
        throw new Error(`${path}, ${at}: ${String(error)}`);
      });
    }
  });
});
