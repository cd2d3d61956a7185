/** A product and its order: contact, quantity, remark, way of paying. */
import { ask, words } from './ask.ts';
import { h, show } from './dom.ts';
import { chinese, money, t } from './text.ts';

interface Offer {
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly currency: string;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly stock: 'plenty' | 'few' | 'none' | 'unlimited';
  readonly methods: readonly { accountId: number; method: string; zh: string; en: string }[];
}
interface Bought {
  readonly orderNo: string;
  readonly pay: { readonly kind: 'redirect' | 'qr'; readonly url: string };
  readonly token: string;
}

const stockWords = {
  plenty: t('库存充足，付款后立即发货', 'In stock: delivered the moment you pay'),
  few: t('库存不多，付款后立即发货', 'Few left: delivered the moment you pay'),
  none: t('暂时缺货：付款后排队，补货后自动发货', 'Out of stock: your order waits in line and goes out by itself'),
  unlimited: t('付款后立即发货', 'Delivered the moment you pay'),
};

export async function checkout(sku: string): Promise<void> {
  let offer: Offer;
  try {
    offer = await ask<Offer>(`/api/buyer/products/${encodeURIComponent(sku)}`);
  } catch (error) {
    show(h('h1', {}, t('商品不可购买', 'Not for sale')), h('p', { role: 'alert' }, words(error)));
    return;
  }
  document.title = offer.name;
  // One key per opened page: pressing twice, or after a lost answer, is one order.
  const key = crypto.randomUUID();
  const email = h('input', {
    type: 'email',
    id: 'email',
    required: true,
    autocomplete: 'email',
    inputmode: 'email',
    maxlength: 254,
  }) as HTMLInputElement;
  const quantity = h('input', {
    type: 'number',
    id: 'quantity',
    min: offer.minQuantity,
    max: offer.maxQuantity,
    value: offer.minQuantity,
    inputmode: 'numeric',
    required: true,
  }) as HTMLInputElement;
  const remark = h('input', { type: 'text', id: 'remark', maxlength: 200 }) as HTMLInputElement;
  const total = h('b', { class: 'total' }, money(offer.priceMinor * offer.minQuantity, offer.currency));
  quantity.addEventListener('input', () => {
    total.textContent = money(offer.priceMinor * Math.max(0, Math.floor(Number(quantity.value) || 0)), offer.currency);
  });
  const status = h('p', { role: 'alert' });
  const button = h('button', { type: 'submit' }, t('去支付', 'Pay')) as HTMLButtonElement;
  const methods = offer.methods.map((m, i) => {
    const radio = h('input', { type: 'radio', name: 'method', value: String(i), checked: i === 0 });
    return h('label', { class: 'choice' }, radio, chinese ? m.zh : m.en);
  });
  const submit = async (): Promise<void> => {
    const chosen =
      offer.methods[Number(document.querySelector<HTMLInputElement>('input[name=method]:checked')?.value ?? 0)];
    if (!chosen) return;
    button.disabled = true;
    status.textContent = '';
    try {
      const bought = await ask<Bought>('/api/buyer/orders', {
        key,
        sku,
        quantity: Number(quantity.value),
        email: email.value.trim(),
        accountId: chosen.accountId,
        locale: chinese ? 'zh-CN' : 'en',
        ...(remark.value.trim() && { remark: remark.value.trim() }),
        ...(chosen.method && { method: chosen.method }),
      });
      // What is needed to pay stays in this tab; the token stays in the fragment, which no server sees.
      sessionStorage.setItem(`pay:${bought.orderNo}`, JSON.stringify(bought.pay));
      location.href = `/pickup#${bought.token}`;
    } catch (error) {
      status.textContent = words(error);
      button.disabled = false;
    }
  };
  show(
    h('h1', {}, offer.name),
    h('p', { class: 'price' }, money(offer.priceMinor, offer.currency)),
    h('p', { class: offer.stock === 'none' ? 'warn' : 'mute' }, stockWords[offer.stock]),
    offer.methods.length === 0
      ? h('p', { role: 'alert' }, t('店铺还没有开通收款', 'This shop takes no payments yet'))
      : h(
          'form',
          {
            submit: (event) => {
              event.preventDefault();
              void submit();
            },
          },
          h('label', { for: 'email' }, t('邮箱（接收商品，也用于查询订单）', 'E-mail (the goods go there)')),
          email,
          h('label', { for: 'quantity' }, t('数量', 'Quantity')),
          quantity,
          h('label', { for: 'remark' }, t('备注（可选）', 'Remark (optional)')),
          remark,
          h('fieldset', {}, h('legend', {}, t('支付方式', 'Pay with')), ...methods),
          h('p', {}, t('合计 ', 'Total '), total),
          status,
          button,
        ),
    h('p', { class: 'mute' }, h('a', { href: '/query' }, t('查询已有订单', 'Find an order'))),
  );
}
