/** Every call to a supplier leaves a row, and moves the breaker that all processes share. */
import { afterCall, type CallVerdict } from '../domain/breaker.ts';
import { actors } from './locks.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export type SupplierCall = 'place' | 'find' | 'fetch' | 'cancel' | 'quote' | 'balance' | 'catalogue';

export interface CallRecord {
  readonly supplierId: number;
  readonly call: SupplierCall;
  readonly verdict: CallVerdict;
  readonly code: string | null;
  readonly ms: number;
}

const record = statement<
  { failures: number; level: number },
  [number, SupplierCall, CallVerdict, string | null, number]
>(
  'supplier_call_record',
  `with noted as (
     insert into supplier_calls (supplier_id, call, verdict, code, ms) values ($1, $2, $3, $4, $5)
   )
   select breaker_failures as failures, breaker_level as level from supplier_accounts where id = $1 for update`,
);
const move = statement<object, [number, number, number, number | null, boolean]>(
  'supplier_breaker_move',
  `with moved as (
     update supplier_accounts set breaker_failures = $2, breaker_level = $3,
       breaker_until = case when $4::int is null then null else now() + $4 * interval '1 millisecond' end
     where id = $1 returning id
   ), told as (
     insert into tasks (code, detail)
     select 'SUPPLIER_SICK', jsonb_build_object('supplier', id) from moved
     where $5 and not exists (select from tasks where code = 'SUPPLIER_SICK' and closed_at is null and detail = jsonb_build_object('supplier', $1::bigint))
   ), eased as (
     update tasks set closed_at = now(), closed_by = ${actors.automation}
     where $4::int is null and code = 'SUPPLIER_SICK' and closed_at is null and detail = jsonb_build_object('supplier', $1::bigint)
   )
   insert into audit (actor_id, action, detail)
   select ${actors.automation}, 'supplier_breaker_open', jsonb_build_object('supplier', id) from moved where $5`,
);
const drop = statement<{ n: number }, [number]>(
  'supplier_calls_drop',
  `with gone as (
     delete from supplier_calls where ctid = any (array(select ctid from supplier_calls where at < now() - interval '7 days' limit $1))
     returning 1
   ) select count(*)::int as n from gone`,
);
const open = statement<{ id: number }, [number, number]>(
  'supplier_breaker_reset',
  `with closed as (
     update supplier_accounts set breaker_failures = 0, breaker_level = 0, breaker_until = null where id = $1 returning id
   ), eased as (
     update tasks set closed_at = now(), closed_by = $2
     where code = 'SUPPLIER_SICK' and closed_at is null and detail = jsonb_build_object('supplier', $1::bigint)
   ), noted as (
     insert into audit (actor_id, action, detail) select $2, 'supplier_breaker_reset', jsonb_build_object('supplier', id) from closed
   )
   select id from closed`,
);

/** Keeps the call and moves the breaker under its row lock. People are told when it opens. */
export async function recordCall(pool: Pool, call: CallRecord): Promise<void> {
  await transaction(pool, async (tx) => {
    const [row] = await record(tx, [call.supplierId, call.call, call.verdict, call.code, Math.round(call.ms)]);
    if (!row) return;
    const next = afterCall(row, call.verdict);
    if (next.failures === row.failures && next.level === row.level && next.openMs === null) return;
    // Only the first opening is news; each probe that fails opens it again.
    await move(tx, [call.supplierId, next.failures, next.level, next.openMs, next.openMs !== null && row.level === 0]);
  });
}

/** A person says that the supplier is well. False if there is no such account. */
export async function resetBreaker(db: Queryable, supplierId: number, actorId: number): Promise<boolean> {
  return (await open(db, [supplierId, actorId])).length > 0;
}

/** Removes rows older than a week, some at a time; returns how many. */
export async function dropOldCalls(db: Queryable, limit = 2_000): Promise<number> {
  return (await drop(db, [limit]))[0]?.n ?? 0;
}
