/**
 * What is left of a purchase whose order has ended without goods. What is ours alone (place in line, pieces that never
 * showed, holds) is undone in the commit that ends the order; what is outside follows here. The purchase's row was there
 * before its call, so nothing that may have to be undone is unknown. After `released_at` nothing is.
 */
import { actors } from './locks.ts';
import { statement, type Queryable } from './sql.ts';

const tell = statement<object, [number, number]>(
  'undo_tell',
  `insert into tasks (order_id, code, detail) values ($1, 'UNDO_FAILED', jsonb_build_object('purchase', $2::bigint)) on conflict do nothing`,
);
const mend = statement<object, [number, number]>(
  'undo_mend',
  `update tasks set closed_at = now(), closed_by = ${actors.automation}
   where order_id = $1 and code = 'UNDO_FAILED' and closed_at is null and detail = jsonb_build_object('purchase', $2::bigint)`,
);
const note = statement<object, [number, string]>(
  'undo_note',
  'update purchases set called_off = $2 where id = $1 and called_off is null',
);

/** People are told once; it is tried again all the same. */
export async function tellUndoFailed(db: Queryable, orderId: number, purchaseId: number): Promise<void> {
  await tell(db, [orderId, purchaseId]);
}

/** It worked after all, or came to nothing by itself. */
export async function undoMended(db: Queryable, orderId: number, purchaseId: number): Promise<void> {
  await mend(db, [orderId, purchaseId]);
}

/** The supplier has said what came of it: it is not asked again. */
export async function noteCalledOff(db: Queryable, purchaseId: number, end: 'cancelled' | 'too-late'): Promise<void> {
  await note(db, [purchaseId, end]);
}
