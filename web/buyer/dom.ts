/** Elements without a library. */
type Child = Node | string | false | undefined;
type Props = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;

export function h(tag: string, props: Props = {}, ...children: Child[]): HTMLElement {
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
