/** The books of a day (对账单): which are due, and what came of them. One process at a time per account and day. */
import type { FoundLine } from '../domain/statement.ts';
import { statement, type Queryable } from './sql.ts';

const plan = statement<object, [string[], string]>(
  'statement_plan',
  // Money of an account that was switched off lately still comes: what its buyers were sent to pay before.
  `insert into statement_days (account_id, day)
   select id, $2::date from payment_accounts where (enabled or updated_at > $2::date - interval '30 days') and provider = any ($1) and created_at < $2::date + interval '1 day'
   on conflict do nothing`,
);
const take = statement<{ accountId: number; day: string }, []>(
  'statement_take',
  `update statement_days set attempts = attempts + 1,
     next_at = now() + least(600 * power(2, least(attempts, 6)), 14400) * interval '1 second'
   where (account_id, day) = (select account_id, day from statement_days
     where done_at is null and next_at <= now() and attempts < 20 order by next_at limit 1 for update skip locked)
   returning account_id as "accountId", to_char(day, 'YYYY-MM-DD') as day`,
);
// One merchant may stand behind several accounts: each finds the trades of its own orders in the same books.
const missing = statement<{ at: number }, [number, string[], string[]]>(
  'statement_missing',
  `select w.at::int - 1 as at from unnest($2::text[], $3::text[]) with ordinality as w (trade_no, order_no, at)
   where not exists (select from payments y where y.account_id = $1 and y.trade_no = w.trade_no)
     and not exists (select from orders o where o.no = w.order_no and o.account_id is distinct from $1)
     and not exists (select from callback_checks c where c.order_no = w.order_no and c.account_id <> $1)`,
);
const done = statement<object, [number, string, number, number]>(
  'statement_done',
  'update statement_days set done_at = now(), lines = $3, found = $4, failure = null where account_id = $1 and day = $2::date',
);
const failed = statement<object, [number, string, string]>(
  'statement_failed',
  'update statement_days set failure = $3 where account_id = $1 and day = $2::date',
);

/** Makes sure that the day (YYYY-MM-DD) of each account of these providers is on the list. */
export async function planStatements(db: Queryable, providers: readonly string[], day: string): Promise<void> {
  await plan(db, [[...providers], day]);
}

/** One that is due; it comes back later and later if it is not finished. */
export async function takeStatement(db: Queryable): Promise<{ accountId: number; day: string } | undefined> {
  return (await take(db, []))[0];
}

/** Those lines whose payment nobody has told us about, and that are no other account's. */
export async function missingLines<L extends FoundLine>(
  db: Queryable,
  accountId: number,
  lines: readonly L[],
): Promise<L[]> {
  const rows = await missing(db, [accountId, lines.map((line) => line.tradeNo), lines.map((line) => line.orderNo)]);
  return rows.flatMap(({ at }) => lines[at] ?? []);
}

export async function finishStatement(
  db: Queryable,
  { accountId, day }: { accountId: number; day: string },
  result: { lines: number; found: number } | { failure: string },
): Promise<void> {
  if ('failure' in result) await failed(db, [accountId, day, result.failure.slice(0, 200)]);
  else await done(db, [accountId, day, result.lines, result.found]);
}

export interface StatementDay {
  readonly accountId: number;
  readonly day: string;
  readonly lines: number | null;
  readonly found: number | null;
  readonly failure: string | null;
  readonly doneAt: Date | null;
}
const recent = statement<StatementDay, [number]>(
  'statement_recent',
  `select account_id as "accountId", to_char(day, 'YYYY-MM-DD') as day, lines, found, failure, done_at as "doneAt"
   from statement_days order by day desc, account_id limit $1`,
);
export function recentStatements(db: Queryable, limit = 60): Promise<StatementDay[]> {
  return recent(db, [limit]);
}
