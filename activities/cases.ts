/** The steps of a case's story. */
import { carryOut, lookAtCase as look } from '../db/case-steps.ts';
import { isClosed } from '../domain/cases.ts';
import { deadlines } from '../domain/policy.ts';
import type { ActivityDeps } from './deps.ts';

export type CaseNext =
  | { readonly next: 'end'; readonly state: string }
  | { readonly next: 'do'; readonly actionId: string }
  | { readonly next: 'wait'; readonly forMs: number };

export async function lookAtCase(deps: ActivityDeps, caseId: number): Promise<CaseNext> {
  const { state, actionId, forMs } = await look(deps.pool, caseId, deadlines.look);
  if (isClosed(state)) return { next: 'end', state };
  return actionId === null ? { next: 'wait', forMs } : { next: 'do', actionId };
}

/** How often a refund that is under way is looked at. */
const refundPauseMs = 30_000;

export async function carryOutCase(
  deps: ActivityDeps,
  actionId: string,
): Promise<{ messageId: number | null; waitMs: number | null }> {
  const done = await carryOut(deps.pool, actionId, () => Promise.resolve(false));
  if (done === 'later') return { messageId: null, waitMs: refundPauseMs };
  return { messageId: done.messageId, waitMs: null };
}
