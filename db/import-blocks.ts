/** The checked lines of a key import, a block at a time, on their way into the pool. */
import { randomUUID } from 'node:crypto';
import type { LineProblem } from '../domain/key-problems.ts';
import type { Encoding } from '../domain/encoding.ts';
import type { FileFormat } from '../domain/key-file.ts';
import type { KeyShape } from '../domain/key-shape.ts';
import type { Mode } from '../domain/order.ts';
import { blocksSay, dropPieces, noteBlocks } from './imports.ts';
import { advisory } from './locks.ts';
import { goodsCame } from './stock-line.ts';
import { numberArray, sqlState, statement, takeTime, transaction, type Pool, type Queryable } from './sql.ts';

const reset = statement<{ id: number }, [number, Encoding | null, FileFormat, string]>(
  'import_check_begin',
  `update imports set lines = 0, good = 0, bad = 0, in_file = 0, in_stock = 0, sold = 0, encoding = $2, format = $3, checker = $4
   where id = $1 and state = 'received' returning id`,
);
// Some at a time: a statement may take two seconds.
const dropBlocks = statement<object, [number, string]>(
  'import_blocks_drop',
  `with gone as (
     delete from import_blocks b using imports i where i.id = b.import_id and i.id = $1 and i.state = 'received' and i.checker = $2
       and b.n = any (array(select n from import_blocks where import_id = $1 order by n limit 32)) returning b.n
   ) select from gone`,
);
/**
 * A check begins, also again after a stop: what an earlier one wrote is dropped, and it writes no more, even if it still
 * runs. Returns what the check names itself with from now on; undefined if the import is not to be checked.
 */
export async function beginCheck(
  db: Queryable,
  id: number,
  encoding: Encoding | null,
  format: FileFormat,
): Promise<string | undefined> {
  const checker = randomUUID();
  if ((await reset(db, [id, encoding, format, checker])).length === 0) return undefined;
  while ((await dropBlocks(db, [id, checker])).length > 0);
  return checker;
}

// Fingerprints, which are equally long, go as one value and are cut here: see `given`.
const known = statement<{ at: number; sold: boolean }, [string, Buffer]>(
  'import_known',
  `select t.at::int - 1 as at, c.state = 'sold' as sold
   from unnest($1::bigint[]) with ordinality t (product_id, at), (select length($2::bytea) / nullif(cardinality($1::bigint[]), 0) as bytes) w, cards c
   where c.product_id = t.product_id and c.fingerprint = substring($2::bytea from (t.at::int - 1) * w.bytes + 1 for w.bytes)`,
);
/** Which of these keys the products have or had: their places in the arrays. */
export function knownKeys(
  db: Queryable,
  productIds: readonly number[],
  fingerprints: readonly Buffer[],
): Promise<{ at: number; sold: boolean }[]> {
  return known(db, [numberArray(productIds), Buffer.concat(fingerprints)]);
}

export interface CheckedBlock {
  readonly n: number;
  readonly lines: readonly number[];
  readonly productIds: readonly number[];
  readonly fingerprints: readonly Buffer[];
  /** The texts and dates of the good lines, sealed. */
  readonly sealed: Buffer;
  readonly problems: readonly LineProblem[];
  /** Lines of the file up to here. */
  readonly upTo: number;
}

const addBlock = statement<
  { id: number },
  [number, number, string, string, Buffer, Buffer, string, number, number, number, number, number, string]
