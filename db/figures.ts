/**
 * The figures of a window (E3): hours that are over come from their sums (see settle-figures.ts), the rest order by
 * order, by the same definition.
 */
import { noFailure } from '../domain/failure-rate.ts';
import type { Mode } from '../domain/order.ts';
import { judged, msOfStep, stepOf, thoseColumns } from './judged.ts';
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

// Hours that were counted are summed; orders are looked at only where none was: the hour that runs, the edges of the
// window, and orders that had not ended. `offset 0` keeps the planner from reading all orders for a few. `at` is the
// place of an hour (of UTC) in the window, level 3 of the sums.
const window = `
   counted as materialized (
     select hour from figure_hours where mode = $1 and hour >= $2 and hour + interval '1 hour' <= $3
   ), gaps as materialized (
     select greatest(g, $2) as a, least(g + interval '1 hour', $3) as b
     from generate_series(date_bin('1 hour', $2, 'epoch'), $3, interval '1 hour') g
     where g < $3 and not exists (select from counted c where c.hour = g)
   ), those as (
     select o.* from gaps g cross join lateral (
       select ${thoseColumns} from orders o where o.mode = $1 and o.paid_at >= g.a and o.paid_at < g.b offset 0) o
     union all
     select o.* from figure_open x join counted c on c.hour = x.hour cross join lateral (
       select ${thoseColumns} from orders o where o.id = x.order_id offset 0) o where x.mode = $1
   ), ${judged}`;
const at = (hour: string): string => `greatest(floor(extract(epoch from ${hour} - $2)::float8 / 3600)::int, 0)`;

export const figuresSql = `with ${window}, looked as materialized (
     select l.level, case l.level when 1 then j.product_id when 2 then coalesce(j.account_id, 0) when 3 then ${at(`date_bin('1 hour', j.paid_at, 'epoch')`)} else 0 end as ref,
       j.delivered, j.failed, j.ms
     from judged j cross join (values (0), (1), (2), (3)) l (level)
   ), settled as (
     select s.level, s.ref, s.paid, s.delivered, s.failed, s.timed, s.ms from counted c join figure_sums s on s.mode = $1 and s.hour = c.hour
     union all
     select 3, ${at('c.hour')}, s.paid, s.delivered, s.failed, s.timed, s.ms
     from counted c join figure_sums s on s.mode = $1 and s.hour = c.hour and s.level = 0
   ), sums as (
     select level, ref, sum(paid)::int as paid, sum(delivered)::int as delivered, sum(failed)::int as failed, sum(timed) as timed, sum(ms) as ms
     from (
       select * from settled
       union all
       select level, ref, count(*), count(*) filter (where delivered), count(*) filter (where failed), count(ms), coalesce(sum(ms), 0)
       from looked group by level, ref
     ) a group by level, ref
   ), times as (
     select level, ref, step, sum(n) as n from (
       select t.level, t.ref, t.step, t.n from counted c join figure_times t on t.mode = $1 and t.hour = c.hour
       union all
       select level, ref, ${stepOf('ms')}, 1 from looked where ms is not null and level < 3
     ) a group by level, ref, step
   ), running as (
     select level, ref, step, sum(n) over (partition by level, ref order by step) as upto, sum(n) over (partition by level, ref) as total from times
   ), middle as (
     select level, ref, min(step) filter (where upto >= total * 0.5) as p50, min(step) filter (where upto >= total * 0.99) as p99
     from running group by level, ref
   )
   select case s.level when 3 then s.ref end as hour, case s.level when 1 then s.ref end as "productId",
     case s.level when 2 then nullif(s.ref, 0) end as "accountId", s.level = 0 as whole, s.paid, s.delivered, s.failed,
     round(s.ms / nullif(s.timed, 0))::int as "averageMs", ${msOfStep('m.p50')} as "p50Ms", ${msOfStep('m.p99')} as "p99Ms"
   from sums s left join middle m using (level, ref)`;
const figures = statement<Figures, [Mode, Date, Date]>('figures_of_window', figuresSql);
export function figuresOf(db: Queryable, mode: Mode, from: Date, to: Date): Promise<Figures[]> {
  return figures(db, [mode, from, to]);
}

const rate = statement<{ paid: number; failed: number }, [Mode, Date, Date]>(
  'failure_rate_of_window',
  `with ${window}
   select sum(paid)::int as paid, sum(failed)::int as failed from (
     select s.paid, s.failed from counted c join figure_sums s on s.mode = $1 and s.hour = c.hour and s.level = 0
     union all
     select count(*), count(*) filter (where failed) from judged
   ) a`,
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
