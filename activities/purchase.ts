/**
 * Buying what the own pool does not have. The first supplier that can sell gets the order; the next one only after a sure
 * refusal or a sure absence. All fail: the step fails with the most hopeful reason, and the order's policy tries again.
 */
import { waitFor, extendDeadline, type PaidOrder } from '../db/delivery.ts';
import {
  openPurchase,
  planPurchase,
  purchaseCandidates,
  refusalOf,
  type Candidate,
  type StoredPurchase,
} from '../db/purchases.ts';
import { leaveLine } from '../db/stock-line.ts';
import type { Transaction } from '../db/sql.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { deadlines } from '../domain/policy.ts';
import { refusals, type PurchaseState, type Refusal } from '../domain/supplier.ts';
import { advance, step, tryPool } from './advance.ts';
import type { ActivityDeps } from './deps.ts';
import { deliveryFailure } from './failures.ts';
import type { Outcome } from './outcome.ts';
import { askAbout, canAsk } from './purchase-ask.ts';
import { longestCallMs, lose, place } from './purchase-place.ts';
import { supplierOf } from './sources.ts';

/** A purchase that is not ended, or why there is none. */
type Found =
  | { readonly purchase: StoredPurchase }
  /** Enough pieces are there, or the switch is off: the look at the order says what follows. */
  | { readonly done: true }
  | { readonly failed: ErrorCode; readonly retry: boolean };

/** Buys for an order until goods are there, something must be waited for, or nothing is left to try. */
export async function purchase(deps: ActivityDeps, orderId: number, source: string): Promise<Outcome> {
  const tried = new Map<number, Refusal>();
  for (;;) {
    const found = await step(deps, orderId, (tx, order) => find(deps, tx, order, source, tried));
    if ('next' in found) return found;
    if ('failed' in found) {
      const served = await tryPool(deps, orderId);
      if (served) return served;
      throw deliveryFailure(found.failed, found.retry);
    }
    if ('done' in found) return advance(deps, orderId);
    const state = await drive(deps, found.purchase);
    if (state === 'delivered') return advance(deps, orderId);
    if (state === 'refused' || state === 'absent') {
      // What surely never arrived goes out again under its reference, unless the supplier is sick by now.
      if (state === 'refused') tried.set(found.purchase.sourceId, await refusalOf(deps.pool, found.purchase.id));
      continue;
    }
    return await pause(deps, orderId, found.purchase.id);
  }
}

/** Under the order's lock: the purchase to go on with, or a new row by the best source that is left. */
async function find(
  deps: ActivityDeps,
  tx: Transaction,
  order: PaidOrder,
  source: string,
  tried: ReadonlyMap<number, Refusal>,
): Promise<Found | Outcome> {
  const open = await openPurchase(tx, order.id);
  if (open) return { purchase: open };
  if (order.missing <= 0) return { done: true };
  const only = supplierOf(source);
  if (only === null) return { failed: 'SOURCE_UNKNOWN', retry: false };
  const all = (await purchaseCandidates(tx, order, only)).filter((candidate) => mayAsk(deps, order, candidate));
  for (const candidate of all) {
    if (candidate.sick || tried.has(candidate.sourceId)) continue;
    await leaveLine(tx, order.id);
    const { id, automatic, free } = await planPurchase(tx, order, candidate, order.missing);
    if (!automatic) return { failed: 'AUTO_DELIVERY_OFF', retry: false };
    if (id === null) return free ? { failed: 'NO_SOURCE', retry: false } : busy(tx, order);
    const planned = await openPurchase(tx, order.id);
    if (!planned) throw new Error('a purchase vanished after its insert');
    return { purchase: planned };
  }
  return failure(tried, all.length, all.some((c) => c.sick)); // prettier-ignore
}

/**
 * What never arrived may go out again where the supplier knows our reference; elsewhere it could be sold twice. A top-up
 * goes only to suppliers that take an account.
 */
function mayAsk(deps: ActivityDeps, order: PaidOrder, { absentId, kind }: Candidate): boolean {
  if (order.kind === 'topup' && deps.suppliers.get(kind)?.capabilities.topUp !== true) return false;
  return absentId === null || deps.suppliers.get(kind)?.capabilities.idempotency !== 'none';
}

/** The reason that people shall see: one that time may cure before one that it cannot. */
function failure(tried: ReadonlyMap<number, Refusal>, sources: number, sick: boolean): Found {
  const reasons = [...tried.values()];
  const best = reasons.find((r) => refusals[r].retry) ?? reasons[0];
  if (best !== undefined) return { failed: refusals[best].code, retry: sick || refusals[best].retry };
  return sources > 0 ? { failed: 'SUPPLIER_SICK', retry: true } : { failed: 'NO_SOURCE', retry: false };
}

/** Takes a purchase as far as it goes now. */
async function drive(deps: ActivityDeps, purchase: StoredPurchase): Promise<PurchaseState> {
  if (purchase.state === 'planned') return place(deps, purchase);
  if (purchase.state === 'placing' && (purchase.placedForMs ?? 0) >= longestCallMs) return lose(deps, purchase);
  const due = (purchase.askInMs ?? 0) <= 0;
  if ((purchase.state === 'unknown' || purchase.state === 'accepted') && due && canAsk(deps, purchase)) {
    return askAbout(deps, purchase);
  }
  return purchase.state;
}

/** A free place at the supplier comes soon: nobody is told. */
async function busy(tx: Transaction, order: PaidOrder): Promise<Outcome> {
  await extendDeadline(tx, order.id, deadlines.working);
  return { next: 'wait', state: 'paid', code: 'SUPPLIER_BUSY', forMs: 1_000 };
}

/** Money may be spent on it, for hours if need be, before people are asked. */
const patienceMs = 3_600_000;

/** What the order waits for while its purchase is open: the supplier, or a person. */
async function pause(deps: ActivityDeps, orderId: number, purchaseId: number): Promise<Outcome> {
  const result = await step(deps, orderId, async (tx, order): Promise<Outcome> => {
    const now = await openPurchase(tx, order.id);
    if (now?.id !== purchaseId) return { next: 'wait', state: order.state, code: 'PURCHASE_CHECKING', forMs: 100 };
    const detail = { purchase: now.id, ref: now.ref, supplier: now.supplierId };
    const waits = now.state === 'placing' || (canAsk(deps, now) && (now.placedForMs ?? 0) < patienceMs);
    if (now.state !== 'review' && waits) {
      // A call that is out ends by itself, or is believed lost.
      const wait = now.state === 'placing' ? longestCallMs - (now.placedForMs ?? 0) : (now.askInMs ?? 0);
      const forMs = Math.min(Math.max(Math.ceil(wait), 100), deadlines.look);
      await extendDeadline(tx, order.id, forMs + deadlines.working);
      const code = now.state === 'accepted' ? 'PURCHASE_PENDING' : 'PURCHASE_CHECKING';
      return { next: 'wait', state: order.state, code, forMs };
    }
    const code = now.state === 'review' ? 'PURCHASE_REVIEW' : 'PURCHASE_UNKNOWN';
    await waitFor(tx, order, 'attention', code, detail);
    return { next: 'wait', state: 'attention', code, forMs: deadlines.look };
  });
  return result;
}
