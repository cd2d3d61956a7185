/**
 * Whoever opens a dialogue or drawer by keyboard is back at its opener when it closes. The library does this for those that
 * it hides; ours are taken away whole, which would leave the focus on nothing.
 */

/** What floats over the page, and the page itself, each hang on the body. */
function layerOf(element: Element): Element | undefined {
  return [...document.body.children].find((layer) => layer.contains(element));
}

/** Watches until what it returns is called. */
export function returnFocus(): () => void {
  const openers = new WeakMap<Node, HTMLElement>();
  let last: HTMLElement | undefined;
  const remember = ({ target }: FocusEvent): void => {
    if (!(target instanceof HTMLElement)) return;
    const layer = layerOf(target);
    if (layer && last && !layer.contains(last) && !openers.has(layer)) openers.set(layer, last);
    last = target;
  };
  const watch = new MutationObserver((changes) => {
    for (const gone of changes.flatMap(({ removedNodes }) => [...removedNodes])) {
      const opener = openers.get(gone);
      // Not from where somebody went meanwhile.
      if (opener?.isConnected && document.activeElement === document.body) opener.focus({ preventScroll: true });
    }
  });
  document.addEventListener('focusin', remember);
  watch.observe(document.body, { childList: true });
  return () => {
    watch.disconnect();
    document.removeEventListener('focusin', remember);
  };
}
