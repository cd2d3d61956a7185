/** The way to pay: a code to scan or a page to open. It lives in this tab alone; another one asks the server anew. */
import { ask } from './ask.ts';
import { copyButton, h } from './dom.ts';
import { qr } from './qr.ts';
import { t, time } from './text.ts';

export interface Pay {
  readonly kind: 'redirect' | 'qr';
  readonly url: string;
}

const place = (orderNo: string): string => `pay:${orderNo}`;

export function keepPay(orderNo: string, pay: Pay): void {
  sessionStorage.setItem(place(orderNo), JSON.stringify(pay));
}

async function payOf(orderNo: string): Promise<Pay> {
  const text = sessionStorage.getItem(place(orderNo));
  if (text !== null) return JSON.parse(text) as Pay;
  const pay = await ask<Pay>(`/pickup/${orderNo}/pay`, {});
  keepPay(orderNo, pay);
  return pay;
}

/** Addresses that a link may lead to: none that runs anything here. */
const openable = /^(https?:|weixin:|alipays?:)/;

function box({ kind, url }: Pay, expiresAt: string): HTMLElement[] {
  const link = (label: string): HTMLElement =>
    h('a', { class: 'button', href: url, target: '_blank', rel: 'noreferrer' }, label);
  const way =
    kind === 'qr'
      ? [
          qr(url, t('付款二维码', 'QR code to pay')),
          h('p', {}, t('请用手机扫码支付', 'Scan it to pay')),
          // On the phone that shows the code nobody can scan it.
          openable.test(url) ? link(t('在本机打开支付', 'Pay on this device')) : copyButton(url, t('复制付款信息', 'Copy what to pay to')), // prettier-ignore
        ]
      : openable.test(url)
        ? [link(t('打开支付页面', 'Open the payment page'))]
        : [];
  const by = time(expiresAt);
  return [
    ...way.map((element) => element as HTMLElement),
    h('p', { class: 'mute' }, t(`请在 ${by} 前付款。付款后本页自动更新，无需重复付款。`, `Pay before ${by}. This page follows by itself; do not pay twice.`)), // prettier-ignore
    h('p', { class: 'mute' }, t('到账通知通常只需几秒。若已付款一分钟以上仍未更新，请在下方联系店铺。', 'The confirmation takes seconds as a rule. If you paid more than a minute ago, tell the shop below.')), // prettier-ignore
  ];
}

export function payBox(orderNo: string, expiresAt: string): HTMLElement {
  const section = h('section', { class: 'pay' });
  payOf(orderNo).then(
    (pay) => section.replaceChildren(...box(pay, expiresAt)),
    () => section.replaceChildren(h('p', { class: 'mute' }, t('请回到下单的页面付款，或重新下单。', 'Pay on the page where you ordered, or order again.'))), // prettier-ignore
  );
  return section;
}
