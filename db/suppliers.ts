/** Supplier accounts of the operator, and what is known of their health. */
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export interface StoredSupplier {
  readonly id: number;
  readonly kind: string;
  readonly mode: Mode;
  readonly name: string;
  readonly currency: string;
  readonly config: Buffer;
  readonly enabled: boolean;
  readonly maxParallel: number;
  readonly lowBalanceMinor: number | null;
}

export interface SupplierHealth {
  readonly balanceMinor: number | null;
  readonly balanceAt: Date | null;
  readonly breakerUntil: Date | null;
  /** Of the last hour. */
  readonly calls: number;
  readonly troubles: number;
  readonly refusals: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly lastTrouble: string | null;
  readonly lastTroubleAt: Date | null;
  /** Purchases that are not ended. */
  readonly open: number;
}

const columns = `s.id, s.kind, s.mode, s.name, s.currency, s.config, s.enabled, s.max_parallel as "maxParallel",
  s.low_balance_minor as "lowBalanceMinor"`;
const byId = statement<StoredSupplier, [number]>(
  'supplier_by_id',
  `select ${columns} from supplier_accounts s where s.id = $1`,
);
const list = statement<StoredSupplier & SupplierHealth, [Mode | null]>(
  'supplier_list',
  `select ${columns}, s.balance_minor as "balanceMinor", s.balance_at as "balanceAt",
          case when s.breaker_until > now() then s.breaker_until end as "breakerUntil",
          h.calls, h.troubles, h.refusals, h.p50 as "p50Ms", h.p99 as "p99Ms",
          t.code as "lastTrouble", t.at as "lastTroubleAt", w.open
   from supplier_accounts s
   cross join lateral (
     select count(*)::int as calls, count(*) filter (where verdict = 'trouble')::int as troubles,
            count(*) filter (where verdict = 'refused')::int as refusals,
            percentile_disc(0.5) within group (order by ms) as p50, percentile_disc(0.99) within group (order by ms) as p99
     from supplier_calls c where c.supplier_id = s.id and c.at > now() - interval '1 hour'
   ) h
   left join lateral (
     select code, at from supplier_calls c where c.supplier_id = s.id and c.verdict = 'trouble' order by at desc limit 1
   ) t on true
   cross join lateral (
     select count(*)::int as open from purchases p
     where p.supplier_id = s.id and p.state in ('planned', 'placing', 'accepted', 'unknown', 'review')
   ) w
   where $1::text is null or s.mode = $1 order by s.id limit 500`,
);
const nextId = statement<{ id: number }, []>(
  'supplier_next_id',
  `select nextval(pg_get_serial_sequence('supplier_accounts', 'id')) as id`,
);
const insert = statement<
  { id: number },
  [number, string, Mode, string, string, Buffer, boolean, number, number | null, number]
>(
  'supplier_insert',
  `with fresh as (
     insert into supplier_accounts (id, kind, mode, name, currency, config, enabled, max_parallel, low_balance_minor)
     overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (mode, name) do nothing returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $10, 'supplier_created', jsonb_build_object('supplier', id) from fresh
   )
   select id from fresh`,
);
const update = statement<{ id: number }, [number, string, Buffer, boolean, number, number | null, number, string]>(
  'supplier_update',
  `with changed as (
     update supplier_accounts set name = $2, config = $3, enabled = $4, max_parallel = $5, low_balance_minor = $6,
       breaker_failures = 0, breaker_level = 0, breaker_until = null
     where id = $1
       and not exists (select from supplier_accounts o where o.mode = supplier_accounts.mode and o.name = $2 and o.id <> $1)
     returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $7, 'supplier_changed', jsonb_build_object('supplier', id, 'changed', $8::jsonb) from changed
   )
   select id from changed`,
);
export async function supplierById(db: Queryable, id: number): Promise<StoredSupplier | undefined> {
  return (await byId(db, [id]))[0];
}

/** All accounts with their health of the last hour. */
export function listSuppliers(db: Queryable, mode: Mode | null): Promise<(StoredSupplier & SupplierHealth)[]> {
  return list(db, [mode]);
}

/** The id comes first: the sealed configuration is bound to it. */
export async function reserveSupplierId(db: Queryable): Promise<number> {
  const row = (await nextId(db, []))[0];
  if (!row) throw new Error('supplier_next_id gave no row');
  return row.id;
}

/** False if the name is taken in that mode. */
export async function insertSupplier(db: Queryable, s: StoredSupplier, actorId: number): Promise<boolean> {
  const values = [s.id, s.kind, s.mode, s.name, s.currency, s.config, s.enabled, s.maxParallel, s.lowBalanceMinor] as const; // prettier-ignore
  return (await insert(db, [...values, actorId])).length > 0;
}

/** Also closes the breaker: what was changed may be what was wrong. `changed`: names of fields, never values. */
export async function updateSupplier(
  db: Queryable,
  s: Omit<StoredSupplier, 'kind' | 'mode' | 'currency'>,
  changed: readonly string[],
  actorId: number,
): Promise<boolean> {
  const values = [s.id, s.name, s.config, s.enabled, s.maxParallel, s.lowBalanceMinor] as const;
  return (await update(db, [...values, actorId, JSON.stringify(changed)])).length > 0;
}
