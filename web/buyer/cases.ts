/** 售后: what the buyer asks, what the shop answers, both ways, on the page of the order (F3). */
import { ask } from './ask.ts';
import { form, h } from './dom.ts';
import { chinese, t, time } from './text.ts';
import { pauseMs } from './wait.ts';

interface Case {
  readonly no: string;
  readonly kind: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly messages: readonly { readonly side: string; readonly text: string; readonly at: string }[];
}
interface Cases {
  readonly cases: readonly Case[];
}

const kinds: Readonly<Record<string, readonly [string, string]>> = {
  bad_key: ['卡密异常', 'The goods do not work'],
  invoice: ['需要发票', 'I need an invoice'],
  other: ['其他问题', 'Something else'],
  payment: ['付款核对', 'A payment is checked'],
  chargeback: ['付款争议', 'A payment is disputed'],
};
const stands: Readonly<Record<string, readonly [string, string]>> = {
  open: ['等待店铺处理', 'The shop will answer'],
  asked: ['店铺在等您的回复', 'The shop waits for your answer'],
  working: ['正在处理', 'Being dealt with'],
  replaced: ['已更换，请重新查看商品', 'Replaced: look at the goods again'],
  refunded: ['已退款', 'Refunded'],
  answered: ['已答复', 'Answered'],
  invoiced: ['已开发票', 'The invoice was made'],
  noted: ['已处理', 'Done'],
  refused: ['未通过', 'Declined'],
};
const say = (table: typeof kinds, key: string): string => table[key]?.[chinese ? 0 : 1] ?? key;

const area = (id: string, label: string): HTMLTextAreaElement =>
  h('textarea', { id, required: true, maxlength: 2000, rows: 3, 'aria-label': label });

export interface CaseBox {
  readonly element: HTMLElement;
  /** What may be asked depends on whether the goods are there. */
  allow(released: boolean): void;
}

/** `replaced`: the shop has given other keys. */
export function caseBox(orderNo: string, replaced: () => void): CaseBox {
  const list = h('div', { 'aria-live': 'polite' });
  const kind = h('select', { id: 'kind' });
  const text = area('ask', t('说明', 'What is wrong'));
  const base = `/pickup/${orderNo}/cases`;
  let drawn = '';
  let outcomes = new Set<string>();

  const draw = (answer: Cases): void => {
    const now = JSON.stringify(answer);
    if (now === drawn) return;
    const fresh = new Set(answer.cases.filter((c) => c.outcome === 'replaced').map((c) => c.no));
    if (drawn !== '' && [...fresh].some((no) => !outcomes.has(no))) replaced();
    outcomes = fresh;
    drawn = now;
    // What is being typed stays.
    const typed = new Map([...list.querySelectorAll('textarea')].map((field) => [field.id, field.value]));
    list.replaceChildren(...answer.cases.map(card));
    for (const field of list.querySelectorAll('textarea')) field.value = typed.get(field.id) ?? '';
  };
  const card = (c: Case): HTMLElement => {
    const reply = area(`say-${c.no}`, t('补充说明', 'Say more'));
    const send = async (): Promise<void> => {
      const answer = await ask<Cases>(`${base}/${c.no}/messages`, { text: reply.value.trim() });
      reply.value = '';
      draw(answer);
    };
    const over = c.outcome !== null;
    return h(
      'article',
      { class: 'case' },
      h('b', {}, say(kinds, c.kind)),
      h('span', { class: over ? 'pill over' : 'pill' }, say(stands, c.outcome ?? c.state)),
      ...c.messages.map((m) =>
        h(
          'p',
          { class: `said ${m.side === 'buyer' ? 'mine' : ''}` },
          h('small', {}, `${m.side === 'buyer' ? t('您', 'You') : t('店铺', 'Shop')} · ${time(m.at)}`),
          h('br'),
          m.text,
        ),
      ),
      !over && form(send, t('发送', 'Send'), reply),
    );
  };

  const load = async (): Promise<boolean> => {
    const answer = await ask<Cases>(base);
    draw(answer);
    return answer.cases.some((c) => c.outcome === null);
  };
  const open = async (): Promise<void> => {
    draw(await ask<Cases>(base, { kind: kind.value, text: text.value.trim() }));
    text.value = '';
    details.open = false;
    void watch();
  };
  const details = h(
    'details',
    { id: 'after-sale' },
    h('summary', {}, t('遇到问题？联系店铺 / 申请售后', 'Trouble? Ask the shop')),
    form(
      open,
      t('提交', 'Send'),
      h('label', { for: 'kind' }, t('问题', 'About')),
      kind,
      h('label', { for: 'ask' }, t('说明', 'What is wrong')),
      text,
      h('p', { class: 'mute' }, t('店铺的答复会显示在本页。', 'The answer appears on this page.')),
    ),
  );
  // While something is open the page looks for answers, less and less often.
  let watching = false;
  const watch = async (): Promise<void> => {
    if (watching) return;
    watching = true;
    for (let pause = 3_000; await load().catch(() => true); pause = Math.min(pause * 1.5, 60_000)) await pauseMs(pause);
    watching = false;
  };
  void watch();
  return {
    element: h('section', {}, list, details),
    allow(released) {
      const may = released ? ['bad_key', 'invoice', 'other'] : ['other', 'invoice'];
      if (kind.options.length === may.length) return;
      kind.replaceChildren(...may.map((value) => h('option', { value }, say(kinds, value))));
    },
  };
}
