/** A shop as it looks after some days: for the screenshots, and for the tests that look at every screen. */
import { randomUUID } from 'node:crypto';
import { goLive } from '../../db/live.ts';
import { actors } from '../../db/locks.ts';
import { call, until } from '../../dev/client.ts';
import { fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import type { FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { openImporter } from '../support/goods.ts';
import { query } from '../support/paid-orders.ts';
import type { System } from '../support/system.ts';
import { equipped, refunded, type EquippedWords } from './equipped.ts';

export interface Believable {
  /** Delivered; with an after-sale request. */
  readonly delivered: BelievableOrder;
  /** Waits in line for stock. */
  readonly waiting: BelievableOrder;
  readonly unpaid: BelievableOrder;
  readonly skus: readonly string[];
  /** The product of the first of them. */
  readonly productId: number;
  readonly importId: number;
  readonly caseNo: string;
}
export interface BelievableOrder {
  readonly orderNo: string;
  /** Of the pickup page. */
  readonly token: string;
}

/** Names of goods, as a shop in that language has them. */
export interface Words {
  readonly products: readonly [string, string, string];
  readonly account: string;
  readonly question: string;
  readonly answer: string;
  readonly equipped: EquippedWords;
}

export const chinese: Words = {
  products: ['游戏点卡-腾讯QQ-100元-365天', '视频会员-爱奇艺-月卡-31天', '直充-腾讯QQ币-10元'],
  account: '易支付',
  question: '卡密提示已使用，请帮忙看看',
  answer: '已收到，正在核实，请稍等',
  equipped: {
    supplier: '星河卡盟',
    template: '视频会员通用',
    instructions: '登录官网，在“兑换中心”输入卡密。',
    channel: '客服群机器人',
    store: '阿里云杭州',
    rule: '需要发票',
    remark: '需要发票',
    staff: ['林小雨', '周师傅'],
    shop: '微信小程序商城',
    imported: '视频会员-腾讯-月卡-30天',
    refund: '买家买错型号',
  },
};

export async function believable(system: System, supplier: FakeSupplier, words: Words = chinese): Promise<Believable> {
  const api = <T>(path: string, body?: object, method?: string): Promise<T> =>
    call<T>(`${system.base}/api/console/${path}`, { token: system.opsToken, ...(body && { body }), ...(method && { method }) }); // prettier-ignore
  const { id: accountId } = await call<{ id: number }>(`${system.base}/ops/api/payment-accounts`, {
    token: system.opsToken,
    body: { provider: 'epay', mode: 'live', name: words.account, config: { gateway: system.gateway.url, ...fakeMerchant }, confirmByQuery: false }, // prettier-ignore
  });
  await goLive(system.parts.pool, actors.opsToken);
  const goods = openImporter(system);
  const [card, member, topUp] = words.products;
  const skus = ['QQ-100', 'IQY-31', 'QB-10'] as const;
  const made = await goods.product({ sku: skus[0], name: card, priceMinor: 9800 });
  await goods.product({ sku: skus[1], name: member, priceMinor: 1980 });
  await goods.product({ sku: skus[2], name: topUp, kind: 'topup', priceMinor: 1000 });
  await api(`products/${skus[2]}/topup`, { labelZh: 'QQ号', labelEn: 'QQ number', pattern: '[1-9][0-9]{4,10}', example: '12345678' }, 'PUT'); // prettier-ignore
  const keys = Array.from({ length: 60 }, () => `${randomUUID().slice(0, 8)}----${randomUUID().slice(9, 13)}`);
  await goods.bring(
    { mode: 'live', productId: made.id, separator: '----' },
    Buffer.from(keys.join('\n').toUpperCase()),
  );

  const buy = async (sku: string, pay: boolean, change: object = {}): Promise<BelievableOrder> => {
    const body = { key: randomUUID(), sku, quantity: 1, email: `${randomUUID().slice(0, 6)}@example.com`, accountId, ...change }; // prettier-ignore
    const bought = await call<{ orderNo: string; token: string; pay: { url: string } }>(`${system.base}/api/buyer/orders`, { body, expect: 201 }); // prettier-ignore
    if (pay) {
      await fetch(bought.pay.url);
      await system.gateway.pay(bought.orderNo);
    }
    return { orderNo: bought.orderNo, token: bought.token };
  };
  const state = async ({ orderNo }: BelievableOrder): Promise<string> =>
    (await query<{ state: string }>(system, 'select state from orders where no = $1', orderNo))[0]?.state ?? '';
  const comesTo = (order: BelievableOrder, wanted: RegExp): Promise<true> =>
    until(
      `${order.orderNo} ${wanted.source}`,
      async () => (wanted.test(await state(order)) ? true : undefined),
      30_000,
    );

  const { sku: bought, importId } = await equipped(system, words.equipped, supplier);
  const sold: BelievableOrder[] = [];
  for (let i = 0; i < 8; i++) sold.push(await buy(skus[0], true));
  const waiting = await buy(skus[1], true);
  const byHand = await buy(skus[2], true, { account: '12345678' });
  const fetched = await buy(bought, true);
  await comesTo(fetched, /^delivered$/);
  supplier.misbehave('apology', 1);
  const unclear = await buy(bought, true);
  const ruled = await buy(skus[0], true, { remark: words.equipped.remark });
  const unpaid = await buy(skus[0], false);
  for (const order of sold) await comesTo(order, /^delivered$/);
  await comesTo(waiting, /^(waiting_stock|attention)$/);
  await comesTo(byHand, /^(waiting_stock|attention)$/);
  for (const order of [unclear, ruled]) await comesTo(order, /^attention$/);
  await refunded(system, sold[1]?.orderNo ?? '', words.equipped.refund);
  const delivered = sold[0] ?? unpaid;
  const session = await fetch(`${system.base}/pickup/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: delivered.token }),
  });
  const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { cases } = await call<{ cases: { no: string }[] }>(`${system.base}/pickup/${delivered.orderNo}/cases`, {
    headers: { cookie },
    body: { kind: 'bad_key', text: words.question },
    expect: 201,
  });
  const caseNo = cases[0]?.no ?? '';
  await api(`cases/${caseNo}/messages`, { text: words.answer, ask: true });
  return { delivered, waiting, unpaid, skus, productId: made.id, importId, caseNo };
}
