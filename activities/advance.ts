/**
 * One look at an order: what can be done is done, and the story learns what comes next. Runs any number of times, also
 * twice at once (rule 4): it starts from the row under its lock, never from what an earlier run said.
 */
import { KnownError, type ErrorCode } from '../domain/errors.ts';
import { isFinal } from '../domain/order.ts';
import { clampDeliveryPolicy, deadlines, spanOf } from '../domain/policy.ts';
import { claim, claimSurely, type ClaimAnswer } from '../db/claim.ts';
import { confirmPayment, extendDeadline, lockOrder, waitFor, type PaidOrder } from '../db/delivery.ts';
import { transaction, type Transaction } from '../db/sql.ts';
import type { ActivityDeps } from './deps.ts';
import type { Outcome } from './outcome.ts';

type Waiting = 'waiting_stock' | 'attention';

/** Does what can be done for the order now. */
export async function advance(deps: ActivityDeps, orderId: number): Promise<Outcome> {
  const fast = await step(deps, orderId, async (tx, order) => {
    const answer = await claim(tx, order);
    return answer.claimed ? tell(answer) : (refusal(answer) ?? ('short' as const));
  });
  if (fast !== 'short') return settle(deps, orderId, fast);
  // "Short" may only mean that others held locks. The sure answer needs a transaction that holds no cards yet.
  const sure = await step(deps, orderId, async (tx, order) => {
    const answer = await claimSurely(tx, order);
    if (answer.claimed) return tell(answer);
    const blocked = refusal(answer);
    return blocked ?? (await wait(tx, order, 'waiting_stock', 'POOL_EMPTY'));
  });
  return settle(deps, orderId, sure);
}

/** Hands the order to people with the reason; if it has ended or shown its goods meanwhile, says that instead. */
export async function handOver(deps: ActivityDeps, orderId: number, code: ErrorCode): Promise<Outcome> {
  return transaction(deps.pool, async (tx) => {
    const order = await locked(tx, orderId);
    return ended(order) ?? (await wait(tx, order, 'attention', code));
  });
}

/** The provider said that the money is there: note it and go on at once. */
export async function advanceConfirmed(deps: ActivityDeps, orderId: number): Promise<Outcome> {
  await transaction(deps.pool, async (tx) => {
    const order = await locked(tx, orderId);
    if (!ended(order)) await confirmPayment(tx, order.id);
  });
  return advance(deps, orderId);
}

interface Blocked {
  readonly blocked: ErrorCode;
}

/** The common beginning of each try: lock, look whether anything is left to do, then `work`. */
async function step<T>(
  deps: ActivityDeps,
  orderId: number,
  work: (tx: Transaction, order: PaidOrder) => Promise<T>,
): Promise<T | Outcome> {
  const result = await transaction(deps.pool, async (tx) => {
    const order = await locked(tx, orderId);
    const before = ended(order) ?? halted(order);
    if (before?.next === 'confirm') await extendDeadline(tx, order.id, spanOf(before.policy));
    const value = before ?? (await work(tx, order));
    await deps.fault?.('advance:before-commit', orderId);
    return value;
  });
  await deps.fault?.('advance:after-commit', orderId);
  return result;
}

async function locked(tx: Transaction, orderId: number): Promise<PaidOrder> {
  const order = await lockOrder(tx, orderId);
  if (!order) throw new KnownError('ORDER_NOT_FOUND');
  return order;
}

/** The end of the story, or its last part, if the order has come so far. */
function ended(order: PaidOrder): Outcome | undefined {
  if (order.releasedAt && order.messages.length > 0) return { next: 'tell', messages: order.messages };
  if (order.doneAt || isFinal(order.state)) return { next: 'end', state: order.state };
  return undefined;
}

/** What must happen before anything may be claimed. */
function halted(order: PaidOrder): Outcome | undefined {
  if (order.state === 'attention') {
    return { next: 'wait', state: order.state, code: order.failureCode ?? 'UNEXPECTED', forMs: deadlines.look };
  }
  if (order.state !== 'paid' && order.state !== 'waiting_stock') {
    throw new Error(`an order in state ${order.state} has no delivery`);
  }
  if (order.confirmByQuery && !order.confirmedAt) {
    return { next: 'confirm', policy: clampDeliveryPolicy(order.policy) };
  }
  return undefined;
}

function tell(answer: ClaimAnswer): Outcome {
  return answer.messages.length > 0 ? { next: 'tell', messages: answer.messages } : { next: 'end', state: 'delivered' };
}

/** Why nothing may leave the pool at all, or undefined if there were merely too few. */
function refusal(answer: ClaimAnswer): Blocked | undefined {
  if (!answer.automatic) return { blocked: 'AUTO_DELIVERY_OFF' };
  return answer.quarantined ? { blocked: 'POOL_QUARANTINED' } : undefined;
}

async function settle(deps: ActivityDeps, orderId: number, result: Outcome | Blocked): Promise<Outcome> {
  return 'blocked' in result ? handOver(deps, orderId, result.blocked) : result;
}

async function wait(tx: Transaction, order: PaidOrder, state: Waiting, code: ErrorCode): Promise<Outcome> {
  await waitFor(tx, order, state, code);
  return { next: 'wait', state, code, forMs: deadlines.look };
}
