/** Promises to Temporal (`start`, `wake`): committed with the change that made them, kept until Temporal has them. */
import { statement, type Queryable } from './sql.ts';
import type { OrderStart } from './intake.ts';

export interface Promised extends OrderStart {
  readonly kind: 'start' | 'wake';
  readonly attempts: number;
  /** The order's story is over. */
  readonly done: boolean;
}

/** The words of a start, shared by everything that starts a workflow. */
export const startColumns = `o.id as "orderId", o.no as "orderNo", p.sku, p.name as "productName", o.quantity,
  o.amount_minor as "amountMinor", o.currency`;

const claim = statement<Promised, [number, number]>(
  'outbox_claim',
  `with due as (
     select id from outbox where available_at <= now() order by available_at limit $1 for update skip locked
   ), mine as (
     update outbox b set available_at = now() + $2 * interval '1 millisecond', attempts = attempts + 1
     where id = any (array(select id from due)) returning b.*
   )
   select b.id as "outboxId", b.kind, b.attempts, o.done_at is not null as done, ${startColumns}
   from mine b join orders o on o.id = b.order_id join products p on p.id = o.product_id order by b.id`,
);
const remove = statement<object, [number[]]>('outbox_remove', 'delete from outbox where id = any ($1::bigint[])');
const fail = statement<object, [number, string]>('outbox_fail', 'update outbox set last_error = $2 where id = $1');
const age = statement<{ n: number; oldest: number | null }, []>(
  'outbox_age',
  `select count(*)::int as n, extract(epoch from now() - min(created_at))::float as oldest from outbox`,
);

/** Takes due promises; nobody else gets them for `leaseMs`. What is not removed by then comes back. */
export function claimPromises(db: Queryable, limit: number, leaseMs: number): Promise<Promised[]> {
  return claim(db, [limit, leaseMs]);
}

export async function removePromises(db: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await remove(db, [[...ids]]);
}

/** Keeps the reason, for people; the row comes back after its lease. */
export async function notePromiseFailure(db: Queryable, id: number, reason: string): Promise<void> {
  await fail(db, [id, reason.slice(0, 200)]);
}

/** How many promises wait and since when (seconds): the first thing to look at when orders start late. */
export async function outboxAge(db: Queryable): Promise<{ n: number; oldest: number | null }> {
  return (await age(db, []))[0] ?? { n: 0, oldest: null };
}
