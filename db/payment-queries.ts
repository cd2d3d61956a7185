/** Which unpaid orders providers are asked about now: on a widening schedule, at a rate per account. */
import { statement, type Queryable } from './sql.ts';
import type { Quote } from './payment-facts.ts';
import type { OrderState } from '../domain/order.ts';

export interface QueryDue {
  readonly orderId: number;
  readonly orderNo: string;
  readonly accountId: number;
  readonly state: OrderState;
  readonly queries: number;
}

// Widening: 15 s, 30 s, 1 min, 2 min … at most 30 min while the order can still be paid, at expiry, and four times within
// the day after it, in which a late payment still delivers.
// A bucket of tokens per account (ten seconds' worth) is emptied in the same statement, so that any number of processes
// keep the rate together; an account that another process is at is left to it.
const queryDue = statement<QueryDue, [number]>(
  'payment_queries_due',
  `with ready as materialized (
     select a.id, least(greatest(1, a.queries_per_minute / 6.0),
              a.query_tokens + extract(epoch from now() - a.query_filled_at) * a.queries_per_minute / 60.0) as tokens
     from payment_accounts a
     where exists (select from orders o where o.account_id = a.id and o.next_query_at <= now())
     for no key update skip locked
   ), due as materialized (
     select o.id, r.id as account_id from ready r cross join lateral (
       select id from orders where account_id = r.id and next_query_at <= now() order by next_query_at
       limit least($1, greatest(0, floor(r.tokens)))::int for no key update skip locked) o
   ), spent as (
     update payment_accounts a set query_filled_at = now(),
       query_tokens = r.tokens - (select count(*) from due d where d.account_id = r.id)
     from ready r where a.id = r.id
   )
   update orders set queries = queries + 1, next_query_at = case
       when state = 'unpaid' then least(now() + least(15 * power(2, least(queries, 10)), 1800) * interval '1 second',
                                        greatest(expires_at, now() + interval '15 seconds'))
       when state = 'expired' then (select min(expires_at + pause) from unnest('{10 minutes,1 hour,6 hours,23 hours}'::interval[]) pause
                                    where expires_at + pause > next_query_at) end
   where id = any (array(select id from due))
   returning id as "orderId", no as "orderNo", account_id as "accountId", state, queries`,
);

/** At most `limit` per account; their next time is set. */
export function dueQueries(db: Queryable, limit = 20): Promise<QueryDue[]> {
  return queryDue(db, [limit]);
}

const hint = statement<object, [string]>(
  'payment_query_hint',
  `update orders set next_query_at = now()
   where no = $1 and state in ('unpaid', 'expired') and next_query_at > now() + interval '1 second'`,
);
/** The browser came back from paying: a hint, nothing more. The provider is asked at once, at the account's rate. */
export async function askSoon(db: Queryable, orderNo: string): Promise<void> {
  await hint(db, [orderNo]);
}

const quote = statement<{ quote: Quote }, [number]>(
  'payment_query_quote',
  'select quote from pay_requests where order_id = $1 order by created_at desc limit 1',
);
/** What the provider fixed for the order, if it was asked to. */
export async function lastQuote(db: Queryable, orderId: number): Promise<Quote | undefined> {
  return (await quote(db, [orderId]))[0]?.quote;
}

const spend = statement<{ id: number }, [number, boolean]>(
  'payment_query_spend',
  `with bucket as materialized (
     select id, least(greatest(1, queries_per_minute / 6.0),
              query_tokens + extract(epoch from now() - query_filled_at) * queries_per_minute / 60.0) as tokens
     from payment_accounts where id = $1 for update
   )
   update payment_accounts a set query_tokens = b.tokens - 1, query_filled_at = now()
   from bucket b where a.id = b.id and (b.tokens >= 1 or $2) returning a.id`,
);
/** One question to an account out of turn, from the same bucket. False if it is empty; `must`: asked all the same. */
export async function spendQuery(db: Queryable, accountId: number, must = false): Promise<boolean> {
  return (await spend(db, [accountId, must])).length > 0;
}
