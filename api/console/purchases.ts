/** Purchases that wait for a person: look, answer, and the order goes on. */
import type { Router } from 'express';
import type { PaidOrder } from '../../db/delivery.ts';
import { answerPurchase, type PurchaseAction } from '../../db/purchase-answers.ts';
import { knownFingerprints, storeCodes } from '../../db/purchase-goods.ts';
import { purchaseView, revealHeld, type PurchaseRow } from '../../db/purchase-list.ts';
import { movePurchase, type StoredPurchase } from '../../db/purchases.ts';
import type { Transaction } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import type { PurchaseState } from '../../domain/supplier.ts';
import { openHeld, sealCode, sealDelivery } from '../../integrations/suppliers/sealing.ts';
import { consolePurchases } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { viewPurchase } from './sources.ts';

type Answer = (typeof consolePurchases.answerPurchase)['body']['_output'];

const from: Readonly<Record<Answer['answer'], readonly PurchaseState[]>> = {
  not_sold: ['unknown'],
  sold: ['unknown', 'accepted'],
  accept: ['review'],
  refetch: ['review'],
  reject: ['review'],
};

export function purchaseRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, suppliers, temporal } = deps;

  const known = async (id: number): Promise<PurchaseRow> => {
    const row = await purchaseView(pool, id);
    if (!row) throw new KnownError('PURCHASE_NOT_FOUND');
    return row;
  };
  const canFetch = (kind: string): boolean => suppliers.get(kind)?.fetch !== undefined;

  serve(router, authenticate, consolePurchases.readPurchase, async ({ params }) => {
    const row = await known(params.id);
    return {
      purchase: viewPurchase(row),
      canFetch: row.supplierRef !== null && canFetch(row.kind),
      balanceBeforeMinor: row.balanceBeforeMinor,
    };
  });

  serve(router, authenticate, consolePurchases.answerPurchase, async (call) => {
    const { body, params } = call;
    const { actorId } = person(call);
    const { id, note, answer } = body;
    const action: PurchaseAction = { id, note, actorId, purchaseId: params.id, kind: `purchase_${answer}`, from: from[answer] }; // prettier-ignore
    const done = await answerPurchase(pool, action, (tx, purchase, order) =>
      effect(deps, tx, purchase, order, body, actorId),
    );
    const orderState = done.outboxId === null ? undefined : await temporal.apply(done.orderNo, id);
    return { purchase: viewPurchase(await known(params.id)), orderState: orderState ?? null };
  });

  serve(router, authenticate, consolePurchases.revealPurchase, async (call) => {
    await known(call.params.id);
    const held = await revealHeld(pool, call.params.id, person(call).actorId, call.body.reason);
    if (!held) throw new KnownError('PURCHASE_STATE_CONFLICT');
    return { lines: openHeld(keyring, call.params.id, held) };
  });
}

async function effect(
  deps: ApiDeps,
  tx: Transaction,
  purchase: StoredPurchase,
  order: PaidOrder,
  body: Answer,
  actorId: number,
): Promise<void> {
  const move = (to: Parameters<typeof movePurchase>[2]): Promise<void> => movePurchase(tx, purchase.id, to, actorId);
  switch (body.answer) {
    case 'not_sold':
      await move({ state: 'absent', evidence: 'SAID_BY_PERSON' });
      break;
    case 'reject':
      await move({ state: 'refused', refusal: 'REJECTED' });
      break;
    case 'refetch':
    case 'sold': {
      if (body.answer === 'sold' && body.codes !== undefined && body.codes.length > 0) {
        await keep(deps, tx, purchase, order, body.codes, undefined, body.supplierRef ?? null, actorId);
        break;
      }
      const supplierRef = body.answer === 'sold' ? body.supplierRef : (purchase.supplierRef ?? undefined);
      if (supplierRef === undefined || !deps.suppliers.get(purchase.supplier.kind)?.fetch) throw invalid('supplierRef');
      await move({ state: 'accepted', supplierRef, askInMs: 0 });
      break;
    }
    case 'accept': {
      const lines = purchase.held ? openHeld(deps.keyring, purchase.id, purchase.held) : [];
      await keep(deps, tx, purchase, order, lines, body.lines, null, actorId);
    }
  }
}

/**
 * Keys that a person vouches for become cards. A person may overrule the look of a key, never that it was ours before:
 * such a key would be sold twice.
 */
async function keep(
  deps: ApiDeps,
  tx: Transaction,
  purchase: StoredPurchase,
  order: PaidOrder,
  lines: readonly string[],
  wanted: readonly number[] | undefined,
  supplierRef: string | null,
  actorId: number,
): Promise<void> {
  const chosen = wanted === undefined ? lines : lines.filter((_, i) => wanted.includes(i + 1));
  // Named lines are taken whatever they look like; otherwise those that may be keys.
  const good =
    wanted === undefined
      ? sealDelivery(deps.keyring, purchase.productId, chosen, null).good
      : [...new Set(chosen)].map((code) => sealCode(deps.keyring, purchase.productId, code));
  const known = await knownFingerprints(tx, purchase.productId, good.map((c) => c.fingerprint)); // prettier-ignore
  const fresh = good.filter((c) => !known.has(c.fingerprint.toString('hex')));
  if (fresh.length === 0 || (wanted !== undefined && fresh.length < chosen.length)) throw invalid('codes');
  await storeCodes(tx, purchase, order, fresh, { supplierRef, costMinor: null }, actorId);
}

function invalid(field: string): KnownError {
  return new KnownError('PURCHASE_ANSWER_INVALID', [{ field }]);
}
