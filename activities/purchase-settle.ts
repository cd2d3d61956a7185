/**
 * What a supplier's answer does to its purchase. Runs under the locks of order and purchase, so an answer that comes
 * twice, late, or after a person has decided changes nothing.
 */
import { lockOrder, type PaidOrder } from '../db/delivery.ts';
import { holdForReview, knownFingerprints, storeCodes } from '../db/purchase-goods.ts';
import { lockPurchase, movePurchase, type StoredPurchase } from '../db/purchases.ts';
import { transaction, type Transaction } from '../db/sql.ts';
import { tellUndoFailed } from '../db/undo.ts';
import { splitCodes } from '../domain/codes.ts';
import { KnownError } from '../domain/errors.ts';
import { mayBecome, nextQuestionMs, type PurchaseState } from '../domain/supplier.ts';
import { contactAad } from '../integrations/keyring/keyring.ts';
import { sealCode, sealDelivery, sealHeld, topUpReceipt } from '../integrations/suppliers/sealing.ts';
import type { Answer, SupplierAdapter } from '../integrations/suppliers/supplier.ts';
import type { ActivityDeps } from './deps.ts';

/** Runs `work` on a purchase under its locks, the order's first. */
export async function withPurchase<T>(
  deps: Pick<ActivityDeps, 'pool'>,
  purchase: { readonly id: number; readonly orderId: number },
  work: (tx: Transaction, purchase: StoredPurchase, order: PaidOrder) => Promise<T>,
): Promise<T> {
  return transaction(deps.pool, async (tx) => {
    const order = await lockOrder(tx, purchase.orderId);
    const locked = await lockPurchase(tx, purchase.id);
    if (!order || !locked) throw new KnownError('PURCHASE_NOT_FOUND');
    return work(tx, locked, order);
  });
}

/** Takes an answer in; returns where the purchase stands afterwards, be it by this answer or by what was faster. */
export async function takeAnswer(
  deps: ActivityDeps,
  purchase: StoredPurchase,
  adapter: SupplierAdapter,
  answer: Answer,
): Promise<PurchaseState> {
  const { minQueryDelayMs, queryByOurRef } = adapter.capabilities;
  const state = await withPurchase(deps, purchase, async (tx, now, order) => {
    if (answer.kind === 'delivered') return deliver(deps, tx, now, order, answer);
    // The same again is no news, but for the time of the next question.
    if (now.state !== answer.kind && !mayBecome(now.state, answer.kind)) return now.state;
    const { kind, ...rest } = answer;
    const refs = 'supplierRef' in rest ? rest : {};
    const canAsk = kind === 'accepted' ? refs.supplierRef !== undefined || now.supplierRef !== null || queryByOurRef : queryByOurRef; // prettier-ignore
    await movePurchase(tx, now.id, {
      state: kind,
      ...refs,
      ...('reason' in rest && { refusal: rest.reason }),
      ...('evidence' in rest && { evidence: rest.evidence }),
      ...(kind !== 'refused' && canAsk && { askInMs: nextQuestionMs(now.asked, minQueryDelayMs) }),
    });
    return kind;
  });
  await deps.fault?.('purchase:settled', purchase.orderId);
  return state;
}

/** Judged, compared with every key that the product ever had, sealed, stored; or kept for a person to look at. */
async function deliver(
  deps: ActivityDeps,
  tx: Transaction,
  purchase: StoredPurchase,
  order: PaidOrder,
  answer: Extract<Answer, { kind: 'delivered' }>,
): Promise<PurchaseState> {
  if (purchase.state === 'review' || !mayBecome(purchase.state, 'delivered')) return purchase.state;
  const bill = { supplierRef: answer.supplierRef ?? null, costMinor: answer.costMinor ?? null };
  if (purchase.target !== null && answer.codes === undefined) {
    if (order.releasedAt !== null || order.doneAt !== null) {
      // Done for an order that has ended: there is nothing that could be sold to somebody else, so people are told.
      await storeCodes(tx, purchase, order, [], bill);
      await tellUndoFailed(tx, order.id, purchase.id);
      return 'delivered';
    }
    // A top-up brings no key: what the buyer gets is that it was done.
    const account = deps.keyring.open('contact', purchase.target, contactAad(purchase.orderNo)).toString('utf8');
    const receipt = sealCode(deps.keyring, purchase.productId, topUpReceipt(account, purchase.ref));
    await storeCodes(tx, purchase, order, [receipt], bill, undefined, true);
    return 'delivered';
  }
  const text = answer.codes?.reveal() ?? '';
  const lines = splitCodes(text);
  const { good, problems } = sealDelivery(deps.keyring, purchase.productId, lines, purchase.pattern);
  const known = await knownFingerprints(tx, purchase.productId, good.map((c) => c.fingerprint)); // prettier-ignore
  const seen = good.filter((c) => known.has(c.fingerprint.toString('hex')));
  const wrong = [
    ...problems,
    ...seen.map(({ line }) => ({ line, problem: 'seen' as const })),
    ...(lines.length === purchase.quantity ? [] : [{ line: 0, problem: 'count' as const }]),
  ];
  if (wrong.length > 0) {
    await holdForReview(tx, purchase.id, sealHeld(deps.keyring, purchase.id, text), wrong, bill);
    return 'review';
  }
  await storeCodes(tx, purchase, order, good, bill);
  return 'delivered';
}
