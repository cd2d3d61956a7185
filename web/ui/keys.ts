/** Single keys for a screen, while nobody types and no dialogue is open. */
import { useLayoutEffect, useRef } from 'react';

export function useKeys(on: boolean, keys: Readonly<Record<string, () => unknown>>): void {
  const latest = useRef(keys);
  // Before the screen is painted: a key that is pressed on what one sees means that, also on a slow machine.
  useLayoutEffect(() => {
    latest.current = keys;
  });
  useLayoutEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target.closest('input, textarea, select, [role="dialog"], [contenteditable]')
      )
        return;
      // Enter on a button or link is that button's.
      if (event.key === 'Enter' && target.closest('a, button')) return;
      const act = latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [on]);
}
