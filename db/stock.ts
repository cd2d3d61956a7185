/**
 * Stock facts, from one place: the rows of `cards` themselves, counted by three partial indexes that hold each card
 * once; of 循环卡密, whose keys stay, the orders that show one. No counter is kept, so none can be off by one after a crash.
 */
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export interface StockFacts {
  readonly productId: number;
  readonly mode: Mode;
  readonly available: number;
  readonly held: number;
  readonly sold: number;
  readonly expired: number;
  readonly void: number;
  /** Of the available ones, those that expire within the days of the setting `stock_warning`. */
  readonly expiring: number;
  /** Sold in the last seven days. */
  readonly soldWeek: number;
  /** How long the available ones last at the pace of the last seven days; null if none was sold, or none is used up. */
  readonly daysOfSupply: number | null;
}

const facts = statement<StockFacts, [number[], number]>(
  'stock_facts',
  `with counted as (
     select product_id, mode, 'available' as state, count(*) as n from cards
     where product_id = any ($1) and state = 'available' and (expires_at is null or expires_at > now()) group by 1, 2
     union all
     select product_id, mode, 'late', count(*) from cards
     where product_id = any ($1) and state = 'available' and expires_at <= now() group by 1, 2
     union all
     select product_id, mode, 'expiring', count(*) from cards
     where product_id = any ($1) and state = 'available' and expires_at > now() and expires_at <= now() + $2 * interval '1 day'
     group by 1, 2
     union all
     select product_id, mode, 'sold', count(*) from cards where product_id = any ($1) and state = 'sold' group by 1, 2
     union all
     select product_id, mode, 'week', count(*) from cards
     where product_id = any ($1) and state = 'sold' and sold_at > now() - interval '7 days' group by 1, 2
     union all
     select product_id, mode, state, count(*) from cards
     where product_id = any ($1) and state in ('held', 'expired', 'void') group by 1, 2, 3
     union all
     select product_id, mode, 'sold', count(*) from orders
     where product_id = any ($1) and loop_card_id is not null and released_at is not null group by 1, 2
     union all
     select product_id, mode, 'week', count(*) from orders
     where product_id = any ($1) and loop_card_id is not null and released_at > now() - interval '7 days' group by 1, 2
   ), wide as (
     select product_id as "productId", mode,
       coalesce(sum(n) filter (where state = 'available'), 0)::int as available,
       coalesce(sum(n) filter (where state = 'held'), 0)::int as held,
       coalesce(sum(n) filter (where state = 'sold'), 0)::int as sold,
       coalesce(sum(n) filter (where state in ('expired', 'late')), 0)::int as expired,
       coalesce(sum(n) filter (where state = 'void'), 0)::int as void,
       coalesce(sum(n) filter (where state = 'expiring'), 0)::int as expiring,
       coalesce(sum(n) filter (where state = 'week'), 0)::int as "soldWeek"
     from counted group by 1, 2
   )
   select wide.*, case when "soldWeek" > 0 and p.card_use <> 'loop' then round(available / ("soldWeek" / 7.0), 1)::float end as "daysOfSupply"
   from wide join products p on p.id = wide."productId"`,
);

export const noStock: Omit<StockFacts, 'productId' | 'mode'> = {
  available: 0,
  held: 0,
  sold: 0,
  expired: 0,
  void: 0,
  expiring: 0,
  soldWeek: 0,
  daysOfSupply: null,
};

/** Per product and mode that has cards at all. */
export function stockFacts(db: Queryable, productIds: readonly number[], expiryDays = 7): Promise<StockFacts[]> {
  return facts(db, [[...productIds], expiryDays]);
}

/** Of one product and mode. */
export async function stockOf(
  db: Queryable,
  productId: number,
  mode: Mode,
): Promise<Omit<StockFacts, 'productId' | 'mode'>> {
  return (await stockFacts(db, [productId])).find((row) => row.mode === mode) ?? noStock;
}
