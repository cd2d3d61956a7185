/**
 * Rotations of data keys (rule 18): a new key for a ring, all rows of the ring re-encrypted under it table by table, and
 * the old keys retired when nothing uses them. Resumable by the place in its row.
 */
import { KnownError } from '../domain/errors.ts';
import { sealedPlaces, type RotatedRing, type SealedPlace } from '../domain/sealed-places.ts';
import { actors } from './locks.ts';
import { sqlState, statement, type Queryable, type Transaction } from './sql.ts';

export interface TableProgress {
  readonly table: SealedPlace;
  /** Rows looked at in the round that runs or ran last. */
  readonly rows: number;
  /** Cells that were re-encrypted. */
  readonly done: number;
  /** Cells that do not open. Left as they are, they are evidence; while there are any, no key retires. */
  readonly broken: number;
  readonly state: 'waiting' | 'running' | 'done';
}

/** Where a rotation stands: which table, after which row, and what was met on the way. */
export interface RotationPlace {
  readonly at: number;
  readonly after: readonly string[] | null;
  /** Rows were passed over that somebody held: another round of this table. */
  readonly left: boolean;
  readonly tables: readonly TableProgress[];
}

export interface RotationRow {
  readonly id: number;
  readonly ring: RotatedRing;
  readonly keyId: number;
  readonly state: 'running' | 'done';
  readonly place: RotationPlace;
  readonly done: number;
  readonly total: number;
  /** The code of what it stumbled over; it is tried again each minute. Null while it goes on. */
  readonly failure: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}
const columns = `id, ring, key_id as "keyId", state, place, done, total, failure, started_at as "startedAt", ended_at as "endedAt"`;

/** The tables of a ring, in the order in which they are walked. */
export function tablesOf(ring: RotatedRing): readonly SealedPlace[] {
  return ring === 'codec' ? [] : sealedPlaces[ring];
}

