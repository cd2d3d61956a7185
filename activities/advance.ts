/**
 * One look at an order: what can be done is done, and the story learns what comes next. Runs any number of times, also
 * twice at once (rule 4): it starts from the row under its lock, never from what an earlier run said.
 */
import { KnownError, type ErrorCode } from '../domain/errors.ts';
import { isUnderWay } from '../domain/order.ts';
import { clampDeliveryPolicy, deadlines, spanOf } from '../domain/policy.ts';
import { claim, claimSurely, type ClaimAnswer } from '../db/claim.ts';
import {
  confirmPayment,
  extendDeadline,
  lockOrder,
  waitFor,
  type PaidOrder,
  type WaitingState,
} from '../db/delivery.ts';
import { joinLine } from '../db/stock-line.ts';
import { parseTrigger } from '../domain/trigger.ts';
import { transaction, type Transaction } from '../db/sql.ts';
import type { ActivityDeps } from './deps.ts';
import { withLadder } from './look-ahead.ts';
import { exception } from './exceptions.ts';
import type { Outcome } from './outcome.ts';
import { otherMethod } from './other-methods.ts';
import { otherSources, ownPool, suppliers } from './sources.ts';

/** Does what can be done for the order now. */
export async function advance(deps: ActivityDeps, orderId: number): Promise<Outcome> {
  const fast = await step(deps, orderId, async (tx, order) => {
    const other = await otherMethod(deps, tx, order);
    if (other !== undefined) return other;
    const source = await beforePool(tx, order);
    if (source !== undefined) return purchase(order, source);
    const answer = await claim(tx, order);
    return answer.claimed ? tell(answer) : ((await refused(tx, order, answer)) ?? ('short' as const));
  });
  if (fast !== 'short') return fast;
  // "Short" may only mean that others held locks. The sure answer needs a transaction that holds no cards yet.
  return step(deps, orderId, async (tx, order) => {
    const answer = await claimSurely(tx, order);
    if (answer.claimed) return tell(answer);
    return (await refused(tx, order, answer)) ?? (await shortOfStock(tx, order, answer));
  });
}

/** What staff chose, a purchase that is under way, or suppliers where the product wants them before its pool. */
async function beforePool(tx: Transaction, order: PaidOrder): Promise<string | undefined> {
  if (order.buying) return order.source === ownPool ? suppliers : (order.source ?? suppliers);
  if (order.source !== null || order.missing <= 0)
    return order.source === ownPool ? undefined : (order.source ?? undefined);
  // Nobody else has the number that was chosen.
  if (order.cardUse === 'chosen') return undefined;
  if (order.poolUse === 'never') return suppliers;
  return order.poolUse === 'last' ? (await otherSources(tx, order))[0] : undefined;
}

/** The own pool alone; undefined if it cannot serve the order now. For those who have tried everything else. */
export async function tryPool(deps: ActivityDeps, orderId: number): Promise<Outcome | undefined> {
  const trying = (by: typeof claim) => (tx: Transaction, order: PaidOrder) =>
    order.poolUse === 'never' ? Promise.resolve(undefined) : by(tx, order).then((a) => (a.claimed ? tell(a) : undefined)); // prettier-ignore
  return (await step(deps, orderId, trying(claim))) ?? step(deps, orderId, trying(claimSurely));
}

/** The own pool cannot serve: another source, or a place in line. */
async function shortOfStock(tx: Transaction, order: PaidOrder, answer: ClaimAnswer): Promise<Outcome> {
  if (order.cardUse === 'chosen') return wait(tx, order, 'attention', 'NUMBER_TAKEN');
  const other = order.source === ownPool ? undefined : (await otherSources(tx, order))[0];
  if (other !== undefined) return purchase(order, other);
  await joinLine(tx, order.id, answer.queued);
  const code = answer.held ? 'STOCK_QUEUED' : answer.found > 0 ? 'POOL_SHORT' : 'POOL_EMPTY';
  return wait(tx, order, 'waiting_stock', code);
}

