/**
 * Compensation: calling a purchase off whose order ended (closed, refunded) before the goods came. Idempotent: the row says
 * what came of it. One that fails is told to people and tried again, and stops no other.
 */
import { movePurchase, type StoredPurchase } from '../db/purchases.ts';
import { noteCalledOff, tellUndoFailed, undoMended } from '../db/undo.ts';
import { mayBecome, type PurchaseState } from '../domain/supplier.ts';
import { SupplierTrouble } from '../integrations/suppliers/supplier.ts';
import type { ActivityDeps } from './deps.ts';
import { deskOf, wordsOf } from './purchase-desk.ts';
import { withPurchase } from './purchase-settle.ts';

/** True if the supplier may still be told that nobody wants it any more. */
export function mayCallOff(deps: ActivityDeps, purchase: StoredPurchase): boolean {
  const on = purchase.state === 'accepted' || purchase.state === 'unknown';
  return (
    on && purchase.orderEnded && purchase.calledOff === null && deskOf(deps, purchase).adapter.cancel !== undefined
  );
}

/** Tells the supplier; undefined if it did not say, or said that it is too late: then its goods are waited for. */
export async function callOff(deps: ActivityDeps, purchase: StoredPurchase): Promise<PurchaseState | undefined> {
  let end: 'cancelled' | 'too-late';
  try {
    end = await deskOf(deps, purchase).cancel(wordsOf(deps, purchase), purchase.supplierRef);
  } catch (error) {
    if (!(error instanceof SupplierTrouble)) throw error;
    await tellUndoFailed(deps.pool, purchase.orderId, purchase.id);
    return undefined;
  }
  return withPurchase(deps, purchase, async (tx, now) => {
    // Its goods may have come meanwhile, or the order may have been released by hand: then nothing is undone.
    if (!now.orderEnded || !mayBecome(now.state, 'refused')) return now.state;
    await noteCalledOff(tx, now.id, end);
    if (end === 'too-late') {
      await tellUndoFailed(tx, now.orderId, now.id);
      return undefined;
    }
    await movePurchase(tx, now.id, { state: 'refused', refusal: 'CANCELLED' });
    await undoMended(tx, now.orderId, now.id);
    return 'refused' as const;
  });
}
