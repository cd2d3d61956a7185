/** Rows of a product sheet between their check and their commit, and what becomes of them. */
import { dropPieces } from './imports.ts';
import { KnownError } from '../domain/errors.ts';
import { undoBatchIn } from './batches.ts';
import { editProductIn, type ProductRow } from './products.ts';
import { productFieldsOf, type FieldProblem, type ProductFields } from '../domain/product.ts';
import { one, sqlState, statement, takeTime, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

/** A row as people see it: without 发货内容, which is sealed beside it. */
export interface ShownRow {
  readonly line: number;
  readonly sku: string;
  readonly name: string;
  readonly action: 'create' | 'update' | 'skip';
  readonly keys: number;
  readonly problems: readonly FieldProblem[];
}

const store = statement<object, [number, string, Buffer, string, number, number, number]>(
  'sheet_store',
  `with dropped as (delete from import_blocks where import_id = $1 and n <> 0
   ), block as (
     insert into import_blocks (import_id, n, lines, fingerprints, product_ids, sealed, problems)
     select id, 0, '{}', '{}', '{}', $3, $2::jsonb from imports where id = $1 and state = 'received'
     on conflict (import_id, n) do update set sealed = excluded.sealed, problems = excluded.problems
   )
   update imports set state = 'ready', checked_at = now(), next_look_at = now(), summary = $4::jsonb, lines = $5, good = $6, bad = $7
   where id = $1 and state = 'received'`,
);
export async function storeSheet(
  db: Queryable,
  id: number,
  rows: readonly ShownRow[],
  sealed: Buffer,
  summary: object,
): Promise<void> {
  const bad = rows.filter((row) => row.problems.length > 0).length;
  const actions = { create: 0, update: 0, skip: 0 };
  for (const row of rows) if (row.problems.length === 0) actions[row.action]++;
  const good = rows.filter((row) => row.problems.length === 0 && row.action !== 'skip').length;
  await store(db, [id, JSON.stringify(rows), sealed, JSON.stringify({ ...summary, actions }), rows.length, good, bad]);
  await dropPieces(db, id);
}

const load = statement<{ rows: ShownRow[]; sealed: Buffer; done: boolean }, [number]>(
  'sheet_load',
  `select problems as rows, sealed, imported_at is not null as done from import_blocks where import_id = $1 and n = 0`,
);
export async function loadSheet(
  db: Queryable,
  id: number,
): Promise<{ rows: ShownRow[]; sealed: Buffer; done: boolean } | undefined> {
  return (await load(db, [id]))[0];
}

const lock = statement<{ id: number }, [number]>(
  'sheet_lock',
  `select id from imports where id = $1 and state = 'confirmed' for update`,
);
const finish = statement<object, [number, number]>(
  'sheet_finish',
  `with block as (update import_blocks set imported_at = now(), added = $2, sealed = '' where import_id = $1 and n = 0
   ), done as (
     update imports set state = 'done', ended_at = now(), added = $2 where id = $1 returning id, actor_id
   )
   insert into audit (actor_id, action, detail)
   select actor_id, 'products_imported', jsonb_build_object('import', id, 'products', $2::int) from done`,
);
/** All rows in one transaction: a sheet is in whole, or not at all. False if it was done or stopped. */
export async function commitSheet(
  pool: Pool,
  id: number,
  work: (tx: Transaction) => Promise<number>,
): Promise<boolean> {
  // prettier-ignore
  return transaction(pool, async (tx) => {
    if ((await lock(tx, [id])).length === 0) return false;
    await tx.query('set local statement_timeout = 0');
    await finish(tx, [id, await work(tx)]);
    return true;
  });
}

const change = statement<object, [number, number, number, string]>(
  'sheet_change',
  'insert into import_changes (import_id, product_id, version, before) values ($1, $2, $3, $4::jsonb)',
);
/** Keeps what a row of the sheet changed. */
export async function noteChange(tx: Transaction, id: number, before: ProductRow, version: number): Promise<void> {
  if (version !== before.version) await change(tx, [id, before.id, version, JSON.stringify(before)]);
}

const lockDone = statement<{ id: number }, [number]>(
  'sheet_undo_lock',
  `select id from imports where id = $1 and state = 'done' and not summary ? 'undone' for update`,
);
const used = statement<{ sku: string }, [number]>(
  'sheet_used',
  `select p.sku from products p where p.import_id = $1 and exists (select from orders o where o.product_id = p.id)
   union
   select p.sku from card_batches b join products p on p.id = b.product_id
   where b.import_id = $1 and exists (select from cards c where c.batch_id = b.id and c.state in ('sold', 'held'))
   limit 20`,
);
const changes = statement<{ productId: number; version: number; before: ProductFields }, [number]>(
  'sheet_changes',
  'select product_id as "productId", version, before from import_changes where import_id = $1 order by product_id',
);
const addedTo = statement<{ id: number }, [number]>(
  'sheet_added_to',
  `select b.id from card_batches b join products p on p.id = b.product_id
   where b.import_id = $1 and p.import_id is distinct from $1 and b.undone_at is null`,
);
const undo = statement<{ removed: number }, [number, number, number]>(
  'sheet_undo',
  `with turns as (
     delete from stock_turns where product_id in (select id from products where import_id = $1)
   ), keys as (
     delete from cards where product_id in (select id from products where import_id = $1) returning id
   ), batches as (
     delete from card_batches where product_id in (select id from products where import_id = $1) and (select count(*) from keys) >= 0 returning id
   ), gone as (
     delete from products where import_id = $1 and (select count(*) from batches) >= 0 returning id
   ), marked as (
     update imports set summary = summary || jsonb_build_object('undone', (select count(*) from gone) + $3::int) where id = $1
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $2, 'products_import_undone', jsonb_build_object('import', $1::bigint, 'products', (select count(*) from gone), 'restored', $3::int)
   )
   select count(*)::int as removed from gone`,
);

/**
 * Takes a product import back: what it made goes, what it changed becomes what it was, keys that it brought are removed.
 * Only while nothing was ordered of the new ones and none of its keys is sold or held; else IMPORT_STATE names which. A
 * product that somebody has edited since is PRODUCT_CHANGED.
 */
export async function undoSheet(
  pool: Pool,
  id: number,
  actorId: number,
): Promise<{ removed: number; restored: number }> {
  try {
    return await transaction(pool, async (tx) => {
      await takeTime(tx, 30);
      if ((await lockDone(tx, [id])).length === 0) throw new KnownError('IMPORT_STATE', { undone: true });
      const sold = await used(tx, [id]);
      if (sold.length > 0) throw new KnownError('IMPORT_STATE', { ordered: sold.map((row) => row.sku) });
      const edited = await changes(tx, [id]);
      for (const { productId, version, before } of edited) {
        await editProductIn(tx, productId, version, productFieldsOf(before), actorId);
      }
      for (const batch of await addedTo(tx, [id])) await undoBatchIn(tx, batch.id, actorId, 'import undone');
      const { removed } = one(await undo(tx, [id, actorId, edited.length]));
      return { removed, restored: edited.length };
    });
  } catch (error) {
    // Something else has come to hang on one of them in the meantime.
    throw sqlState(error) === '23503' ? new KnownError('IMPORT_STATE', { ordered: [] }) : error;
  }
}