>(
  'import_block',
  `with counted as (
     update imports set lines = $8, good = good + cardinality($3::int[]), bad = bad + $9, in_file = in_file + $10,
       in_stock = in_stock + $11, sold = sold + $12, next_look_at = now() + interval '15 seconds'
     where id = $1 and state = 'received' and checker = $13 returning id
   )
   insert into import_blocks (import_id, n, lines, product_ids, fingerprints, sealed, problems)
   select id, $2, $3, $4, array(
       select substring($5::bytea from i * w.bytes + 1 for w.bytes)
       from generate_series(0, cardinality($3::int[]) - 1) i, (select length($5::bytea) / nullif(cardinality($3::int[]), 0) as bytes) w order by i),
     $6, $7::jsonb from counted
   returning import_id as id`,
);
/** Stores a checked block; false if the import was cancelled meanwhile, or another check has begun. */
export async function addCheckedBlock(
  db: Queryable,
  id: number,
  checker: string,
  block: CheckedBlock,
): Promise<boolean> {
  const count = (...codes: string[]): number => block.problems.filter(([, code]) => codes.includes(code)).length;
  const duplicates = ['IN_FILE', 'IN_STOCK', 'SOLD'];
  const rows = await addBlock(db, [
    id,
    block.n,
    numberArray(block.lines),
    numberArray(block.productIds),
    Buffer.concat(block.fingerprints),
    block.sealed,
    JSON.stringify(block.problems),
    block.upTo,
    block.problems.length - count(...duplicates),
    count('IN_FILE'),
    count('IN_STOCK'),
    count('SOLD'),
    checker,
  ]);
  return rows.length > 0;
}

const checked = statement<{ id: number }, [number, string, string]>(
  'import_checked',
  `update imports set state = 'ready', checked_at = now(), next_look_at = now(), summary = $2::jsonb
   where id = $1 and state = 'received' and checker = $3 returning id`,
);
/** The file is checked and waits for its confirmation; the bytes as received are not needed any more. */
export async function endCheck(db: Queryable, id: number, checker: string, summary: object): Promise<void> {
  if ((await checked(db, [id, JSON.stringify(summary), checker])).length > 0) await dropPieces(db, id);
}

const batches = statement<{ id: number; productId: number }, [number]>(
  'import_batches',
  `with wanted as (
     select distinct unnest(b.product_ids) as product_id from import_blocks b where b.import_id = $1
   ), made as (
     insert into card_batches (product_id, mode, source, note, actor_id, cost_minor, currency, expires_at, import_id)
     select w.product_id, i.mode, coalesce(nullif(i.options ->> 'source', ''), i.source), coalesce(i.options ->> 'note', ''), i.actor_id,
       (i.options ->> 'costMinor')::bigint, i.options ->> 'currency', (i.options ->> 'expiresAt')::timestamptz, i.id
     from wanted w, imports i
     where i.id = $1 and not exists (select from card_batches e where e.import_id = $1 and e.product_id = w.product_id)
     returning id, product_id
   )
   select id, product_id as "productId" from made
   union all select id, product_id from card_batches where import_id = $1`,
);
/** One batch per product of the import, made if missing, once: no block goes in and nobody else makes them meanwhile. */
export async function ensureBatches(pool: Pool, importId: number): Promise<Map<number, number>> {
  return transaction(pool, async (tx) => {
    // Three million lines are read for their products.
    await takeTime(tx, 30);
    await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.importBlocks, importId]);
    return new Map((await batches(tx, [importId])).map((row) => [row.productId, row.id]));
  });
}

export interface OpenBlock {
  readonly n: number;
  readonly productIds: readonly number[];
  /** One behind the other, all of the same length. */
  readonly fingerprints: Buffer;
  readonly lines: readonly number[];
  readonly sealed: Buffer;
}
// As one value and as JSON: the driver reads an array of 5,000 letter by letter.
const nextBlock = statement<OpenBlock, [number, number]>(
  'import_block_next',
  `select b.n, to_jsonb(b.product_ids) as "productIds", to_jsonb(b.lines) as lines, b.sealed,
     coalesce((select string_agg(f, ''::bytea order by at) from unnest(b.fingerprints) with ordinality u (f, at)), '') as fingerprints
   from import_blocks b join imports i on i.id = b.import_id
   where b.import_id = $1 and b.n > $2 and b.imported_at is null and i.state = 'confirmed' order by b.n limit 1`,
);
/** The next block that is not in the pool; undefined if all are, or the import was stopped. */
export async function nextOpenBlock(db: Queryable, importId: number, after: number): Promise<OpenBlock | undefined> {
  return (await nextBlock(db, [importId, after]))[0];
}

