/** How many refused notifications are kept as evidence: a few per account and minute. */

const perMinute = 30;

export function createRefusalLog(now: () => number = Date.now): { keep(account: number): boolean } {
  const kept = new Map<number, { minute: number; count: number }>();
  return {
    keep(account) {
      const minute = Math.floor(now() / 60_000);
      const entry = kept.get(account);
      if (entry?.minute !== minute) {
        kept.set(account, { minute, count: 1 });
        return true;
      }
      return ++entry.count <= perMinute;
    },
  };
}
