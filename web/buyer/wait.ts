/** Pauses of pages that look again and again: a page that nobody sees asks nothing, one that is come back to asks at once. */

/** Also who switches to and fro looks no more often than this. */
const leastMs = 500;

/** Ends after `ms` if the page is seen then; else, and before, the moment the buyer comes back to it. */
export function pauseMs(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const began = Date.now();
    const end = (): void => {
      if (document.hidden) return;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', back);
      window.removeEventListener('focus', back);
      resolve();
    };
    const back = (): void => {
      if (document.hidden) return;
      clearTimeout(timer);
      timer = setTimeout(end, Math.max(0, leastMs - (Date.now() - began)));
    };
    let timer = setTimeout(end, ms);
    document.addEventListener('visibilitychange', back);
    window.addEventListener('focus', back);
  });
}
