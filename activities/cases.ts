/** The steps of a case's story. */
import { randomBytes } from 'node:crypto';
import { carryOut, failDecision, lookAtCase as look, refundOfCase, type CaseRefund } from '../db/case-steps.ts';
import { wantRefund } from '../db/refunds.ts';
import { isClosed } from '../domain/cases.ts';
import { KnownError } from '../domain/errors.ts';
import { makeRefundNo, orderNoBytes } from '../domain/ids.ts';
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
  await deps.fault?.('case:begun', 0);
  const refund = await refundOfCase(deps.pool, actionId);
  const refunded = refund ? await moneyIsBack(deps, actionId, refund) : false;
  if (refund) await deps.fault?.('case:money-asked', refund.paymentId ?? 0);
  if (refunded === 'impossible') return { messageId: null, waitMs: null };
  const done = await carryOut(deps.pool, actionId, refunded);
  await deps.fault?.('case:done', 0);
  if (done === 'later') return { messageId: null, waitMs: refundPauseMs };
  return { messageId: done.messageId, waitMs: null };
}

/** The refund is asked for once, by the decision's own id, and visible until the money has really moved. */
async function moneyIsBack(deps: ActivityDeps, actionId: string, refund: CaseRefund): Promise<boolean | 'impossible'> {
  const { paymentId, amountMinor, actorId, caseNo } = refund;
  try {
    if (paymentId === null) throw new KnownError('PAYMENT_NOT_FOUND');
    const { state } = await wantRefund(deps.pool, {
      requestId: actionId,
      no: makeRefundNo(new Date(), randomBytes(orderNoBytes)),
      paymentId,
      reason: caseNo,
      actorId,
      ...(amountMinor !== null && { amountMinor }),
    });
    if (state === 'failed') throw new KnownError('REFUND_FAILED');
    return state === 'done';
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    await failDecision(deps.pool, actionId, error.code);
    return 'impossible';
  }
}
