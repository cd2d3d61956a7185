/** 自选卡号: the buyer looks for a number and takes one. Only numbers are shown; what opens them comes with the goods. */
import { ask, words } from './ask.ts';
import { h } from './dom.ts';
import { money, t } from './text.ts';

interface Numbers {
  readonly items: readonly { readonly number: string; readonly surchargeMinor: number; readonly priceMinor: number }[];
  readonly next: string | null;
}
export interface NumberPicker {
  readonly element: HTMLElement;
  /** The chosen one, if any. */
  readonly chosen: () => string | undefined;
  /** Reads the list anew: the chosen number is gone. */
  reload(): void;
}

/** `picked` gets the price, surcharge and all. */
export function numberPicker(sku: string, currency: string, picked: (priceMinor: number) => void): NumberPicker {
  const list = h('div', { class: 'numbers', role: 'radiogroup', 'aria-label': t('选择号码', 'Choose a number') });
  const status = h('p', { role: 'status', class: 'mute' });
  const more = h('button', { type: 'button', class: 'small plain', hidden: true }, t('更多号码', 'More numbers'));
  const search = h('input', { id: 'search', inputmode: 'search', autocomplete: 'off', maxlength: 20, 'aria-label': t('搜索号码', 'Look for a number') }); // prettier-ignore
  search.placeholder = t('搜索，例如 888', 'Look for, such as 888');
  let turn = 0;
  let next: string | null = null;

  const load = async (fresh: boolean): Promise<void> => {
    const mine = ++turn;
    const params = new URLSearchParams({ limit: '24' });
    if (search.value.trim()) params.set('search', search.value.trim());
    if (!fresh && next !== null) params.set('after', next);
    try {
      const page = await ask<Numbers>(`/api/buyer/products/${encodeURIComponent(sku)}/numbers?${params.toString()}`);
      // What was typed since has its own answer.
      if (mine !== turn) return;
      const items = page.items.map(({ number, surchargeMinor, priceMinor }) => {
        const radio = h('input', { type: 'radio', name: 'number', value: number, required: true, change: () => picked(priceMinor) }); // prettier-ignore
        const extra = surchargeMinor > 0 && h('small', {}, ` +${money(surchargeMinor, currency)}`);
        return h('label', { class: 'choice' }, radio, h('span', {}, number, extra));
      });
      if (fresh) list.replaceChildren(...items);
      else list.append(...items);
      ({ next } = page);
      more.hidden = next === null;
      status.textContent = list.childElementCount === 0 ? t('没有符合的号码', 'No number fits') : '';
    } catch (error) {
      if (mine === turn) status.textContent = words(error);
    }
  };
  let typing: ReturnType<typeof setTimeout> | undefined;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => void load(true), 300);
  });
  more.addEventListener('click', () => void load(false));
  void load(true);
  return {
    element: h('fieldset', {}, h('legend', {}, t('选择号码', 'Choose a number')), search, list, status, more),
    chosen: () => list.querySelector<HTMLInputElement>('input:checked')?.value,
    reload: () => void load(true),
  };
}
