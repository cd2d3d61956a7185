/**
 * A supplier that only causes trouble is left alone for a while. The state is a row, so that all processes see one
 * breaker; this says how it moves.
 */

export interface Breaker {
  /** Troubles in a row since the last answer that made sense. */
  readonly failures: number;
  /** How often it has opened without a good answer in between. */
  readonly level: number;
}

/** A refusal is an answer: a supplier without stock is not sick. */
export type CallVerdict = 'ok' | 'refused' | 'trouble';

export const breakerLimits = { failures: 5, firstMs: 30_000, longestMs: 10 * 60_000 } as const;

/** The breaker after a call; `openMs` if it opens now, for so long. */
export function afterCall(breaker: Breaker, verdict: CallVerdict): Breaker & { readonly openMs: number | null } {
  if (verdict !== 'trouble') return { failures: 0, level: 0, openMs: null };
  const failures = breaker.failures + 1;
  // Once it has opened, the one call that probes decides alone.
  if (failures < breakerLimits.failures && breaker.level === 0) return { failures, level: 0, openMs: null };
  const openMs = Math.min(breakerLimits.firstMs * 2 ** Math.min(breaker.level, 10), breakerLimits.longestMs);
  return { failures: 0, level: breaker.level + 1, openMs };
}
