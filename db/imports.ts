/**
 * Imports: a file is received in sealed pieces, checked into blocks of some thousand good lines, confirmed by a person,
 * and then goes into the pool block by block. Each block is one transaction that says of itself that it is in, so a
 * stop anywhere loses nothing and repeats nothing.
 */
import type { ErrorCode } from '../domain/errors.ts';
import type { Encoding } from '../domain/encoding.ts';
import type { FileFormat } from '../domain/key-file.ts';
import type { Mode } from '../domain/order.ts';
import { advisory } from './locks.ts';
import { one, statement, type Pool, type Queryable } from './sql.ts';

export const importStates = ['receiving', 'received', 'ready', 'confirmed', 'done', 'failed', 'cancelled', 'expired'] as const; // prettier-ignore
export type ImportState = (typeof importStates)[number];
export type ImportKind = 'cards' | 'products';

export interface ImportRow {
  readonly id: number;
  readonly kind: ImportKind;
  readonly mode: Mode;
  readonly source: 'upload' | 'paste' | 'directory';
  readonly state: ImportState;
  readonly productId: number | null;
  readonly fileName: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly bytes: number;
  readonly encoding: Encoding | null;
  readonly format: FileFormat | null;
  readonly lines: number;
  readonly good: number;
  readonly bad: number;
  readonly inFile: number;
  readonly inStock: number;
  readonly sold: number;
  readonly added: number;
  readonly late: number;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly failureCode: ErrorCode | null;
  readonly failureDetail: unknown;
  readonly actorId: number;
  readonly createdAt: Date;
  readonly checkedAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly endedAt: Date | null;
  readonly expiresAt: Date;
}

const columns = `i.id, i.kind, i.mode, i.source, i.state, i.product_id as "productId", i.file_name as "fileName", i.options, i.bytes,
  i.encoding, i.format, i.lines, i.good, i.bad, i.in_file as "inFile", i.in_stock as "inStock", i.sold, i.added, i.late, i.summary,
  i.failure_code as "failureCode", i.failure_detail as "failureDetail", i.actor_id as "actorId", i.created_at as "createdAt",
  i.checked_at as "checkedAt", i.confirmed_at as "confirmedAt", i.ended_at as "endedAt", i.expires_at as "expiresAt"`;

const begin = statement<{ id: number }, [ImportKind, Mode, string, number | null, string, string, number]>(
  'import_begin',
  `with fresh as (
     insert into imports (kind, mode, source, product_id, file_name, options, actor_id) values ($1, $2, $3, $4, $5, $6::jsonb, $7)
     returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $7, 'import_begun', jsonb_strip_nulls(jsonb_build_object('import', id, 'kind', $1::text, 'product', $4::bigint)) from fresh
   )
   select id from fresh`,
);

export async function beginImport(
  db: Queryable,
  given: Pick<ImportRow, 'kind' | 'mode' | 'source' | 'productId' | 'fileName' | 'options' | 'actorId'>,
): Promise<number> {
  const { kind, mode, source, productId, fileName, options, actorId } = given;
  return one(await begin(db, [kind, mode, source, productId, fileName, JSON.stringify(options), actorId])).id;
}

const chunk = statement<{ sealed: Buffer }, [number, number]>(
  'import_chunk_read',
  'select sealed from import_chunks where import_id = $1 and n = $2',
);

/** A sealed piece of the file, or undefined past its end. */
export async function importChunk(db: Queryable, id: number, n: number): Promise<Buffer | undefined> {
  return (await chunk(db, [id, n]))[0]?.sealed;
}

/** What the blocks of import $1 say of themselves. */
export const blocksSay = `(select coalesce(sum(b.added), 0)::int as added, coalesce(sum(b.late), 0)::int as late from import_blocks b where b.import_id = $1) c`;
const note = statement<object, [number]>(
  'import_note',
  `update imports i set added = greatest(i.added, c.added), late = greatest(i.late, c.late),
     next_look_at = case i.state when 'confirmed' then now() + interval '15 seconds' else i.next_look_at end
   from ${blocksSay} where i.id = $1`,
);
/** Counts what is in, by what the blocks say, so it is never off; of two that note at once the one that saw less must not win. */
export async function noteBlocks(db: Queryable, id: number): Promise<void> {
  await note(db, [id]);
}

