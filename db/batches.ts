/** Batches of keys: where they came from, what became of them, and taking back what is unsold. */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

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

const find = statement<BatchRow, [number, number | null, number]>(
  'batches_find',
  `select b.id, b.product_id as "productId", b.mode, b.source, b.note, a.name as by, b.cost_minor as "costMinor", b.currency,
     b.expires_at as "expiresAt", b.import_id as "importId", b.created_at as "createdAt", b.undone_at as "undoneAt", n.*
   from card_batches b join actors a on a.id = b.actor_id,
     lateral (select count(*) filter (where state = 'available')::int as available, count(*) filter (where state = 'held')::int as held,
       count(*) filter (where state = 'sold')::int as sold, count(*) filter (where state = 'expired')::int as expired,
       count(*) filter (where state = 'void')::int as void from cards c where c.batch_id = b.id) n
   where b.product_id = $1 and ($2::bigint is null or b.id < $2) order by b.id desc limit $3`,
);

/** Batches of a product, newest first, each with what became of its keys. */
export function findBatches(
  db: Queryable,
  productId: number,
  paging: { after?: number | undefined; limit: number },
): Promise<BatchRow[]> {
  return find(db, [productId, paging.after ?? null, paging.limit]);
}

const lock = statement<{ undoneAt: Date | null }, [number]>(
  'batch_lock',
  'select undone_at as "undoneAt" from card_batches where id = $1 for update',
);
const undo = statement<object, [number, number, string]>(
  'batch_undo',
  `with undone as (
     update card_batches set undone_at = now(), undone_by = $2 where id = $1 returning id, product_id, import_id
   ), stopped as (
     update imports set state = 'cancelled', ended_at = now()
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
  await transaction(pool, async (tx) => {
    const batch = (await lock(tx, [id]))[0];
    if (!batch) throw new KnownError('BATCH_NOT_FOUND');
    if (batch.undoneAt) throw new KnownError('BATCH_UNDONE');
    await undo(tx, [id, actorId, reason]);
  });
}

// 循环卡密 that was shown stands in the books of its orders: it is never shown again, and stays.
const remove = statement<{ id: number }, [number]>(
  'batch_remove_undone',
  `with due as materialized (
     select c.id, exists (select from orders o where o.loop_card_id = c.id) as shown
     from card_batches b join cards c on c.batch_id = b.id
     where b.undone_at > now() - interval '30 days' and c.state in ('available', 'expired') limit $1 for update of c skip locked
   ), kept as (
     update cards set state = 'void' where id = any (array(select id from due where shown)) returning id
   ), gone as (
     delete from cards where id = any (array(select id from due where not shown)) and state in ('available', 'expired') returning id
   )
   select id from kept union all select id from gone`,
);

/** Removes some unsold keys of undone batches; true if there may be more. A few at a time: claims wait for none. */
export async function removeUndone(db: Queryable, limit = 200): Promise<boolean> {
  return (await remove(db, [limit])).length > 0;
}