const start = statement<{ id: number }, [RotatedRing, string, Buffer, number, string, string[]]>(
  'rotation_start',
  `with fresh as (
     -- Not by a process that still has the master key of before: the next start could not open it.
     insert into data_keys (ring, kek_id, wrapped)
     select $1, $2, $3 where not exists (select from data_keys where kek_id <> $2) returning id
   ), begun as (
     insert into key_rotations (ring, key_id, actor_id, place, total)
     select $1, id, $4, $5::jsonb, coalesce((select sum(greatest(c.reltuples, 0)) from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relname = any ($6)), 0)::bigint
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
  const tables = tablesOf(ring);
  const place: RotationPlace = {
    at: 0,
    after: null,
    left: false,
    tables: tables.map((table) => ({ table, rows: 0, done: 0, broken: 0, state: 'waiting' })),
  };
  try {
    const begun = (await start(db, [ring, key.kekId, key.wrapped, actorId, JSON.stringify(place), [...tables]]))[0];
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
const due = `state = 'running' and started_at < now() - interval '35 seconds' and (retry_at is null or retry_at <= now())`;
const running = statement<Pick<RotationRow, 'id' | 'ring' | 'keyId'>, []>(
  'rotations_running',
  `select id, ring, key_id as "keyId" from key_rotations where ${due} order by id`,
);
/** Rotations that may go on, the oldest first. */
export function runningRotations(db: Queryable): Promise<Pick<RotationRow, 'id' | 'ring' | 'keyId'>[]> {
  return running(db, []);
}
const lock = statement<RotationRow, [number]>(
  'rotation_lock',
  `select ${columns} from key_rotations where id = $1 and ${due} for update skip locked`,
);
/** The rotation until the transaction ends; undefined if it is over, or another process works at it. */
export async function lockRotation(tx: Transaction, id: number): Promise<RotationRow | undefined> {
  return (await lock(tx, [id]))[0];
}

const move = statement<object, [number, string, number]>(
  'rotation_move',
  `with moved as (
     update key_rotations r set place = $2::jsonb, done = r.done + $3, failure = null, retry_at = null
     from key_rotations old where r.id = $1 and old.id = r.id returning r.ring, old.failure
   )
   update tasks t set closed_at = now(), closed_by = ${actors.automation} from moved
   where moved.failure is not null and t.code = 'ROTATION_STUCK' and t.closed_at is null and t.detail ->> 'ring' = moved.ring`,
);
export async function moveRotation(tx: Transaction, id: number, place: RotationPlace, done: number): Promise<void> {
  await move(tx, [id, JSON.stringify(place), done]);
}

const stuck = statement<object, [number, string]>(
  'rotation_stuck',
  `with failed as (
     update key_rotations set failure = $2, retry_at = now() + interval '1 minute' where id = $1 and state = 'running'
     returning ring, place -> 'tables' -> (place ->> 'at')::int ->> 'table' as at
   )
   insert into tasks (code, detail)
   select 'ROTATION_STUCK', jsonb_strip_nulls(jsonb_build_object('ring', ring, 'table', at, 'reason', $2::text)) from failed
   where not exists (select from tasks t where t.code = 'ROTATION_STUCK' and t.closed_at is null and t.detail ->> 'ring' = ring)`,
);
/** It cannot go on: a task says so while it lasts, and it is tried again in a minute. `reason`: a code, nothing secret. */
export async function noteStuck(db: Queryable, id: number, reason: string): Promise<void> {
  await stuck(db, [id, reason]);
}

const end = statement<object, [number, boolean]>(
  'rotation_end',
  `with ended as (
     update key_rotations set state = 'done', ended_at = now(), total = done, failure = null, retry_at = null where id = $1 returning id, ring, key_id, done, place
   ), retired as (
     update data_keys k set state = 'retired', retired_at = now() from ended
     where $2 and k.ring = ended.ring and k.id < ended.key_id and k.state = 'active' returning k.id
   ), superseded as (
     update tasks t set closed_at = now(), closed_by = ${actors.automation} from ended
     where t.code in ('ROTATION_STUCK', 'ROTATION_BROKEN') and t.closed_at is null and t.detail ->> 'ring' = ended.ring
   ), asked as (
     insert into tasks (code, detail)
     select 'ROTATION_BROKEN', jsonb_build_object('ring', ring, 'tables', jsonb_object_agg(x.t ->> 'table', x.t -> 'broken'))
     from ended, lateral jsonb_array_elements(ended.place -> 'tables') x (t) where (x.t ->> 'broken')::int > 0 group by ring
   )
   insert into audit (actor_id, action, detail)
   select ${actors.automation}, 'key_rotation_done', jsonb_build_object('ring', ring, 'rows', done,
     'retired', coalesce((select jsonb_agg(id order by id) from retired), '[]')) from ended`,
);
/** All rows that open are under the new key; a task names what does not. `retire`: nothing is under the older ones. */
export async function endRotation(tx: Transaction, id: number, retire: boolean): Promise<void> {
  await end(tx, [id, retire]);
}

// What a codec key sealed ends with the histories: of a workflow that is open it is needed, and 30 days after its end.
const codec = statement<{ id: number }, []>(
  'codec_keys_retire',
  `with old as materialized (
     select k.id, min(n.created_at) + interval '1 minute' as until from data_keys k join data_keys n on n.ring = 'codec' and n.id > k.id
     where k.ring = 'codec' and k.state = 'active' group by k.id having min(n.created_at) < now() - interval '30 days'
   ), unused as materialized (
     select o.id from old o
     where not exists (select from orders x where x.paid_at is not null and x.created_at < o.until and (x.done_at is null or x.done_at > now() - interval '30 days'))
       and not exists (select from cases x where x.opened_at < o.until and (x.closed_at is null or x.closed_at > now() - interval '30 days'))
       and not exists (select from imports x where x.created_at < o.until and (x.ended_at is null or x.ended_at > now() - interval '30 days'))
   ), retired as (
     update data_keys set state = 'retired', retired_at = now() where id in (select id from unused) returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select ${actors.automation}, 'data_key_retired', jsonb_build_object('ring', 'codec', 'key', id) from retired
   )
   select id from retired`,
);
/** Retires codec keys that no history can need any more; how many. */
export async function retireCodecKeys(db: Queryable): Promise<number> {
  return (await codec(db, [])).length;
}
