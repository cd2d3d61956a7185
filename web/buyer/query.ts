/** The way back to one's order: its number and the contact, both. */
import { ask, words } from './ask.ts';
import { h, show } from './dom.ts';
import { follow } from './pickup.ts';
import { t } from './text.ts';

export function query(note?: string): void {
  document.title = t('订单查询', 'Find an order');
  const no = h('input', {
    id: 'no',
    required: true,
    autocomplete: 'off',
    autocapitalize: 'characters',
    maxlength: 40,
  }) as HTMLInputElement;
  const contact = h('input', {
    id: 'contact',
    type: 'email',
    required: true,
    autocomplete: 'email',
    maxlength: 254,
  }) as HTMLInputElement;
  const status = h('p', { role: 'alert' });
  const button = h('button', { type: 'submit' }, t('查询', 'Find')) as HTMLButtonElement;
  const submit = async (): Promise<void> => {
    button.disabled = true;
    status.textContent = '';
    try {
      const { orderNo } = await ask<{ orderNo: string }>('/api/buyer/query', {
        orderNo: no.value.trim(),
        contact: contact.value.trim(),
      });
      await follow(orderNo);
    } catch (error) {
      status.textContent = words(error);
      button.disabled = false;
    }
  };
  show(
    h('h1', {}, t('订单查询', 'Find an order')),
    note !== undefined && h('p', { class: 'state' }, note),
    h(
      'form',
      {
        submit: (event) => {
          event.preventDefault();
          void submit();
        },
      },
      h('label', { for: 'no' }, t('订单号', 'Order number')),
      no,
      h('label', { for: 'contact' }, t('下单时填写的邮箱', 'E-mail of the order')),
      contact,
      status,
      button,
    ),
  );
}
