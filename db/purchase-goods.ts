/** What a supplier delivered becomes cards: of the order that it was bought for, or of the pool if that has ended. */
import type { CodeProblem } from '../domain/codes.ts';
import type { PaidOrder } from './delivery.ts';
import { actors } from './locks.ts';
import type { StoredPurchase } from './purchases.ts';
import { statement, type Transaction } from './sql.ts';

export interface SealedCode {
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
}

const known = statement<{ fingerprint: Buffer }, [number, Buffer[]]>(
  'purchase_known_codes',
  'select fingerprint from cards where product_id = $1 and fingerprint = any ($2::bytea[])',
);
const store = statement<
  { stored: number },
  [number, number, Buffer[], Buffer[], number, string | null, number | null, number, number]
>(
  'purchase_store',
  `with bought as (
     update purchases set state = 'delivered', settled_at = now(), next_ask_at = null, held = null, problems = '[]',
       supplier_ref = coalesce($6, supplier_ref), cost_minor = coalesce($7, cost_minor)
     where id = $2 returning *
   ), batch as (
     insert into card_batches (product_id, mode, source, note, actor_id, purchase_id)
     select $1, mode, 'supplier', ref, $8, id from bought returning id, mode
   ), stored as (
     insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, state, order_id, sold_at)
     select $1, batch.id, batch.mode, t.c, t.f, case when t.n <= $5 then 'sold' else 'available' end,
            case when t.n <= $5 then bought.order_id end, case when t.n <= $5 then now() end
     from bought, batch, unnest($3::bytea[], $4::bytea[]) with ordinality as t (c, f, n)
     returning id
   ), counted as (
     update orders o set held = o.held + $9, purchase_id = nullif(o.purchase_id, $2) from bought b where o.id = b.order_id
   ), turned as (
     insert into stock_turns (product_id, mode) select $1, mode from bought where cardinality($3::bytea[]) > $5
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $8, 'purchase_delivered', order_id,
       jsonb_build_object('purchase', id, 'cards', (select count(*) from stored), 'for_order', least($5, (select count(*) from stored)))
     from bought
   )
   select count(*)::int as stored from stored`,
);
const hold = statement<object, [number, Buffer, string, string | null, number | null]>(
  'purchase_hold',
  `with kept as (
     update purchases set state = 'review', held = $2, problems = $3::jsonb, next_ask_at = null,
       supplier_ref = coalesce($4, supplier_ref), cost_minor = coalesce($5, cost_minor)
     where id = $1 returning order_id
   )
   insert into audit (actor_id, action, order_id, detail)
   select ${actors.automation}, 'purchase_review', order_id, jsonb_build_object('purchase', $1::bigint, 'problems', $3::jsonb) from kept`,
);

/** Which of these fingerprints the product has ever had, sold ones too. */
export async function knownFingerprints(
  tx: Transaction,
  productId: number,
  given: readonly Buffer[],
): Promise<Set<string>> {
  const rows = await known(tx, [productId, [...given]]);
  return new Set(rows.map((row) => row.fingerprint.toString('hex')));
}

interface Bill {
  readonly supplierRef: string | null;
  readonly costMinor: number | null;
}

/**
 * Stores the codes as one batch. The order takes what it still misses; the rest, and everything if the order has ended,
 * lies in the pool: it is paid for. Throws on a fingerprint that exists: the caller has looked under the order's lock, so
 * an import was faster, and the step looks again. Returns how many went to the pool.
 */
export async function storeCodes(
  tx: Transaction,
  purchase: StoredPurchase,
  order: PaidOrder,
  codes: readonly SealedCode[],
  bill: Bill,
  actorId: number = actors.automation,
  /** One card stands for the whole quantity: the receipt of a top-up. */
  whole = false,
): Promise<number> {
  const ended = order.releasedAt !== null || order.doneAt !== null;
  const mine = ended ? 0 : Math.max(0, Math.min(order.missing, codes.length));
  await store(tx, [
    purchase.productId,
    purchase.id,
    codes.map((c) => c.ciphertext),
    codes.map((c) => c.fingerprint),
    mine,
    bill.supplierRef,
    bill.costMinor,
    actorId,
    whole && !ended ? purchase.quantity : mine,
  ]);
  return codes.length - mine;
}

/** What came is kept, sealed, for a person to look at. `line` 0 stands for the delivery as a whole. */
export async function holdForReview(
  tx: Transaction,
  purchaseId: number,
  sealed: Buffer,
  problems: readonly { line: number; problem: CodeProblem | 'count' }[],
  bill: Bill,
): Promise<void> {
  await hold(tx, [purchaseId, sealed, JSON.stringify(problems.slice(0, 200)), bill.supplierRef, bill.costMinor]);
}
