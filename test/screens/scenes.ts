/** Dialogues, drawers and inner screens: what opens them. For the pictures, and for the tests that look at each. */
import type { Locator, Page } from 'playwright-core';
import type { Believable } from './believable.ts';

export interface Scene {
  readonly name: string;
  readonly zh: string;
  readonly en: string;
  /** Below /console. */
  readonly path: string;
  open?(page: Page): Promise<void>;
}

const opened = (page: Page): Locator => page.locator('.ant-modal, .ant-drawer-open, .ant-popover:visible').last();
const byButton =
  (zh: string, en: string) =>
  async (page: Page): Promise<void> => {
    const letters = zh.split(/(?<=.)/u).join('\\s*');
    await page.locator('main').getByRole('button', { name: new RegExp(`^(${letters}|${en})$`) }).first().click(); // prettier-ignore
    await opened(page).waitFor();
  };
const byKey =
  (key: string) =>
  async (page: Page): Promise<void> => {
    await page.locator('main .selected-row, main [aria-current]').first().waitFor();
    await page.keyboard.press(key);
    await opened(page).waitFor();
  };

export function scenes(shop: Believable): Scene[] {
  return [
    { name: 'order', zh: '订单详情', en: 'An order', path: `orders/${shop.delivered.orderNo}` },
    { name: 'order-refund', zh: '退款', en: 'A refund', path: `orders/${shop.delivered.orderNo}`, open: byButton('退款', 'Refund') }, // prettier-ignore
    { name: 'queue-taken', zh: '同事正在处理', en: 'A colleague is on it', path: 'queue?claimed=others', open: byKey('d') }, // prettier-ignore
    { name: 'queue-deliver', zh: '手动发货对话框', en: 'Delivery by hand from the queue', path: 'queue?claimed=nobody', open: byKey('d') }, // prettier-ignore
    { name: 'queue-keys', zh: '快捷键', en: 'Keys', path: 'queue', open: byKey('?') },
    { name: 'case', zh: '售后工单详情', en: 'A case', path: `cases/${shop.caseNo}` },
    { name: 'notices', zh: '站内信', en: 'Messages', path: 'notices' },
    { name: 'go-live', zh: '上线检查', en: 'Going live', path: 'go-live' },
    { name: 'product-form', zh: '新建商品', en: 'A new product', path: 'products', open: byButton('新建商品', 'New product') }, // prettier-ignore
    { name: 'product-import-result', zh: '商品导入结果', en: 'A product sheet, imported', path: `products/import?id=${shop.importId}` }, // prettier-ignore
    { name: 'cards-pool', zh: '卡密池（有卡密）', en: 'A pool with keys', path: `cards?product=${shop.productId}` },
    { name: 'cards-import', zh: '导入卡密', en: 'An import of keys', path: `cards?product=${shop.productId}`, open: byButton('导入卡密', 'Import keys') }, // prettier-ignore
    { name: 'cards-reveal', zh: '查看卡密', en: 'A key is revealed', path: `cards?product=${shop.productId}&tab=keys`, open: byButton('查看', 'Show') }, // prettier-ignore
    { name: 'template-editor', zh: '编辑发货模板', en: 'A delivery template', path: 'templates', open: byButton('新建模板', 'New template') }, // prettier-ignore
    { name: 'supplier-form', zh: '添加供应商', en: 'A new supplier', path: 'suppliers', open: byButton('添加供应商', 'Add a supplier') }, // prettier-ignore
    { name: 'payment-form', zh: '添加收款账户', en: 'A new payment account', path: 'payments', open: byButton('添加收款账户', 'Add an account') }, // prettier-ignore
    { name: 'channel-form', zh: '添加通知渠道', en: 'A new channel', path: 'channels', open: byButton('添加渠道', 'Add a channel') }, // prettier-ignore
    { name: 'staff-form', zh: '新增员工', en: 'A new person', path: 'staff', open: byButton('新增员工', 'Add a person') }, // prettier-ignore
  ];
}

/** A colleague has the first task: what the second person sees of it. */
export async function takeFirstTask(colleague: {
  json<T>(method: string, path: string, body?: unknown): Promise<T>;
}): Promise<void> {
  const { tasks } = await colleague.json<{ tasks: { id: number }[] }>('GET', '/api/console/tasks');
  await colleague.json('POST', `/api/console/tasks/${tasks[0]?.id ?? 0}/claim`, { takeOver: false });
}
