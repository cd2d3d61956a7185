/** One purchase, from its planned row to the supplier's answer. One HTTP attempt that may spend money, never two. */
import { beginPlacing, movePurchase, type StoredPurchase } from '../db/purchases.ts';
import type { PurchaseState, Refusal } from '../domain/supplier.ts';
import { SupplierTrouble } from '../integrations/suppliers/supplier.ts';
import type { ActivityDeps } from './deps.ts';
import { deskOf, wordsOf } from './purchase-desk.ts';
import { takeAnswer, withPurchase } from './purchase-settle.ts';

/**
 * A call ends in its own time limit long before. A row that has been `placing` for longer lost its process: what became
 * of the call is unknown.
 */
export const longestCallMs = 15_000;

/** Places a planned purchase. Safe to run twice at once: only one of the two gets the row. */
export async function place(deps: ActivityDeps, purchase: StoredPurchase): Promise<PurchaseState> {
  const desk = deskOf(deps, purchase);
  const words = wordsOf(deps, purchase);
  // Not the supplier's to refuse: where its orders carry no ceiling, we ask for the price before.
  if (words.ceilingMinor !== undefined && !desk.adapter.capabilities.priceCeiling) {
    const refusal = await tooDear(words.ceilingMinor, () => desk.quote(words));
    if (refusal) return refuse(deps, purchase, refusal);
  }
  const mine = await withPurchase(deps, purchase, async (tx, now, order) => {
    if (now.state !== 'planned') return false;
    if (order.state !== 'paid' || order.releasedAt !== null) {
      await movePurchase(tx, now.id, { state: 'refused', refusal: 'NOT_SENT' });
      return false;
    }
    return beginPlacing(tx, now.id);
  });
  if (!mine) return withPurchase(deps, purchase, (_tx, now) => Promise.resolve(now.state));
  await deps.fault?.('purchase:begun', purchase.orderId);
  const answer = await desk.place(words);
  await deps.fault?.('purchase:answered', purchase.orderId);
  return takeAnswer(deps, purchase, desk.adapter, answer);
}

/** Its process died, or is about to be believed dead: whatever it did is unknown now. Its own answer still counts. */
export async function lose(deps: ActivityDeps, purchase: StoredPurchase): Promise<PurchaseState> {
  return takeAnswer(deps, purchase, deskOf(deps, purchase).adapter, { kind: 'unknown', evidence: 'WORKER_LOST' });
}

async function refuse(deps: ActivityDeps, purchase: StoredPurchase, refusal: Refusal): Promise<PurchaseState> {
  return withPurchase(deps, purchase, async (tx, now) => {
    if (now.state !== 'planned') return now.state;
    await movePurchase(tx, now.id, { state: 'refused', refusal });
    return 'refused';
  });
}

/** Why it must not be bought at all now. A price that cannot be read is no price. */
async function tooDear(
  ceilingMinor: number,
  quote: () => Promise<{ readonly costMinor: number }>,
): Promise<Refusal | undefined> {
  try {
    return (await quote()).costMinor > ceilingMinor ? 'PRICE' : undefined;
  } catch (error) {
    if (!(error instanceof SupplierTrouble)) throw error;
    const reasons = { SUPPLIER_SILENT: 'NOT_SENT', SUPPLIER_BAD_ANSWER: 'NOT_SENT', SUPPLIER_DENIED: 'ACCOUNT', SUPPLIER_PRODUCT: 'PRODUCT' } as const; // prettier-ignore
    return reasons[error.code];
  }
}
