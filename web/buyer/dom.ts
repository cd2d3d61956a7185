/** Elements without a library. */
import { words } from './ask.ts';
import { t } from './text.ts';

type Child = Node | string | false | undefined;
type Props = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

/** Shows these in the place of all that was there. */
export function show(...children: Child[]): void {
  const main = document.getElementById('root');
  main?.replaceChildren(h('main', {}, ...children));
}

/** A form that sends once at a time; what went wrong is said above its button. */
export function form(send: () => Promise<void>, label: string, ...fields: Child[]): HTMLFormElement {
  const status = h('p', { role: 'alert' });
  const button = h('button', { type: 'submit' }, label);
  const submit = (event: Event): void => {
    event.preventDefault();
    button.disabled = true;
    status.textContent = '';
    send()
      .catch((error: unknown) => {
        status.textContent = words(error);
      })
      .finally(() => {
        button.disabled = false;
      });
  };
  return h('form', { submit }, ...fields, status, button);
}

/** A button that copies, and says whether it did. */
export function copyButton(text: string, label: string, id?: string): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'small', id }, label);
  button.addEventListener('click', () => {
    // Without https browsers give no clipboard.
    Promise.resolve()
      .then(() => navigator.clipboard.writeText(text))
      .then(
        () => (button.textContent = t('已复制', 'Copied')),
        () => (button.textContent = t('请长按选择复制', 'Select and copy by hand')),
      );
  });
  return button;
}
