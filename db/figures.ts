/**
 * The figures of a window (E3). One pass over the orders paid in it; the failures come from the side of the tasks,
 * which are few. A day of 33,000 orders took 160 ms on two cores that were busy with other work; numeric instead of
 * float8 for the milliseconds took 200.
 */
import { noFailure, promiseSeconds } from '../domain/failure-rate.ts';
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export interface Figures {
  /** What the row is about: all of the window, an hour, a product, or a payment account. */
  readonly hour: number | null;
  readonly productId: number | null;
  readonly accountId: number | null;
  readonly whole: boolean;
  readonly paid: number;
  readonly delivered: number;
  readonly failed: number;
  readonly averageMs: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** The orders of a window with what became of them: `failed` is the one definition of domain/failure-rate.ts. */
const judged = `
   failing as materialized (
     select distinct order_id from tasks where opened_at >= $2 and order_id is not null and code !~ '${noFailure}'
   ), judged as (
     select o.product_id, o.account_id, o.paid_at, o.released_at is not null as delivered,
       extract(epoch from o.released_at - coalesce(o.cleared_at, o.paid_at))::float8 * 1000 as ms,
       f.order_id is not null
       or coalesce(o.released_at, case when o.state in ('paid', 'waiting_stock', 'attention') then now() end)
          > coalesce(o.cleared_at, o.paid_at) + interval '${promiseSeconds} seconds' as failed
     from orders o left join failing f on f.order_id = o.id
     where o.mode = $1 and o.paid_at >= $2 and o.paid_at < $3
   )`;

const figures = statement<Figures, [Mode, Date, Date]>(
  'figures_of_window',
  `with ${judged}
   select h as hour, product_id as "productId", account_id as "accountId", grouping(h, product_id, account_id) = 7 as whole,
     count(*)::int as paid, (count(*) filter (where delivered))::int as delivered, (count(*) filter (where failed))::int as failed,
     round(avg(ms)::numeric)::int as "averageMs",
     round(percentile_cont(0.5) within group (order by ms)::numeric)::int as "p50Ms",
     round(percentile_cont(0.99) within group (order by ms)::numeric)::int as "p99Ms"
   from (select *, floor(extract(epoch from paid_at - $2)::float8 / 3600)::int as h from judged) j
   group by grouping sets ((), (h), (product_id), (account_id))`,
);
export function figuresOf(db: Queryable, mode: Mode, from: Date, to: Date): Promise<Figures[]> {
  return figures(db, [mode, from, to]);
}

const rate = statement<{ paid: number; failed: number }, [Mode, Date, Date]>(
  'failure_rate_of_window',
  `with ${judged} select count(*)::int as paid, (count(*) filter (where failed))::int as failed from judged`,
);
export async function failuresOf(
  db: Queryable,
  mode: Mode,
  from: Date,
  to: Date,
): Promise<{ paid: number; failed: number }> {
  return (await rate(db, [mode, from, to]))[0] ?? { paid: 0, failed: 0 };
}

export interface Reason {
  readonly code: string;
  readonly sku: string;
  readonly productName: string;
  /** Whom the order was bought from last, if from anybody. */
  readonly supplier: string | null;
  readonly day: string;
  readonly count: number;
}
const reasons = statement<Reason, [Mode, Date, Date, string]>(
  'failure_reasons',
  `select k.code, p.sku, p.name as "productName", b.name as supplier, to_char(k.opened_at at time zone $4, 'YYYY-MM-DD') as day, count(distinct k.order_id)::int as count
   from tasks k join orders o on o.id = k.order_id join products p on p.id = o.product_id
   left join lateral (select s.name from purchases u join supplier_accounts s on s.id = u.supplier_id where u.order_id = o.id order by u.id desc limit 1) b on true
   where o.mode = $1 and k.opened_at >= $2 and k.opened_at < $3 and k.code !~ '${noFailure}'
   group by 1, 2, 3, 4, 5 order by count(distinct k.order_id) desc limit 2000`,
);
/** Failures by reason, product and day of the shop's zone. */
export function failureReasons(db: Queryable, mode: Mode, from: Date, to: Date, zone: string): Promise<Reason[]> {
  return reasons(db, [mode, from, to, zone]);
}

export interface Names {
  readonly products: Readonly<Record<string, { sku: string; name: string }>>;
  readonly accounts: Readonly<Record<string, { name: string; provider: string }>>;
}
const names = statement<Names, [number[], number[]]>(
  'figures_names',
  `select coalesce((select jsonb_object_agg(id, jsonb_build_object('sku', sku, 'name', name)) from products where id = any ($1::bigint[])), '{}') as products,
     coalesce((select jsonb_object_agg(id, jsonb_build_object('name', name, 'provider', provider)) from payment_accounts where id = any ($2::bigint[])), '{}') as accounts`,
);
export async function namesOf(
  db: Queryable,
  productIds: readonly number[],
  accountIds: readonly number[],
): Promise<Names> {
  return (await names(db, [[...productIds], [...accountIds]]))[0] ?? { products: {}, accounts: {} };
}

export interface Today {
  readonly byHand: number;
  readonly openTasks: number;
  readonly oldestTask: Date | null;
  readonly waiting: number;
}
const today = statement<Today, [Mode, Date]>(
  'figures_today',
  `select
     (select count(*)::int from order_actions x join orders o on o.id = x.order_id
      where o.mode = $1 and x.at >= $2 and x.kind in ('deliver_by_hand', 'deliver_from_pool')) as "byHand",
     (select count(*)::int from tasks where closed_at is null) as "openTasks",
     (select min(opened_at) from tasks where closed_at is null) as "oldestTask",
     (select count(*)::int from orders where mode = $1 and paid_at is not null and done_at is null and released_at is null) as waiting`,
);
export async function todayOf(db: Queryable, mode: Mode, from: Date): Promise<Today> {
  return (await today(db, [mode, from]))[0] ?? { byHand: 0, openTasks: 0, oldestTask: null, waiting: 0 };
}

const dayStart = statement<{ start: Date }, [string, number]>(
  'shop_day_start',
  `select (date_trunc('day', now() at time zone $1) - $2 * interval '1 day') at time zone $1 as start`,
);
/** Midnight of the shop, so many days ago: the dashboard's "today" is the shop's. */
export async function shopDayStart(db: Queryable, zone: string, daysAgo = 0): Promise<Date> {
  return (await dayStart(db, [zone, daysAgo]))[0]?.start ?? new Date();
}
