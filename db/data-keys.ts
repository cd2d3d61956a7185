/** Wrapped data keys (rule 18). The master key that opens them is never in the database. */
import { actors, advisory } from './locks.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export type Ring = 'card' | 'contact' | 'secret' | 'codec' | 'index';
export interface StoredDataKey {
  readonly id: number;
  readonly ring: Ring;
  readonly kekId: string;
  readonly wrapped: Buffer;
  readonly state: 'active' | 'retired';
  readonly settled: boolean;
}

const all = statement<StoredDataKey, []>(
  'data_keys_all',
  `select id, ring, kek_id as "kekId", wrapped, state, created_at < now() - interval '30 seconds' as settled from data_keys order by id`,
);
const insert = statement<object, [Ring, string, Buffer]>(
  'data_key_insert',
  'insert into data_keys (ring, kek_id, wrapped) values ($1, $2, $3)',
);

export function loadDataKeys(db: Queryable): Promise<StoredDataKey[]> {
  return all(db, []);
}

const list = statement<
  { id: number; ring: Ring; state: 'active' | 'retired'; createdAt: Date; retiredAt: Date | null },
  []
>(
  'data_keys_list',
  `select id, ring, state, created_at as "createdAt", retired_at as "retiredAt" from data_keys order by id`,
);
/** The keys without their material, for people. */
export function keyList(
  db: Queryable,
): Promise<{ id: number; ring: Ring; state: 'active' | 'retired'; createdAt: Date; retiredAt: Date | null }[]> {
  return list(db, []);
}

/** Makes a first key for each ring that has none. Any number of processes may start at once. */
export async function ensureDataKeys(
  pool: Pool,
  rings: readonly Ring[],
  make: (ring: Ring) => Promise<{ kekId: string; wrapped: Buffer }>,
): Promise<StoredDataKey[]> {
  const present = await all(pool, []);
  if (rings.every((ring) => present.some((key) => key.ring === ring))) return present;
  return transaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [advisory.dataKeys]);
    const now = await all(tx, []);
    for (const ring of rings.filter((r) => !now.some((key) => key.ring === r))) {
      const { kekId, wrapped } = await make(ring);
      await insert(tx, [ring, kekId, wrapped]);
    }
    return all(tx, []);
  });
}

const rewrap = statement<{ id: number }, [number, string, string, Buffer]>(
  'data_key_rewrap',
  `with swapped as (
     update data_keys set kek_id = $3, wrapped = $4 where id = $1 and kek_id = $2 returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select ${actors.commandLine}, 'data_key_rewrapped', jsonb_build_object('key', id, 'from', $2::text, 'to', $3::text) from swapped
   )
   select id from swapped`,
);
/** A data key under another master key; false if somebody was faster. */
export async function rewrapDataKey(
  db: Queryable,
  id: number,
  from: string,
  to: string,
  wrapped: Buffer,
): Promise<boolean> {
  // prettier-ignore
  return (await rewrap(db, [id, from, to, wrapped])).length > 0;
}
