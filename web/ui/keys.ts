/** Single keys for a screen, while nobody types and no dialogue is open. */
import { useLayoutEffect, useRef } from 'react';

/** Whether a key belongs to what has the focus: a field, a dialogue, a shortcut of the browser. */
export function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    target.closest('input, textarea, select, [role="dialog"], [contenteditable]') !== null ||
    document.querySelector('.ant-drawer-open, .ant-modal-wrap:not([style*="display: none"])') !== null
  );
}

export function useKeys(on: boolean, keys: Readonly<Record<string, () => unknown>>): void {
  const latest = useRef(keys);
  // Before the screen is painted: a key that is pressed on what one sees means that, also on a slow machine.
  useLayoutEffect(() => {
    latest.current = keys;
  });
  useLayoutEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent): void => {
      if (isTaken(event)) return;
      // Enter on a button or link is that button's.
      if (event.key === 'Enter' && (event.target as HTMLElement).closest('a, button')) return;
      const act = latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [on]);
}
