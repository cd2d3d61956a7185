/** Counts hours that are over, once (E3). An order that has ended is judged for ever; those that have not are remembered. */
import { judged, stepOf, thoseColumns } from './judged.ts';
import type { Mode } from '../domain/order.ts';
import { advisory } from './locks.ts';
import { one, statement, transaction, type Pool } from './sql.ts';

const lock = statement<{ mine: boolean }, [number]>('figures_lock', 'select pg_try_advisory_xact_lock($1) as mine');

// An hour is over ten minutes after its end: payments carry the time of their notification, which may have waited.
// Newest first: the dashboard looks at them most. An hour whose remembered orders have ended since is counted anew.
const due = statement<{ mode: Mode; hour: Date }, [number]>(
  'figures_due',
  `with modes (mode) as (values ('live'), ('test')),
   first as (select mode, (select date_bin('1 hour', o.paid_at, 'epoch') from orders o where o.mode = m.mode and o.paid_at is not null order by o.paid_at limit 1) as hour from modes m),
   fresh as (
     select f.mode, g.hour from first f
     cross join lateral (select greatest(f.hour, date_bin('1 hour', now(), 'epoch') - interval '400 days') as from_hour) s
     cross join lateral generate_series(s.from_hour, date_bin('1 hour', now() - interval '70 minutes', 'epoch'), interval '1 hour') g (hour)
     where f.hour is not null and not exists (select from figure_hours h where h.mode = f.mode and h.hour = g.hour)
   ), changed as (
     select distinct x.mode, x.hour from figure_open x join orders o on o.id = x.order_id
     where o.state not in ('paid', 'waiting_confirmation', 'waiting_stock', 'attention')
   )
   select mode, hour from (select * from fresh union all select * from changed) a order by hour desc limit $1`,
);
const forget = statement<object, [Mode, Date]>(
  'figures_forget',
  `with a as (delete from figure_sums where mode = $1 and hour = $2), b as (delete from figure_times where mode = $1 and hour = $2)
   delete from figure_open where mode = $1 and hour = $2`,
);
const settle = statement<object, [Mode, Date]>(
  'figures_settle',
  `with those as (
     select ${thoseColumns} from orders o where o.mode = $1 and o.paid_at >= $2 and o.paid_at < $2 + interval '1 hour'
   ), ${judged}, ended as materialized (
     select j.*, l.level, case l.level when 0 then 0 when 1 then j.product_id else coalesce(j.account_id, 0) end as ref
     from judged j cross join (values (0), (1), (2)) l (level) where not j.open
   ), sums as (
     insert into figure_sums (mode, hour, level, ref, paid, delivered, failed, timed, ms)
     select $1, $2, level, ref, count(*), count(*) filter (where delivered), count(*) filter (where failed), count(ms), coalesce(sum(ms), 0)
     from ended group by level, ref
   ), times as (
     insert into figure_times (mode, hour, level, ref, step, n)
     select $1, $2, level, ref, ${stepOf('ms')}, count(*) from ended where ms is not null group by level, ref, 5
   ), unended as (
     insert into figure_open (order_id, mode, hour) select id, $1, $2 from judged where open
   )
   insert into figure_hours (mode, hour) values ($1, $2) on conflict do nothing`,
);

/** Counts up to `limit` hours, each in a transaction of its own, by one process at a time. True if there may be more. */
export async function settleFigures(pool: Pool, limit = 24): Promise<boolean> {
  const hours = await due(pool, [limit]);
  for (const { mode, hour } of hours) {
    await transaction(pool, async (tx) => {
      if (!one(await lock(tx, [advisory.figures])).mine) return;
      await forget(tx, [mode, hour]);
      await settle(tx, [mode, hour]);
    });
  }
  return hours.length === limit;
}
