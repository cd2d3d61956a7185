/** What the loops of the worker look for. Rows are touched a few at a time, with `skip locked`. */
import { startColumns } from './outbox.ts';
import { statement, type Queryable } from './sql.ts';
import type { OrderStart } from './intake.ts';

export type OpenOrder = Omit<OrderStart, 'outboxId'>;

const expire = statement<{ id: number }, [number]>(
  'orders_expire',
  `update orders set state = 'expired' where id = any (array(
     select id from orders where state = 'unpaid' and expires_at < now() order by expires_at limit $1 for no key update skip locked))
   and state = 'unpaid' returning id`,
);
/** Unpaid orders past their time. They keep `next_query_at`: the provider is asked once more after expiry. */
export async function expireOrders(db: Queryable, limit = 200): Promise<number> {
  return (await expire(db, [limit])).length;
}

const overdue = statement<OpenOrder, [number]>(
  'orders_overdue',
  `with due as (
     select id from orders where done_at is null and paid_at is not null and next_deadline < now()
     order by next_deadline limit $1 for no key update skip locked
   ), pushed as (
     update orders set next_deadline = now() + case when released_at is null then interval '1 minute' else interval '1 hour' end
     where id = any (array(select id from due)) returning id
   )
   select ${startColumns} from pushed x join orders o on o.id = x.id join products p on p.id = o.product_id`,
);
/** Orders that stand still past their deadline; they come back if nothing moves them. */
export function overdueOrders(db: Queryable, limit = 100): Promise<OpenOrder[]> {
  return overdue(db, [limit]);
}

const open = statement<OpenOrder, [number, number]>(
  'orders_open',
  `select ${startColumns} from orders o join products p on p.id = o.product_id
   where o.done_at is null and o.paid_at is not null and o.id > $1 and o.paid_at < now() - interval '5 seconds'
   order by o.id limit $2`,
);
/** All orders that need a workflow, by id. */
export function openOrders(db: Queryable, afterId: number, limit = 200): Promise<OpenOrder[]> {
  return open(db, [afterId, limit]);
}

const opens = statement<{ n: number }, []>(
  'orders_open_count',
  `select count(*)::int as n from orders where done_at is null and paid_at is not null`,
);
/** How many orders need a workflow. */
export async function countOpen(db: Queryable): Promise<number> {
  return (await opens(db, []))[0]?.n ?? 0;
}

const among = statement<OpenOrder, [string[]]>(
  'orders_open_among',
  `select ${startColumns} from orders o join products p on p.id = o.product_id
   where o.no = any ($1::text[]) and o.done_at is null and o.paid_at is not null`,
);
/** Those of the given numbers that need a workflow. */
export function openAmong(db: Queryable, numbers: readonly string[]): Promise<OpenOrder[]> {
  return among(db, [[...numbers]]);
}

const finals = statement<{ no: string }, [string[]]>(
  'orders_final',
  'select no from orders where no = any ($1::text[]) and done_at is not null',
);
/** Those of the given numbers whose story is over. */
export async function doneOrders(db: Queryable, numbers: readonly string[]): Promise<string[]> {
  return (await finals(db, [[...numbers]])).map((row) => row.no);
}

const askAgain = statement<object, []>(
  'payment_queries_after_restore',
  `update orders set next_query_at = now() where state in ('unpaid', 'expired') and created_at > now() - interval '7 days'`,
);
/** After a restore the providers are asked about each recent order that the dump calls unpaid (rule 19). */
export async function askAboutRecentOrders(db: Queryable): Promise<void> {
  await askAgain(db, []);
}
