/** Which suppliers are to be asked for the balance, and what is said when it is low. */
import { actors } from './locks.ts';
import { statement, type Queryable } from './sql.ts';
import type { StoredSupplier } from './suppliers.ts';

const due = statement<StoredSupplier, [number]>(
  'supplier_balances_due',
  `with due as (
     select id from supplier_accounts where enabled and balance_due_at <= now() and (breaker_until is null or breaker_until <= now())
     order by balance_due_at limit $1 for update skip locked
   )
   update supplier_accounts s set balance_due_at = now() + interval '5 minutes' from due where s.id = due.id
   returning s.id, s.kind, s.mode, s.name, s.currency, s.config, s.enabled, s.max_parallel as "maxParallel",
     s.low_balance_minor as "lowBalanceMinor"`,
);
const read = statement<object, [number, number]>(
  'supplier_balance_read',
  `with known as (
     update supplier_accounts set balance_minor = $2, balance_at = now() where id = $1
     returning id, low_balance_minor > $2 as low
   ), told as (
     insert into tasks (code, detail)
     select 'SUPPLIER_LOW_BALANCE', jsonb_build_object('supplier', id) from known
     where low and not exists (select from tasks where code = 'SUPPLIER_LOW_BALANCE' and closed_at is null and detail = jsonb_build_object('supplier', $1::bigint))
   )
   update tasks set closed_at = now(), closed_by = ${actors.automation}
   where code = 'SUPPLIER_LOW_BALANCE' and closed_at is null and detail = jsonb_build_object('supplier', $1::bigint)
     and exists (select from known where low is not true)`,
);

/** Takes accounts whose balance is due; nobody else asks for it in the next five minutes. */
export function dueBalances(db: Queryable, limit = 10): Promise<StoredSupplier[]> {
  return due(db, [limit]);
}

/** Keeps a balance. Below the account's warning level a task is opened once, and closed when it is above again. */
export async function keepBalance(db: Queryable, supplierId: number, balanceMinor: number): Promise<void> {
  await read(db, [supplierId, balanceMinor]);
}
