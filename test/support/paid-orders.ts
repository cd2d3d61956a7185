/** Paid orders made straight in the database: what HTTP does is shown elsewhere. */
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { Outcome } from '../../activities/outcome.ts';
import { isInfrastructure } from '../../db/sql.ts';
import type { System } from './system.ts';

export async function query<T extends object>(system: System, text: string, ...values: unknown[]): Promise<T[]> {
  return (await system.parts.pool.query<T>(text, values)).rows;
}

/** `count` orders of the system's product in state `paid`, the first one paid first. */
export async function paidOrders(system: System, count: number, quantity = 1, sku = system.sku): Promise<number[]> {
  const { orderNo } = await system.shop.order({ sku, accountId: system.sandbox });
  const rows = await query<{ id: number }>(
    system,
    `insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency, account_id,
       confirm_by_query, policy, trigger, token_hash, token, state, expires_at, paid_at, next_deadline)
     select left(no, 13) || lpad(g::text, 7, '0'), mode, shop_id, idempotency_key || g || $4, request_hash, product_id, $3, 100, currency, account_id, false, policy,
       trigger, sha256(($4 || g)::bytea), token, 'paid', expires_at, now() + g * interval '1 millisecond', now() + interval '1 hour'
     from orders, generate_series(1, $2) g where no = $1 order by g returning id`,
    orderNo,
    count,
    quantity,
    randomUUID(),
  );
  return rows.map((row) => row.id).sort((a, b) => a - b);
}

/** {@link advance} as the stories call it: a database that is merely busy is asked again (rule 9). */
export async function advanceSurely(steps: ActivityDeps, orderId: number): Promise<Outcome> {
  for (;;) {
    try {
      return await advance(steps, orderId);
    } catch (error) {
      if (!isInfrastructure(error)) throw error;
    }
  }
}

/** The number of an order; empty if there is none. */
export async function orderNoOf(system: System, id: number): Promise<string> {
  return (await query<{ no: string }>(system, 'select no from orders where id = $1', id))[0]?.no ?? '';
}
