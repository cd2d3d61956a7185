/** Object stores, whose objects are goods. */
import type { Mode } from '../domain/order.ts';
import { one, statement, type Queryable } from './sql.ts';

export interface StoredStore {
  readonly id: number;
  readonly mode: Mode;
  readonly name: string;
  /** Sealed. */
  readonly config: Buffer;
  /** Products that lead there. */
  readonly products: number;
}

const columns = `s.id, s.mode, s.name, s.config, (select count(*)::int from product_links l where l.store_id = s.id) as products`;
const all = statement<StoredStore, []>('stores_all', `select ${columns} from object_stores s order by s.mode, s.name limit 200`); // prettier-ignore
const byId = statement<StoredStore, [number]>('store_by_id', `select ${columns} from object_stores s where s.id = $1`);
const reserve = statement<{ id: number }, []>(
  'store_reserve',
  `select nextval(pg_get_serial_sequence('object_stores', 'id')) as id`,
);
const insert = statement<{ id: number }, [number, Mode, string, Buffer, number]>(
  'store_insert',
  `with fresh as (
     insert into object_stores (id, mode, name, config) overriding system value values ($1, $2, $3, $4)
     on conflict (mode, name) do nothing returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $5, 'store_added', jsonb_build_object('store', id, 'name', $3::text) from fresh
   )
   select id from fresh`,
);
const update = statement<{ id: number }, [number, string, Buffer, number, string[]]>(
  'store_update',
  `with changed as (
     update object_stores s set name = $2, config = $3, updated_at = now()
     where id = $1 and not exists (select from object_stores o where o.mode = s.mode and o.name = $2 and o.id <> $1) returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $4, 'store_changed', jsonb_build_object('store', id, 'fields', to_jsonb($5::text[])) from changed
   )
   select id from changed`,
);

export function listStores(db: Queryable): Promise<StoredStore[]> {
  return all(db, []);
}

export async function storeById(db: Queryable, id: number): Promise<StoredStore | undefined> {
  return (await byId(db, [id]))[0];
}

/** The id comes first: the configuration is sealed to it. */
export async function reserveStoreId(db: Queryable): Promise<number> {
  return one(await reserve(db, [])).id;
}

/** False if the name is taken. */
export async function insertStore(
  db: Queryable,
  s: { id: number; mode: Mode; name: string; config: Buffer },
  actorId: number,
): Promise<boolean> {
  return (await insert(db, [s.id, s.mode, s.name, s.config, actorId])).length > 0;
}

/** False if the name is taken. `fields`: what changed, for the audit; never a value. */
export async function updateStore(
  db: Queryable,
  s: { id: number; name: string; config: Buffer },
  fields: readonly string[],
  actorId: number,
): Promise<boolean> {
  return (await update(db, [s.id, s.name, s.config, actorId, [...fields]])).length > 0;
}