function purchase(order: PaidOrder, source: string): Outcome {
  return { next: 'purchase', source, policy: clampDeliveryPolicy(order.policy) };
}

/** Hands the order to people with the reason; if it has ended or shown its goods meanwhile, says that instead. */
export async function handOver(deps: ActivityDeps, orderId: number, code: ErrorCode): Promise<Outcome> {
  return transaction(deps.pool, async (tx) => {
    const order = await locked(tx, orderId);
    // With people already: their reason stays.
    const outcome = ended(order) ?? (await stopped(tx, order)) ?? (await wait(tx, order, 'attention', code));
    return withLadder(tx, orderId, outcome);
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

/** The common beginning of each try: lock, look whether anything is left to do, then `work`. */
export async function step<T>(
  deps: ActivityDeps,
  orderId: number,
  work: (tx: Transaction, order: PaidOrder) => Promise<T>,
): Promise<T | Outcome> {
  const result = await transaction(deps.pool, async (tx) => {
    const order = await locked(tx, orderId);
    const value = await withLadder(
      tx,
      orderId,
      ended(order) ?? (await stopped(tx, order)) ?? (await halted(deps, tx, order)) ?? (await work(tx, order)),
    );
    // Retries take their time, and reconcile leaves the order alone until then.
    if (mayRetry(value)) await extendDeadline(tx, order.id, spanOf(value.policy));
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
  // Unpaid, too: so says a database that was restored from an older backup than its stories.
  if (order.doneAt || !isUnderWay(order.state)) return { next: 'end', state: order.state };
  return undefined;
}

/** People have it. It was looked at, so reconcile leaves it alone until the story's own next look. */
async function stopped(tx: Transaction, order: PaidOrder): Promise<Outcome | undefined> {
  if (order.state !== 'attention') return undefined;
  await extendDeadline(tx, order.id, deadlines.waiting);
  return { next: 'wait', state: order.state, code: order.failureCode ?? 'UNEXPECTED', forMs: deadlines.look };
}

/** What must happen before anything may be claimed: the money confirmed, 已确认 where it is wanted, no exception. */
async function halted(deps: ActivityDeps, tx: Transaction, order: PaidOrder): Promise<Outcome | undefined> {
  if (order.recheck) return wait(tx, order, 'attention', 'RESTORED_CHECK');
  if (order.confirmByQuery && !order.confirmedAt) {
    return { next: 'confirm', policy: clampDeliveryPolicy(order.policy) };
  }
  if (parseTrigger(order.trigger).when === 'confirmed' && !order.clearedAt) {
    return wait(tx, order, 'waiting_confirmation', 'WAITING_CONFIRMATION');
  }
  return order.unruled ? exception(deps, tx, order) : undefined;
}

function mayRetry(value: unknown): value is Extract<Outcome, { policy: unknown }> {
  return typeof value === 'object' && value !== null && 'policy' in value;
}

function tell(answer: ClaimAnswer): Outcome {
  return answer.messages.length > 0 ? { next: 'tell', messages: answer.messages } : { next: 'end', state: 'delivered' };
}

/**
 * Nothing may leave the pool at all: the order waits for that, in the transaction that saw it. Who lifts the stop takes
 * the switch's lock, so it comes either before this look or after this commit, and finds the order.
 */
async function refused(tx: Transaction, order: PaidOrder, answer: ClaimAnswer): Promise<Outcome | undefined> {
  if (!answer.automatic) return wait(tx, order, 'attention', 'AUTO_DELIVERY_OFF');
  return answer.quarantined ? wait(tx, order, 'attention', 'POOL_QUARANTINED') : undefined;
}

async function wait(tx: Transaction, order: PaidOrder, state: WaitingState, code: ErrorCode): Promise<Outcome> {
  await waitFor(tx, order, state, code);
  return { next: 'wait', state, code, forMs: deadlines.look };
}
