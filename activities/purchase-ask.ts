/** Asking a supplier what became of a purchase. Questions cost nothing, so they may be asked twice. */
import { askAgain, movePurchase, type StoredPurchase } from '../db/purchases.ts';
import { mayBecome, nextQuestionMs, sureAbsence, type PurchaseState } from '../domain/supplier.ts';
import { SupplierTrouble, type Answer } from '../integrations/suppliers/supplier.ts';
import type { ActivityDeps } from './deps.ts';
import { deskOf, wordsOf } from './purchase-desk.ts';
import { takeAnswer, withPurchase } from './purchase-settle.ts';

/** True if the supplier can be asked about it at all; otherwise only a person can find out. */
export function canAsk(deps: ActivityDeps, purchase: StoredPurchase): boolean {
  const { adapter } = deskOf(deps, purchase);
  return adapter.capabilities.queryByOurRef || (adapter.fetch !== undefined && purchase.supplierRef !== null);
}

/** One question; returns where the purchase stands afterwards. */
export async function askAbout(deps: ActivityDeps, purchase: StoredPurchase): Promise<PurchaseState> {
  const desk = deskOf(deps, purchase);
  const { adapter } = desk;
  let answer: Answer | 'absent' | undefined;
  try {
    answer =
      adapter.fetch && purchase.supplierRef !== null
        ? await desk.fetch(purchase.supplierRef)
        : await desk.find(wordsOf(deps, purchase));
  } catch (error) {
    if (!(error instanceof SupplierTrouble)) throw error;
  }
  const pause = nextQuestionMs(purchase.asked + 1, adapter.capabilities.minQueryDelayMs);
  // The same answer as before: only the time of the next question changes.
  const news =
    answer !== undefined && answer !== 'absent' && answer.kind !== 'unknown' && answer.kind !== purchase.state;
  if (news && answer !== 'absent' && answer !== undefined) return takeAnswer(deps, purchase, adapter, answer);
  return withPurchase(deps, purchase, async (tx, now) => {
    const absent = answer === 'absent';
    // "No such order" is believed at once, or when it was said long ago as well.
    const sure = adapter.capabilities.readsYourWrites || (now.absentForMs ?? -1) >= sureAbsence.apartMs;
    if (absent && sure && mayBecome(now.state, 'absent')) {
      await movePurchase(tx, now.id, { state: 'absent', evidence: 'NOT_FOUND' });
      return 'absent';
    }
    const wait = absent ? Math.min(Math.max(pause, 60_000), sureAbsence.apartMs) : pause;
    await askAgain(tx, now.id, wait, absent);
    return now.state;
  });
}
