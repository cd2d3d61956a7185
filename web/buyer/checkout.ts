/** A product and its order: contact, quantity, account, remark, way of paying. */
import { ask, Refusal, words } from './ask.ts';
import { form, h, show } from './dom.ts';
import { numberPicker } from './numbers.ts';
import { keepPay, type Pay } from './pay.ts';
import { chinese, money, t } from './text.ts';

interface Offer {
  readonly open: boolean;
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly currency: string;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly stock: 'plenty' | 'few' | 'none' | 'unlimited';
  readonly promiseSeconds: number | null;
  /** 自选卡号. */
  readonly choose: boolean;
  readonly account: { zh: string; en: string; pattern: string; example: string } | null;
  readonly methods: readonly { accountId: number; method: string; zh: string; en: string }[];
}
interface Bought {
  readonly orderNo: string;
  readonly pay: Pay;
  readonly token: string;
}

const stockWords = {
  plenty: t('库存充足，付款后立即发货', 'In stock: delivered the moment you pay'),
  few: t('库存不多，付款后立即发货', 'Few left: delivered the moment you pay'),
  none: t('暂时缺货：付款后排队，补货后自动发货', 'Out of stock: your order waits in line and goes out by itself'),
  unlimited: t('付款后立即发货', 'Delivered the moment you pay'),
};

/** Goods that are bought or made by hand may take as long as the shop says. */
function stockLine({ stock, promiseSeconds: s }: Offer): string {
  if (s === null || s <= 60 || stock === 'none') return stockWords[stock];
  const [zh, en] = s < 7_200 ? [`${Math.ceil(s / 60)} 分钟`, `${Math.ceil(s / 60)} minutes`] : [`${Math.ceil(s / 3_600)} 小时`, `${Math.ceil(s / 3_600)} hours`]; // prettier-ignore
  return t(`付款后 ${zh}内发货`, `Delivered within ${en} of your payment`);
}

/** The account of a top-up; said wrong before anything is ordered. The server checks again, by the same rule. */
function accountField({ zh, en, pattern, example }: NonNullable<Offer['account']>): [HTMLElement, HTMLInputElement] {
  const label = chinese ? zh : en;
  const input = h('input', { id: 'account', required: true, autocomplete: 'off', maxlength: 100 });
  if (example) input.placeholder = t(`例如 ${example}`, `such as ${example}`);
  input.addEventListener('input', () => {
    let fits = true;
    try {
      fits = new RegExp(`^(?:${pattern})$`).test(input.value.trim());
    } catch {
      // A pattern that only the server understands.
    }
    input.setCustomValidity(fits || input.value === '' ? '' : t(`${label}格式不正确${example ? `，例如 ${example}` : ''}`, `${label} is malformed${example ? `; such as ${example}` : ''}`)); // prettier-ignore
  });
  return [h('label', { for: 'account' }, label), input];
}

/** Without https browsers have no `randomUUID`. */
function uuid(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** What is asked for with a key: the same again is the same order, anything else is another. */
function keyFor(): (wanted: object) => string {
  let key = '';
  let last = '';
  return (wanted) => {
    const now = JSON.stringify(wanted);
    if (now !== last) key = uuid();
    last = now;
    return key;
  };
}

export async function checkout(sku: string): Promise<void> {
  let offer: Offer;
  try {
    offer = await ask<Offer>(`/api/buyer/products/${encodeURIComponent(sku)}`);
  } catch (error) {
    show(h('h1', {}, t('商品不可购买', 'Not for sale')), h('p', { role: 'alert' }, words(error)));
    return;
  }
  document.title = offer.name;
  const email = h('input', { type: 'email', id: 'email', required: true, autocomplete: 'email', inputmode: 'email', maxlength: 254 }); // prettier-ignore
  const quantity = h('input', {
    type: 'number',
    id: 'quantity',
    min: offer.minQuantity,
    max: offer.maxQuantity,
    value: offer.minQuantity,
    inputmode: 'numeric',
    required: true,
  });
  const [accountLabel, account] = offer.account ? accountField(offer.account) : [];
  const remark = h('input', { type: 'text', id: 'remark', maxlength: 200 });
  const total = h('b', { class: 'total' }, money(offer.priceMinor * offer.minQuantity, offer.currency));
  const sum = (minor: number): void => {
    total.textContent = money(minor, offer.currency);
  };
  quantity.addEventListener('input', () =>
    sum(offer.priceMinor * Math.max(0, Math.floor(Number(quantity.value) || 0))),
  );
  const picker = offer.choose ? numberPicker(offer.sku, offer.currency, sum) : undefined;
  const methods = offer.methods.map((m, i) => {
    const radio = h('input', { type: 'radio', name: 'method', value: String(i), checked: i === 0 });
    return h('label', { class: 'choice' }, radio, chinese ? m.zh : m.en);
  });
  const key = keyFor();
  const buy = async (): Promise<void> => {
    const chosen =
      offer.methods[Number(document.querySelector<HTMLInputElement>('input[name=method]:checked')?.value ?? 0)];
    if (!chosen) return;
    const wanted = {
      sku,
      quantity: Number(quantity.value),
      email: email.value.trim(),
      accountId: chosen.accountId,
      locale: chinese ? 'zh-CN' : 'en',
      ...(picker && { number: picker.chosen() }),
      ...(account && { account: account.value.trim() }),
      ...(remark.value.trim() && { remark: remark.value.trim() }),
      ...(chosen.method && { method: chosen.method }),
    };
    const bought = await ask<Bought>('/api/buyer/orders', { key: key(wanted), ...wanted }).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === 'NUMBER_TAKEN') picker?.reload();
      throw error;
    });
    // What is needed to pay stays in this tab; the token stays in the fragment, which no server sees.
    keepPay(bought.orderNo, bought.pay);
    location.href = `/pickup#${bought.token}`;
  };
  show(
    h('h1', {}, offer.name),
    h('p', { class: 'price' }, money(offer.priceMinor, offer.currency)),
    h('p', { class: offer.stock === 'none' ? 'warn' : 'mute' }, stockLine(offer)),
    !offer.open || offer.methods.length === 0
      ? h(
          'p',
          { role: 'alert' },
          offer.open
            ? t('店铺还没有开通收款', 'This shop takes no payments yet')
            : t('店铺尚未开业，暂不能下单，请稍后再来', 'This shop is not open yet: come back later'),
        )
      : form(
          buy,
          t('去支付', 'Pay'),
          h('label', { for: 'email' }, t('邮箱（接收商品，也用于查询订单）', 'E-mail (the goods go there)')),
          email,
          accountLabel,
          account,
          picker?.element,
          offer.maxQuantity > 1 && h('label', { for: 'quantity' }, t('数量', 'Quantity')),
          offer.maxQuantity > 1 && quantity,
          h('label', { for: 'remark' }, t('备注（可选）', 'Remark (optional)')),
          remark,
          h('fieldset', {}, h('legend', {}, t('支付方式', 'Pay with')), ...methods),
          h('p', {}, t('合计 ', 'Total '), total),
        ),
    h('p', { class: 'mute' }, h('a', { href: '/query' }, t('查询已有订单', 'Find an order'))),
  );
}
