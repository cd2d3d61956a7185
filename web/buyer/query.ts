/** The way back to one's order: its number and the contact, both. */
import { ask } from './ask.ts';
import { form, h, show } from './dom.ts';
import { openOrder } from './pickup.ts';
import { t } from './text.ts';

export function query(note?: string): void {
  document.title = t('订单查询', 'Find an order');
  const no = h('input', { id: 'no', required: true, autocomplete: 'off', autocapitalize: 'characters', maxlength: 40 });
  const contact = h('input', { id: 'contact', type: 'email', required: true, autocomplete: 'email', maxlength: 254 });
  const find = async (): Promise<void> => {
    const { orderNo } = await ask<{ orderNo: string }>('/api/buyer/query', {
      orderNo: no.value.trim(),
      contact: contact.value.trim(),
    });
    await openOrder(orderNo);
  };
  show(
    h('h1', {}, t('订单查询', 'Find an order')),
    note !== undefined && h('p', { class: 'state' }, note),
    form(
      find,
      t('查询', 'Find'),
      h('label', { for: 'no' }, t('订单号', 'Order number')),
      no,
      h('label', { for: 'contact' }, t('下单时填写的邮箱', 'E-mail of the order')),
      contact,
    ),
  );
}