// Whoever stops the import waits for the block: a batch that is undone gets nothing more once the undo is answered. Shared,
// so that two blocks go in side by side. An advisory lock, where blocks queue behind whoever waits to stop them: a row's
// share lock is given to the next block all the same, and of two lanes one always has it.
const lockShared = statement<object, [number, number]>(
  'import_blocks_share',
  'select pg_advisory_xact_lock_shared($1, $2)',
);
const lockBlock = statement<{ mode: Mode }, [number, number]>(
  'import_block_lock',
  `select i.mode from import_blocks b join imports i on i.id = b.import_id
   where b.import_id = $1 and b.n = $2 and b.imported_at is null and i.state = 'confirmed' for update of b`,
);
type CardParams = [string, string, Mode, Buffer, Buffer, (Date | null)[], (string | null)[], string, string, string];
// All ciphertexts in one value and all fingerprints in another, cut here: an array of them would go as hexadecimal text,
// written by the driver and read by PostgreSQL letter by letter.
const given = `select t.p, t.b, t.e, t.l, t.s, t.at, substring($4::bytea from t.start + 1 for t.len) as c,
       substring($5::bytea from (t.at::int - 1) * w.bytes + 1 for w.bytes) as f
     from unnest($1::bigint[], $2::bigint[], $6::timestamptz[], $7::text[], $8::bigint[], $9::int[], $10::int[])
         with ordinality as t (p, b, e, l, s, start, len, at),
       (select length($5::bytea) / nullif(cardinality($1::bigint[]), 0) as bytes) w`;
const insert = `insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, expires_at, label, surcharge_minor, seq)
     select p, b, $3, c, f, e, l, s, card_place(e) from given order by at`;
type AddCards = (db: Queryable, params: CardParams) => Promise<{ at: number }[]>;
/** Almost always none of a checked block came in by another way: not to look for it first saves a sixth of the time. */
const addAll: AddCards = statement<{ at: number }, CardParams>(
  'import_cards_all',
  `with given as (${given}), added as (${insert}) select 0 as at where false`,
);
/** What came in by another way since the check is left out, and its places come back. */
const addMissing: AddCards = statement<{ at: number }, CardParams>(
  'import_cards',
  `with given as materialized (${given}), added as (
     ${insert}
     on conflict do nothing returning fingerprint
   )
   select at::int - 1 as at from given
   where (select count(*) from added) < cardinality($1::bigint[]) and f not in (select fingerprint from added) order by at`,
);
const closeBlock = statement<object, [number, number, number, number, string]>(
  'import_block_close',
  `update import_blocks set imported_at = now(), added = $3, late = $4, sealed = '', fingerprints = '{}', problems = problems || $5::jsonb
   where import_id = $1 and n = $2`,
);
export interface SealedBlock extends Pick<OpenBlock, 'n' | 'lines' | 'productIds' | 'fingerprints'> {
  readonly batchIds: readonly number[];
  /** One behind the other; where each begins. */
  readonly ciphertexts: Buffer;
  readonly starts: readonly number[];
  readonly expires: readonly (Date | null)[];
  /** 自选卡号: what buyers choose from, and what it costs besides. */
  readonly labels: readonly (string | null)[];
  readonly surcharges: readonly (number | null)[];
}

/** The block goes into the pool, once: whoever comes second finds it closed. Waiting orders get their turn. */
export async function importBlock(pool: Pool, importId: number, block: SealedBlock): Promise<void> {
  try {
    await bringBlock(pool, importId, block, addAll);
  } catch (error) {
    if (sqlState(error) !== '23505') throw error;
    await bringBlock(pool, importId, block, addMissing);
  }
  await noteBlocks(pool, importId);
}

async function bringBlock(pool: Pool, importId: number, block: SealedBlock, add: AddCards): Promise<void> {
  await transaction(pool, async (tx) => {
    await lockShared(tx, [advisory.importBlocks, importId]);
    const open = (await lockBlock(tx, [importId, block.n]))[0];
    if (!open) return;
    const { productIds, batchIds, ciphertexts, fingerprints, starts, expires, labels, surcharges, lines } = block;
    const missing = await add(tx, [
      numberArray(productIds),
      numberArray(batchIds),
      open.mode,
      ciphertexts,
      fingerprints,
      [...expires],
      [...labels],
      numberArray(surcharges),
      numberArray(starts),
      numberArray(starts.map((start, i) => (starts[i + 1] ?? ciphertexts.length) - start)),
    ]);
    const late = missing.map(({ at }): LineProblem => [lines[at] ?? 0, 'LATE']);
    await closeBlock(tx, [importId, block.n, lines.length - late.length, late.length, JSON.stringify(late)]);
    for (const productId of new Set(productIds)) await goodsCame(tx, productId, open.mode);
  });
}