// First of all: a block on its way into the pool is waited for, and none begins meanwhile (see `bringBlock`).
const stopped = `stopped as materialized (select $1::bigint as id, pg_advisory_xact_lock(${advisory.importBlocks}, $1::int))`;
const move = statement<{ id: number }, [number, ImportState[], ImportState, number, string, string | null]>(
  'import_move',
  `with ${stopped}, moved as (
     update imports i set state = $3, next_look_at = now(),
       confirmed_at = case when $3 = 'confirmed' then now() else confirmed_at end,
       ended_at = case when $3 in ('done', 'failed', 'cancelled', 'expired') then now() end
     from stopped s where i.id = s.id and i.state = any ($2) and ($6::uuid is null or i.sender = $6) returning i.id, i.product_id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $4, 'import_' || $3, jsonb_strip_nulls(jsonb_build_object('import', id, 'product', product_id)) || $5::jsonb from moved
   )
   select id from moved`,
);

/** Moves an import between states, audited; false if it was in none of `from`, or somebody else sends it. */
export async function moveImport(
  db: Queryable,
  id: number,
  from: readonly ImportState[],
  to: ImportState,
  actorId: number,
  detail: object = {},
  sender: string | null = null,
): Promise<boolean> {
  const moved = (await move(db, [id, [...from], to, actorId, JSON.stringify(detail), sender])).length > 0;
  // Of a statement of its own, which sees the block that was waited for.
  if (moved && from.includes('confirmed')) await noteBlocks(db, id);
  return moved;
}

const fail = statement<{ id: number }, [number, ErrorCode, string, readonly ImportState[]]>(
  'import_fail',
  `with ${stopped}, failed as (
     update imports i set state = 'failed', ended_at = now(), failure_code = $2, failure_detail = $3::jsonb
     from stopped s where i.id = s.id and i.state = any ($4) returning i.id, i.actor_id, i.product_id
   )
   insert into audit (actor_id, action, detail)
   select actor_id, 'import_failed', jsonb_strip_nulls(jsonb_build_object('import', id, 'code', $2::text, 'product', product_id)) from failed
   returning id`,
);
/** An import ends with a reason, if it is in one of these states. */
export async function failImport(
  db: Queryable,
  id: number,
  from: readonly ImportState[],
  code: ErrorCode,
  detail: unknown = null,
): Promise<void> {
  if ((await fail(db, [id, code, JSON.stringify(detail), from])).length > 0) await dropPieces(db, id);
}

// So many at a time: half a gigabyte takes longer to delete than a statement may.
const somePieces = statement<object, [number]>(
  'import_pieces_drop',
  `with gone as (
     delete from import_chunks where import_id = $1 and n = any (array(select n from import_chunks where import_id = $1 order by n limit 64)) returning n
   ) select from gone`,
);
/** The bytes as received go. */
export async function dropPieces(db: Queryable, id: number): Promise<void> {
  while ((await somePieces(db, [id])).length > 0);
}

const byId = statement<ImportRow, [number]>('import_by_id', `select ${columns} from imports i where i.id = $1`);
const find = statement<ImportRow, [ImportKind, number | null, number | null, number]>(
  'imports_find',
  `select ${columns} from imports i where i.kind = $1 and ($2::bigint is null or i.id < $2) and ($3::bigint is null or i.product_id = $3)
   order by i.id desc limit $4`,
);

export async function importById(db: Queryable, id: number): Promise<ImportRow | undefined> {
  return (await byId(db, [id]))[0];
}
export function findImports(
  db: Queryable,
  kind: ImportKind,
  filter: { after?: number | undefined; productId?: number | undefined; limit: number },
): Promise<ImportRow[]> {
  return find(db, [kind, filter.after ?? null, filter.productId ?? null, filter.limit]);
}

const due = statement<{ id: number }, [number]>(
  'imports_due',
  `update imports set next_look_at = now() + case state when 'ready' then interval '10 minutes' else interval '15 seconds' end
   where id = any (array(select id from imports where state in ('received', 'ready', 'confirmed', 'cancelled') and next_look_at <= now()
     order by next_look_at limit $1 for no key update skip locked)) returning id`,
);
/** Imports whose workflow is to be started or woken; they come back if nothing moves them. */
export async function dueImports(db: Queryable, limit = 20): Promise<number[]> {
  return (await due(db, [limit])).map((row) => row.id);
}

const abandoned = statement<{ id: number }, []>(
  'imports_abandoned',
  `with gone as (
     update imports set state = 'expired', ended_at = now()
     where state = 'receiving' and coalesce(sender_at, created_at) < now() - interval '1 hour' returning id
   )
   select id from gone
   union select c.import_id from import_chunks c join imports i on i.id = c.import_id
   where i.state in ('done', 'failed', 'cancelled', 'expired')`,
);
/** Uploads that broke off, and what is left of files whose import ended. */
export async function dropAbandonedImports(pool: Pool): Promise<void> {
  for (const { id } of await abandoned(pool, [])) await dropPieces(pool, id);
}
