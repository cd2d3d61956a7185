/**
 * Re-encryption (rule 18): `update … where id = $1 and ciphertext = $old`, touching no other column, a few rows at a
 * time, resumable by the place in its row. A row that somebody holds is passed over and found by the next round.
 */
import { KnownError } from '../domain/errors.ts';
import type { Ring } from './data-keys.ts';
import { actors } from './locks.ts';
import { one, sqlState, statement, type Queryable } from './sql.ts';

export type RotatedRing = 'card' | 'contact';
export interface RotationRow {
  readonly id: number;
  readonly ring: RotatedRing;
  readonly keyId: number;
  readonly state: 'running' | 'done';
  readonly place: { readonly after?: number; readonly left?: boolean };
  readonly done: number;
  readonly total: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}
const columns = `id, ring, key_id as "keyId", state, place, done, total, started_at as "startedAt", ended_at as "endedAt"`;

const start = statement<{ id: number }, [Ring, string, Buffer, number]>(
  'rotation_start',
  `with fresh as (
     -- Not by a process that still has the master key of before: the next start could not open it.
     insert into data_keys (ring, kek_id, wrapped)
     select $1, $2, $3 where not exists (select from data_keys where kek_id <> $2) returning id
   ), begun as (
     insert into key_rotations (ring, key_id, actor_id, total)
     select $1, id, $4, greatest((select reltuples from pg_class where oid = case $1 when 'card' then 'cards'::regclass else 'orders'::regclass end), 0)::bigint
     from fresh returning id, key_id
   ), noted as (
     insert into audit (actor_id, action, detail) select $4, 'key_rotation', jsonb_build_object('ring', $1::text, 'key', key_id) from begun
   )
   select id from begun`,
);
/** A new data key, and the promise to re-encrypt under it. Throws ROTATION_RUNNING, MASTER_KEY_CHANGED. */
export async function startRotation(
  db: Queryable,
  ring: RotatedRing,
  key: { kekId: string; wrapped: Buffer },
  actorId: number,
): Promise<number> {
  try {
    const begun = (await start(db, [ring, key.kekId, key.wrapped, actorId]))[0];
    if (!begun) throw new KnownError('MASTER_KEY_CHANGED');
    return begun.id;
  } catch (error) {
    throw sqlState(error) === '23505' ? new KnownError('ROTATION_RUNNING') : error;
  }
}

const recent = statement<RotationRow, []>(
  'rotations_recent',
  `select ${columns} from key_rotations order by id desc limit 20`,
);
export function recentRotations(db: Queryable): Promise<RotationRow[]> {
  return recent(db, []);
}
// Not before every process has read the new key: they look every ten seconds.
const running = statement<RotationRow, []>(
  'rotations_running',
  `select ${columns} from key_rotations where state = 'running' and started_at < now() - interval '35 seconds' order by id limit 1`,
);
export async function runningRotation(db: Queryable): Promise<RotationRow | undefined> {
  return (await running(db, []))[0];
}

export interface SealedCell {
  readonly id: number;
  /** What it is bound to: product and fingerprint, or the order's number. */
  readonly bound: string;
  readonly sealed: Buffer;
  readonly column: 'ciphertext' | 'contact' | 'remark' | 'token';
}
// Bytes 2–5 of sealed bytes are the number of their key.
const old = (column: string): string => `substring(${column} from 2 for 4) <> int4send($2::int)`;
const cards = statement<SealedCell, [number, number, number]>(
  'rotation_cards',
  `select id, product_id || ':' || encode(fingerprint, 'hex') as bound, ciphertext as sealed, 'ciphertext' as column
   from (select * from cards where id > $1 order by id limit $3) c where ${old('ciphertext')} order by id`,
);
const orders = statement<SealedCell, [number, number, number]>(
  'rotation_orders',
  `select o.id, o.no as bound, v.sealed, v.name as column
   from (select * from orders where id > $1 order by id limit $3) o,
     lateral (values ('contact', o.contact), ('remark', o.remark), ('token', o.token)) v (name, sealed)
   where v.sealed is not null and ${old('v.sealed')} order by o.id`,
);
const lastId = (table: string): string =>
  `select max(id) as id from (select id from ${table} where id > $1 order by id limit $2) page`;
const lastCard = statement<{ id: number | null }, [number, number]>('rotation_last_card', lastId('cards'));
const lastOrder = statement<{ id: number | null }, [number, number]>('rotation_last_order', lastId('orders'));

/** Cells of the next rows that are not under the key yet, and where the page ends; no end: there are no more rows. */
export async function rotationPage(
  db: Queryable,
  ring: RotatedRing,
  after: number,
  keyId: number,
  limit = 200,
): Promise<{ cells: SealedCell[]; end: number | null }> {
  const end = one(await (ring === 'card' ? lastCard : lastOrder)(db, [after, limit])).id;
  const cells = await (ring === 'card' ? cards : orders)(db, [after, keyId, limit]);
  return { cells, end };
}

const swap = (table: string, column: string): string =>
  `with mine as materialized (
     select c.id, t.fresh from unnest($1::bigint[], $2::bytea[], $3::bytea[]) as t (id, old, fresh)
     join ${table} c on c.id = t.id and c.${column} = t.old for update of c skip locked
   )
   update ${table} c set ${column} = mine.fresh from mine where c.id = mine.id returning c.id`;
type SwapParams = [number[], Buffer[], Buffer[]];
const swaps = {
  ciphertext: statement<{ id: number }, SwapParams>('rotation_swap_card', swap('cards', 'ciphertext')),
  contact: statement<{ id: number }, SwapParams>('rotation_swap_contact', swap('orders', 'contact')),
  remark: statement<{ id: number }, SwapParams>('rotation_swap_remark', swap('orders', 'remark')),
  token: statement<{ id: number }, SwapParams>('rotation_swap_token', swap('orders', 'token')),
};
/** Writes cells under their new key where nobody has changed or holds them; returns how many it did. */
export async function swapCells(
  db: Queryable,
  column: SealedCell['column'],
  cells: readonly { id: number; old: Buffer; fresh: Buffer }[],
): Promise<number> {
  if (cells.length === 0) return 0;
  return (await swaps[column](db, [cells.map((c) => c.id), cells.map((c) => c.old), cells.map((c) => c.fresh)])).length;
}

const move = statement<object, [number, string, number]>(
  'rotation_move',
  'update key_rotations set place = $2::jsonb, done = done + $3 where id = $1',
);
const end = statement<object, [number]>(
  'rotation_end',
  `with ended as (
     update key_rotations set state = 'done', ended_at = now(), total = done where id = $1 and state = 'running' returning id, ring, done
   )
   insert into audit (actor_id, action, detail)
   select ${actors.automation}, 'key_rotation_done', jsonb_build_object('ring', ring, 'rows', done) from ended`,
);
export async function moveRotation(
  db: Queryable,
  id: number,
  place: RotationRow['place'],
  done: number,
): Promise<void> {
  await move(db, [id, JSON.stringify(place), done]);
}
export async function endRotation(db: Queryable, id: number): Promise<void> {
  await end(db, [id]);
}