const finish = statement<{ id: number }, [number]>(
  'import_finish',
  `with done as (
     update imports i set state = 'done', ended_at = now(), added = c.added, late = c.late from ${blocksSay}
     where i.id = $1 and i.state = 'confirmed' and not exists (select from import_blocks where import_id = $1 and imported_at is null)
     returning i.id, i.actor_id, i.added, i.product_id
   )
   insert into audit (actor_id, action, detail)
   select actor_id, 'cards_added', jsonb_strip_nulls(jsonb_build_object('import', id, 'added', added, 'product', product_id)) from done
   returning id`,
);
/** True if all blocks are in and the import is done by this call. */
export async function finishImport(db: Queryable, importId: number): Promise<boolean> {
  return (await finish(db, [importId])).length > 0;
}

const problems = statement<{ n: number; problems: LineProblem[] }, [number, number]>(
  'import_problems',
  'select n, problems from import_blocks where import_id = $1 and n > $2 order by n limit 20',
);
/** What is wrong, a few blocks at a time. */
export function importProblems(
  db: Queryable,
  importId: number,
  afterBlock: number,
): Promise<{ n: number; problems: LineProblem[] }[]> {
  // prettier-ignore
  return problems(db, [importId, afterBlock]);
}

const emptied = statement<object, [number]>(
  'import_emptied',
  `with cleared as (
     update import_blocks set sealed = '', fingerprints = '{}' where import_id = $1
       and n = any (array(select n from import_blocks where import_id = $1 and sealed <> '' limit 32)) returning n
   ) select from cleared`,
);
const lookedAt = statement<object, [number]>(
  'import_looked_at',
  `update imports set next_look_at = 'infinity' where id = $1 and state = 'cancelled'`,
);
/** An import that ended without its confirmation keeps its report and none of the keys. Only then is it not due any more. */
export async function emptyImport(db: Queryable, importId: number): Promise<void> {
  await dropPieces(db, importId);
  await noteBlocks(db, importId);
  while ((await emptied(db, [importId])).length > 0);
  await lookedAt(db, [importId]);
}

const pools = statement<{ sku: string; id: number; takes: boolean }, []>(
  'import_products',
  `select sku, id, kind in ('card', 'supplier') as takes from products`,
);
/** All products by SKU; null for those that take no keys. */
export async function productsForKeys(db: Queryable): Promise<Map<string, number | null>> {
  return new Map((await pools(db, [])).map((row) => [row.sku, row.takes ? row.id : null]));
}

const keyShapes = statement<KeyShape & { id: number }, []>(
  'import_key_shapes',
  `select id, card_use = 'chosen' as chosen, cardinality(part_labels) as parts, currency from products
   where card_use = 'chosen' or cardinality(part_labels) > 1`,
);
/** What the keys of a product must look like, where a product says so. */
export async function keyShapesOf(db: Queryable): Promise<Map<number, KeyShape>> {
  return new Map((await keyShapes(db, [])).map(({ id, ...shape }) => [id, shape]));
}

const perProduct = statement<{ sku: string; keys: number }, [number]>(
  'import_totals',
  `select p.sku, count(*)::int as keys from import_blocks b, unnest(b.product_ids) u join products p on p.id = u
   where b.import_id = $1 group by p.sku order by 2 desc, 1 limit 100`,
);
/** How many keys each product would get; the 100 that get most. */
export function importTotals(pool: Pool, importId: number): Promise<{ sku: string; keys: number }[]> {
  return transaction(pool, async (tx) => {
    await takeTime(tx, 30);
    return perProduct(tx, [importId]);
  });
}
