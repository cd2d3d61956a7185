/** The goods: shown when the buyer asks, so that a glance over the shoulder shows nothing; copied, saved, sent again. */
import { ask, words } from './ask.ts';
import { copyButton, h } from './dom.ts';
import { t } from './text.ts';

interface Goods {
  readonly goods: readonly string[];
  /** The same, part by part. */
  readonly keys: readonly (readonly { readonly label: string | null; readonly text: string }[])[];
  readonly texts: { readonly validity?: string; readonly instructions?: string; readonly page?: string };
}

/** One key or part of a key, or a link that can be opened. */
function piece(label: string | null, text: string, alone: boolean): HTMLElement {
  const link = /^https?:\/\/\S+$/.test(text);
  const copy = !alone && copyButton(text, t('复制', 'Copy'));
  return h('div', { class: 'piece' }, label !== null && h('span', { class: 'label' }, label), h('pre', {}, link ? h('a', { href: text, target: '_blank', rel: 'noreferrer' }, text) : text), copy); // prettier-ignore
}

function shown(orderNo: string, { goods, keys, texts }: Goods): HTMLElement[] {
  const all = goods.join('\n');
  const file = URL.createObjectURL(new Blob([`${all}\n`], { type: 'text/plain' }));
  const words = [
    texts.page,
    texts.validity && `${t('有效期：', 'Valid: ')}${texts.validity}`,
    texts.instructions,
  ].filter((text): text is string => !!text);
  return [
    ...keys.map((parts) =>
      h('div', { class: 'key' }, ...parts.map((p) => piece(p.label, p.text, keys.length === 1 && parts.length === 1))),
    ),
    h(
      'p',
      {},
      copyButton(all, goods.length > 1 ? t(`复制全部 ${goods.length} 个`, `Copy all ${goods.length}`) : t('复制', 'Copy'), 'copy'), // prettier-ignore
      h(
        'a',
        { class: 'button small', id: 'download', href: file, download: `${orderNo}.txt` },
        t('下载 .txt', 'Save .txt'),
      ),
    ),
    ...words.map((text) => h('p', { class: 'words' }, text)),
  ];
}

export function goodsBox(orderNo: string): HTMLElement {
  const box = h('section', { id: 'goods', 'aria-live': 'polite' });
  const status = h('p', { role: 'alert' });
  const reveal = h('button', { type: 'button', id: 'reveal' }, t('显示商品', 'Show the goods'));
  reveal.addEventListener('click', () => {
    reveal.disabled = true;
    ask<Goods>(`/pickup/${orderNo}/goods`, {}).then(
      (answer) => box.replaceChildren(...shown(orderNo, answer)),
      (error: unknown) => {
        status.textContent = words(error);
        reveal.disabled = false;
      },
    );
  });
  box.append(reveal, status);
  return box;
}

interface Resend {
  readonly to: string | null;
  readonly left: number;
}

/** 卡密重发: to the address of the order and no other. */
export function resendBox(orderNo: string): HTMLElement {
  const box = h('section', { class: 'resend' });
  const status = h('p', { role: 'alert' });
  const note = h('p', { class: 'mute', role: 'status' });
  const button = h('button', { type: 'button', class: 'small plain', id: 'resend' });
  const draw = ({ to, left }: Resend, sent: boolean): void => {
    if (to === null) return;
    button.textContent = t(`重新发送到 ${to}`, `Send again to ${to}`);
    button.disabled = left === 0;
    note.textContent = `${sent ? t('已安排发送，请查收邮件（包括垃圾箱）。', 'On its way; look into the spam folder too. ') : ''}${t(`今天还可发送 ${left} 次`, `${left} more today`)}`; // prettier-ignore
    box.replaceChildren(button, note, status);
  };
  const request = (body?: object): void => {
    button.disabled = true;
    status.textContent = '';
    ask<Resend>(`/pickup/${orderNo}/resend`, body).then(
      (answer) => draw(answer, body !== undefined),
      (error: unknown) => {
        status.textContent = words(error);
        button.disabled = false;
      },
    );
  };
  button.addEventListener('click', () => request({}));
  request();
  return box;
}
