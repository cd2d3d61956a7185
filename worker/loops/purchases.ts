/**
 * Purchases that no story drives: the order has ended, or waits for people while the supplier may still say something.
 * What was paid for is not lost: late codes go to the order if it waits, else to the pool.
 */
import { askAbout, canAsk } from '../../activities/purchase-ask.ts';
import { longestCallMs, lose, place } from '../../activities/purchase-place.ts';
import { callOff, mayCallOff } from '../../activities/purchase-undo.ts';
import { withPurchase } from '../../activities/purchase-settle.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { resumeOrder } from '../../db/purchase-answers.ts';
import { orphanedPurchases, type StoredPurchase } from '../../db/purchases.ts';
import { actors } from '../../db/locks.ts';
import type { PurchaseState } from '../../domain/supplier.ts';

/** True if there may be more. */
export async function settleOrphans(deps: ActivityDeps, batch = 20): Promise<boolean> {
  const found = await orphanedPurchases(deps.pool, batch);
  let moved = 0;
  for (const purchase of found) {
    try {
      const state = await drive(deps, purchase);
      if (state === purchase.state) continue;
      moved++;
      await withPurchase(deps, purchase, (tx) => resumeOrder(tx, purchase.orderId, actors.automation));
    } catch (error) {
      deps.log.warn({ purchase: purchase.id, err: error }, 'an open purchase could not be settled; tried again later');
    }
  }
  return found.length === batch && moved > 0;
}

async function drive(deps: ActivityDeps, purchase: StoredPurchase): Promise<PurchaseState> {
  // Its order has ended or stopped, so this only notes that nothing is bought.
  if (purchase.state === 'planned') return place(deps, purchase);
  if (purchase.state === 'placing') {
    return (purchase.placedForMs ?? 0) < longestCallMs ? purchase.state : lose(deps, purchase);
  }
  const end = mayCallOff(deps, purchase) ? await callOff(deps, purchase) : undefined;
  if (end !== undefined) return end;
  return canAsk(deps, purchase) ? askAbout(deps, purchase) : purchase.state;
}
