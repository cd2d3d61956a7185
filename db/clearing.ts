/**
 * 已确认 (A2): what a provider says later about a payment that is here already. A number of confirmations, or a final
 * word, lets an order go that waits for it. In any order, any number of times.
 */
import { clears, parseTrigger } from '../domain/trigger.ts';
import type { OrderState } from '../domain/order.ts';
import { actors } from './locks.ts';
import { one, statement, transaction, type Pool } from './sql.ts';

export interface PaymentProgress {
  readonly accountId: number;
  readonly tradeNo: string;
  /** Blocks or the like on top of the payment. */
  readonly confirmations?: number | undefined;
  /** The provider says that it cannot change any more. */
  readonly final?: boolean | undefined;
}

// The order first: everything that changes an order begins with its row.
const lock = statement<{ id: number; state: OrderState; trigger: unknown; cleared: boolean }, [number, string]>(
  'clearing_lock_order',
  `select o.id, o.state, o.trigger, o.cleared_at is not null as cleared
   from orders o where o.id = (select order_id from payments where account_id = $1 and trade_no = $2
                               and standing in ('accepted', 'late')) for no key update`,
);
const note = statement<{ confirmations: number; final: boolean }, [number, string, number, boolean]>(
  'clearing_note',
  `update payments set confirmations = greatest(confirmations, $3),
     confirmed_at = coalesce(confirmed_at, case when $4 then now() end)
   where account_id = $1 and trade_no = $2 returning confirmations, confirmed_at is not null as final`,
);
const clear = statement<object, [number]>(
  'clearing_clear',
  `with moved as (
     update orders set cleared_at = now(),
       state = case when state = 'waiting_confirmation' then 'paid' else state end,
       failure_code = case when state = 'waiting_confirmation' then null else failure_code end,
       next_deadline = case when state = 'waiting_confirmation' then now() + interval '30 seconds' else next_deadline end
     where id = $1 returning id
   ), eased as (
     update tasks set closed_at = now(), closed_by = ${actors.notification}
     where order_id = $1 and closed_at is null and code = 'WAITING_CONFIRMATION'
   ), promised as (
     insert into outbox (kind, order_id) select 'wake', id from moved
   )
   insert into audit (actor_id, action, order_id) select ${actors.notification}, 'payment_cleared', id from moved`,
);

/** True if this made the order go on. */
export async function noteProgress(pool: Pool, progress: PaymentProgress): Promise<boolean> {
  if (progress.confirmations === undefined && progress.final !== true) return false;
  return transaction(pool, async (tx) => {
    const order = (await lock(tx, [progress.accountId, progress.tradeNo]))[0];
    if (!order) return false;
    const payment = one(
      await note(tx, [
        progress.accountId,
        progress.tradeNo,
        Math.min(progress.confirmations ?? 0, 1_000_000),
        progress.final === true,
      ]),
    );
    const trigger = parseTrigger(order.trigger);
    if (order.cleared || trigger.when === 'paid' || !clears(trigger, payment)) return false;
    await clear(tx, [order.id]);
    return true;
  });
}
