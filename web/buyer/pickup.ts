/** One order as its buyer sees it: pay, wait, read the goods, ask the shop. */
import { ask, Refusal, words } from './ask.ts';
import { caseBox } from './cases.ts';
import { h, show } from './dom.ts';
import { goodsBox, resendBox } from './goods.ts';
import { payBox } from './pay.ts';
import { money, t } from './text.ts';
import { pauseMs } from './wait.ts';

interface State {
  readonly orderNo: string;
  readonly product: string;
  readonly quantity: number;
  readonly state: string;
  readonly test: boolean;
  readonly released: boolean;
  readonly place: number | null;
  readonly kind: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresAt: string;
  readonly oddMoney: boolean;
  readonly refund: 'under_way' | 'done' | null;
}

function stateWords({ state, place, kind, oddMoney, refund }: State): string {
  if (oddMoney) return t('收到一笔与订单不符的付款，店铺正在核对，请勿重复付款', 'A payment came that does not fit this order; the shop is checking it, do not pay again'); // prettier-ignore
  if (refund === 'under_way' && state !== 'refunded') return t('退款处理中', 'The refund is under way');
  const words: Record<string, string> = {
    unpaid: t('等待付款：还没有收到支付平台的到账通知', 'Waiting for payment: no confirmation has come yet'),
    expired: t('订单已过期。若您已付款，到账后仍会处理，请勿重复付款', 'This order has expired. If you paid, it is dealt with all the same: do not pay again'), // prettier-ignore
    paid: t('已付款，正在发货…', 'Paid, delivering…'),
    waiting_confirmation: t('已付款，等待确认到账后发货', 'Paid; delivered once the payment is confirmed'),
    waiting_stock: place
      ? t(`已付款，等待补货，您排在第 ${place} 位，补货后自动发货`, `Paid; waiting for stock, number ${place} in line; it goes out by itself`) // prettier-ignore
      : t('已付款，等待补货，补货后自动发货', 'Paid; waiting for stock, it goes out by itself'),
    attention: t('已付款，店铺正在人工处理', 'Paid; the shop is looking into it'),
    delivered: kind === 'topup' ? t('充值已完成', 'Topped up') : t('已发货', 'Delivered'),
    refunded: refund === 'done' ? t('已退款', 'Refunded') : t('已退款，到账时间以支付平台为准', 'Refunded; the provider says when it arrives'), // prettier-ignore
    closed: t('订单已关闭，如有疑问请联系店铺', 'Closed; ask the shop if you have questions'),
  };
  return words[state] ?? state;
}

/** The slowest look: soon after the page was opened or paying was begun, and later. 30 a minute of the 600 that are let through. */
const pauses = { quick: 2_000, slow: 10_000, quickFor: 10 * 60_000 } as const;

/** Looks more slowly the longer it takes; stops at an end. */
async function follow(orderNo: string): Promise<void> {
  const status = h('p', { role: 'status' });
  const top = h('div');
  const middle = h('div');
  const cases = caseBox(orderNo, () => middle.replaceChildren(goodsBox(orderNo), resendBox(orderNo)));
  let shown = '';
  let stage = '';
  let quickUntil = Date.now() + pauses.quickFor;
  // The way to pay, or anything else, was used: news may come any moment.
  middle.addEventListener('click', () => {
    quickUntil = Date.now() + pauses.quickFor;
  });
  for (let pause = 400; ; pause = Math.min(pause * 1.3, Date.now() < quickUntil ? pauses.quick : pauses.slow)) {
    const state = await ask<State>(`/pickup/${orderNo}/state`).catch((error: unknown) => {
      if (error instanceof Refusal && error.code !== 'TOO_MANY_REQUESTS') throw error;
      pause = pauses.slow;
      return undefined;
    });
    const now = JSON.stringify(state);
    if (state && now !== shown) {
      if (shown === '') show(top, status, middle, cases.element, foot(state));
      shown = now;
      document.title = status.textContent = stateWords(state);
      status.className = `state ${state.state}`;
      top.replaceChildren(...head(state));
      cases.allow(state.released);
      const payable = state.state === 'unpaid' && !state.oddMoney;
      const next = state.released ? (state.kind === 'topup' ? '' : 'goods') : payable ? 'pay' : '';
      if (next !== stage) {
        stage = next;
        middle.replaceChildren(
          ...(next === 'goods'
            ? [goodsBox(orderNo), resendBox(orderNo)]
            : next === 'pay'
              ? [payBox(orderNo, state.expiresAt)]
              : []),
        );
      }
    }
    if (state && state.refund !== 'under_way' && (state.released || /^(closed|refunded)$/.test(state.state))) return;
    await pauseMs(pause);
  }
}

const head = (s: State): HTMLElement[] => [
  ...(s.test ? [h('p', { class: 'test' }, t('测试订单：没有真实付款，也不是真实商品', 'Test order: no real money, no real goods'))] : []), // prettier-ignore
  h('h1', {}, `${s.product} × ${s.quantity}`),
  h('p', { class: 'mute' }, money(s.amountMinor, s.currency)),
];
const foot = (s: State): HTMLElement => h('p', { class: 'mute' }, `${t('订单号', 'Order')} ${s.orderNo}`);

/** The order's number in the address opens nothing; it lets the page be loaded again while its session lives. */
export async function openOrder(orderNo: string): Promise<void> {
  history.replaceState(null, '', `/pickup?no=${orderNo}`);
  await pickup();
}

/** The pickup page: the token of the address becomes a cookie for one order. */
export async function pickup(): Promise<void> {
  window.addEventListener('hashchange', () => location.reload());
  show(h('p', { role: 'status' }, t('正在打开…', 'Opening…')));
  for (;;) {
    const began = Date.now();
    try {
      const token = location.hash.slice(1);
      const known = token ? null : (/^\?no=(M[0-9A-Z]{19})$/.exec(location.search)?.[1] ?? null);
      const { orderNo } = known === null ? await ask<{ orderNo: string }>('/pickup/session', { token }) : { orderNo: known }; // prettier-ignore
      await follow(orderNo);
      return;
    } catch (error) {
      // The session of a page that stood open for long has ended: the token makes another.
      if (error instanceof Refusal && location.hash && Date.now() - began > 60_000) continue;
      show(
        h('h1', {}, t('提货', 'Pickup')),
        h('p', { role: 'alert' }, words(error)),
        h('p', {}, h('a', { href: '/query' }, t('用订单号和邮箱查询', 'Find it by number and e-mail'))),
      );
      if (error instanceof Refusal && error.code !== 'TOO_MANY_REQUESTS') return;
      await pauseMs(2_000);
    }
  }
}
