/** One order as its buyer sees it: pay, wait, read the goods. */
import { ask, Refusal, words } from './ask.ts';
import { h, show } from './dom.ts';
import { qr } from './qr.ts';
import { t } from './text.ts';

interface State {
  readonly orderNo: string;
  readonly product: string;
  readonly quantity: number;
  readonly state: string;
  readonly test: boolean;
  readonly released: boolean;
  readonly place?: number | null;
}
interface Pay {
  readonly kind: 'redirect' | 'qr';
  readonly url: string;
}

function stateWords({ state, place }: State): string {
  const words: Record<string, string> = {
    unpaid: t('等待支付', 'Waiting for payment'),
    expired: t(
      '订单已过期。若您已付款，到账后仍会发货',
      'This order has expired. If you paid, it is delivered all the same',
    ),
    paid: t('已支付，正在发货…', 'Paid, delivering…'),
    waiting_confirmation: t('已支付，等待确认', 'Paid, waiting for confirmation'),
    waiting_stock: place
      ? t(
          `已支付，等待补货，您排在第 ${place} 位，补货后自动发货`,
          `Paid; waiting for stock, number ${place} in line; it goes out by itself`,
        )
      : t('已支付，等待补货，补货后自动发货', 'Paid; waiting for stock, it goes out by itself'),
    attention: t('已支付，客服正在处理', 'Paid; our staff are looking into it'),
    delivered: t('已发货', 'Delivered'),
    refunded: t('已退款', 'Refunded'),
    closed: t('订单已关闭，如有疑问请联系店铺', 'Closed; ask the shop if you have questions'),
  };
  return words[state] ?? state;
}

function payBox(pay: Pay): HTMLElement {
  if (pay.kind === 'qr') {
    return h(
      'section',
      { class: 'pay' },
      qr(pay.url, t('付款二维码', 'QR code to pay')),
      h('p', {}, t('请用手机扫码支付，付款后本页自动更新', 'Scan to pay; this page follows by itself')),
    );
  }
  return h(
    'section',
    { class: 'pay' },
    h(
      'a',
      { class: 'button', href: pay.url, target: '_blank', rel: 'noreferrer' },
      t('打开支付页面', 'Open the payment page'),
    ),
    h(
      'p',
      { class: 'mute' },
      t('付款后回到本页，会自动显示商品', 'Come back here after paying: the goods appear by themselves'),
    ),
  );
}

function payOf(orderNo: string): Pay | undefined {
  const text = sessionStorage.getItem(`pay:${orderNo}`);
  if (text === null) return undefined;
  const pay = JSON.parse(text) as Pay;
  return /^(https?:|weixin:|alipays?:)/.test(pay.url) || pay.kind === 'qr' ? pay : undefined;
}

/** The goods come only when the buyer asks for them: a glance over the shoulder shows nothing. */
function goodsBox(orderNo: string): HTMLElement {
  const box = h('section', { id: 'goods', 'aria-live': 'polite' });
  const status = h('p', { role: 'alert' });
  const reveal = h('button', { type: 'button', id: 'reveal' }, t('显示商品', 'Show the goods'));
  reveal.addEventListener('click', () => {
    ask<{ goods: string[] }>(`/pickup/${orderNo}/goods`, {}).then(
      ({ goods }) => {
        const all = goods.join('\n');
        const copy = h('button', { type: 'button', id: 'copy' }, t('复制', 'Copy'));
        copy.addEventListener('click', () => {
          navigator.clipboard.writeText(all).then(
            () => (copy.textContent = t('已复制', 'Copied')),
            () => (copy.textContent = t('请手动选择复制', 'Select and copy by hand')),
          );
        });
        const file = URL.createObjectURL(new Blob([`${all}\n`], { type: 'text/plain' }));
        box.replaceChildren(
          ...goods.map((text) => h('pre', {}, text)),
          h(
            'div',
            {},
            copy,
            h('a', { class: 'button', id: 'download', href: file, download: `${orderNo}.txt` }, t('下载', 'Download')),
          ),
        );
      },
      (error: unknown) => {
        status.textContent = words(error);
      },
    );
  });
  box.append(reveal, status);
  return box;
}

const head = (s: State): HTMLElement[] => [
  ...(s.test ? [h('p', { class: 'test' }, t('测试订单', 'Test order'))] : []),
  h('h1', {}, `${s.product} × ${s.quantity}`),
];
const foot = (s: State): HTMLElement => h('p', { class: 'mute' }, `${t('订单号', 'Order')} ${s.orderNo}`);

/** Looks more slowly the longer it takes; stops at an end. */
export async function follow(orderNo: string): Promise<void> {
  let shown = '';
  for (let pause = 400; ; pause = Math.min(pause * 1.3, 10_000)) {
    const state = await ask<State>(`/pickup/${orderNo}/state`).catch((error: unknown) => {
      if (error instanceof Refusal) throw error;
      return undefined;
    });
    if (state) {
      const now = JSON.stringify(state);
      if (now !== shown) {
        shown = now;
        document.title = stateWords(state);
        const pay = state.state === 'unpaid' ? payOf(orderNo) : undefined;
        show(
          ...head(state),
          h('p', { role: 'status', class: `state ${state.state}` }, stateWords(state)),
          pay && payBox(pay),
          state.released && goodsBox(orderNo),
          foot(state),
        );
      }
      if (state.released || state.state === 'closed' || state.state === 'refunded') return;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** The pickup page: the token of the address becomes a cookie for one order. */
export async function pickup(): Promise<void> {
  window.addEventListener('hashchange', () => location.reload());
  show(h('p', { role: 'status' }, t('正在打开…', 'Opening…')));
  for (;;) {
    try {
      const { orderNo } = await ask<{ orderNo: string }>('/pickup/session', { token: location.hash.slice(1) });
      await follow(orderNo);
      return;
    } catch (error) {
      show(
        h('h1', {}, t('提货', 'Pickup')),
        h('p', { role: 'alert' }, words(error)),
        h('p', {}, h('a', { href: '/query' }, t('用订单号和邮箱查询', 'Find it by number and e-mail'))),
      );
      if (error instanceof Refusal) return;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}
