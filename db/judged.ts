/** One order as the figures judge it: SQL that all of them share, so that there is one definition of a failure (E3). */
import { noFailure, promiseSeconds } from '../domain/failure-rate.ts';

/** A step of delivery times: 5 % wide, so a percentile is right within 2.5 %. */
export const stepOf = (ms: string): string => `floor(ln(greatest(${ms}, 1)) * 20)::smallint`;
export const msOfStep = (step: string): string => `round(exp((${step} + 0.5) / 20))::int`;

/**
 * The CTE `judged` over the orders of a CTE `those (id, …)` with the columns of `orders`: `failed` is the definition of
 * domain/failure-rate.ts. `$2` is a time before which no task of these orders was opened.
 */
export const judged = `
   failing as materialized (
     select distinct order_id from tasks where opened_at >= $2 and order_id is not null and code !~ '${noFailure}'
   ), judged as (
     select o.id, o.product_id, o.account_id, o.paid_at, o.released_at is not null as delivered,
       o.state in ('paid', 'waiting_confirmation', 'waiting_stock', 'attention') as open,
       extract(epoch from o.released_at - coalesce(o.cleared_at, o.paid_at))::float8 * 1000 as ms,
       f.order_id is not null
       or coalesce(o.released_at, case when o.state in ('paid', 'waiting_stock', 'attention') then now() end)
          > coalesce(o.cleared_at, o.paid_at) + coalesce(o.promise_seconds, ${promiseSeconds}) * interval '1 second' as failed
     from those o left join failing f on f.order_id = o.id
   )`;

/** What of an order is needed, and no more: a window may hold many. */
export const thoseColumns =
  'o.id, o.product_id, o.account_id, o.paid_at, o.released_at, o.cleared_at, o.state, o.promise_seconds';
