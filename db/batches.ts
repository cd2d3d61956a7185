/** Batches of keys: where they came from, what became of them, and taking back what is unsold. */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { noteBlocks } from './imports.ts';
import { advisory } from './locks.ts';
import { statement, takeTime, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

export interface BatchRow {
  readonly id: number;
  readonly productId: number;
  readonly mode: Mode;
  readonly source: string;
  readonly note: string;
  readonly by: string;
  readonly costMinor: number | null;
  readonly currency: string | null;
  readonly expiresAt: Date | null;
  readonly importId: number | null;
  readonly createdAt: Date;
  readonly undoneAt: Date | null;
  readonly available: number;
  readonly held: number;
  readonly sold: number;
  readonly expired: number;
  readonly void: number;
}

// The page first: keys are counted for what is shown, in the index that has their state.
export const batchesSql = `select b.id, b.product_id as "productId", b.mode, b.source, b.note, a.name as by, b.cost_minor as "costMinor", b.currency,
     b.expires_at as "expiresAt", b.import_id as "importId", b.created_at as "createdAt", b.undone_at as "undoneAt", n.*
   from (select * from card_batches where product_id = $1 and id < $2 order by id desc limit $3) b join actors a on a.id = b.actor_id,
     lateral (select count(*) filter (where state = 'available')::int as available, count(*) filter (where state = 'held')::int as held,
       count(*) filter (where state = 'sold')::int as sold, count(*) filter (where state = 'expired')::int as expired,
       count(*) filter (where state = 'void')::int as void from cards c where c.batch_id = b.id) n
   order by b.id desc`;
const find = statement<BatchRow, [number, number, number]>('batches_find', batchesSql);

/** Batches of a product, newest first, each with what became of its keys: a fifth of a second for a million keys. */
export function findBatches(
  pool: Pool,
  productId: number,
  paging: { after?: number | undefined; limit: number },
): Promise<BatchRow[]> {
  return transaction(pool, async (tx) => {
    // A page of ten such batches takes longer than a step may, and is shown late rather than never.
    await takeTime(tx, 30);
    return find(tx, [productId, paging.after ?? Number.MAX_SAFE_INTEGER, paging.limit]);
  });
}

// The import before the batch, as a block that is on its way takes them; the batch not against the cards that point at it.
const lockImport = statement<{ id: number }, [number]>(
  'batch_lock_import',
  `select import_id as id, pg_advisory_xact_lock(${advisory.importBlocks}, import_id::int) from card_batches where id = $1 and import_id is not null`,
);
const lock = statement<{ undoneAt: Date | null }, [number]>(
  'batch_lock',
  'select undone_at as "undoneAt" from card_batches where id = $1 for no key update',
);
const undo = statement<object, [number, number, string]>(
  'batch_undo',
  `with undone as (
     update card_batches set undone_at = now(), undone_by = $2, undo_look_at = now() where id = $1 returning id, product_id, import_id
   ), stopped as (
     update imports set state = 'cancelled', ended_at = now(), next_look_at = now()
     where id = (select import_id from undone) and state = 'confirmed'
   )
   insert into audit (actor_id, action, detail)
   select $2, 'batch_undone', jsonb_build_object('batch', id, 'product', product_id, 'reason', $3::text) from undone`,
);

/**
 * Takes a batch back: what is unsold goes, by and by (see {@link removeUndone}); what is sold stays sold. An import that
 * still fills it stops.
 */
export async function undoBatch(pool: Pool, id: number, actorId: number, reason: string): Promise<void> {
  await transaction(pool, (tx) => undoBatchIn(tx, id, actorId, reason));
}

/** {@link undoBatch} inside a transaction of the caller's. */
export async function undoBatchIn(tx: Transaction, id: number, actorId: number, reason: string): Promise<void> {
  const [filling] = await lockImport(tx, [id]);
  const batch = (await lock(tx, [id]))[0];
  if (!batch) throw new KnownError('BATCH_NOT_FOUND');
  if (batch.undoneAt) throw new KnownError('BATCH_UNDONE');
  await undo(tx, [id, actorId, reason]);
  if (filling) await noteBlocks(tx, filling.id);
}

/** Available rows that one transaction touches at most (rule 6). */
const atOnce = 200;

// By place, never from the start: rows that were deleted or sold are not read again for each page.
const remove = statement<{ id: number; seen: number }, [number]>(
  'batch_remove_undone',
  `with batch as materialized (
     select id, undo_after from card_batches where undo_look_at <= now() order by undo_look_at limit 1 for no key update skip locked
   ), page as materialized (
     select c.id, c.state from batch b, lateral (select id, state from cards where batch_id = b.id and id > b.undo_after order by id limit $1) c
   ), free as materialized (
     select c.id from cards c where c.id = any (array(select id from page where state in ('available', 'expired')))
       and c.state in ('available', 'expired') for update skip locked
   ), shown as materialized (
     -- 循环卡密 that was shown stands in the books of its orders: it is never shown again, and stays.
     select f.id from free f where exists (select from orders o where o.loop_card_id = f.id)
   ), voided as (
     update cards set state = 'void' where id = any (array(select id from shown))
   ), gone as (
     delete from cards where id = any (array(select id from free except select id from shown))
   ), moved as (
     update card_batches set undo_after = coalesce((select max(id) from page), 0) where id = (select id from batch)
   )
   select id, (select count(*)::int from page) as seen from batch`,
);
const rest = statement<object, [number]>(
  'batch_undo_rest',
  `update card_batches b set undo_after = 0, undo_look_at = case when exists (
     select from cards c where c.batch_id = b.id and c.state in ('available', 'held', 'expired')) then now() + interval '1 minute' end
   where b.id = $1`,
);

/**
 * Removes some unsold keys of an undone batch; true if there is more to do at once. A few at a time, so that claims wait
 * for none. What was held or locked is looked at again a minute later, until the batch holds nothing unsold.
 */
export async function removeUndone(db: Queryable): Promise<boolean> {
  const [batch] = await remove(db, [atOnce]);
  if (batch?.seen === 0) await rest(db, [batch.id]);
  return batch !== undefined;
}
