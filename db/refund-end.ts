/** A refund of the whole payment ends an order that was not delivered: as an action, like any other (rule 1). */
import type { OrderState } from '../domain/order.ts';
import { mayMove } from '../domain/order.ts';
import { KnownError } from '../domain/errors.ts';
import { letGo } from './holds.ts';
import { statement, type Transaction } from './sql.ts';

const end = statement<object, [string, number, number, string, OrderState]>(
  'refund_end_order',
  `with acted as (
     insert into order_actions (id, order_id, kind, actor_id, note, from_state, to_state) values ($1, $2, 'refund', $3, $4, $5, 'refunded')
   ), moved as (
     update orders set state = 'refunded', failure_code = null, next_query_at = null, done_at = now(), next_deadline = null
     where id = $2 and released_at is null returning id
   ), eased as (
     update tasks set closed_at = now(), closed_by = $3 where order_id = $2 and closed_at is null
   ), given_back as (
     -- What a supplier delivered in part, and never showed: paid for, so it is sold to somebody else.
     update cards set state = 'available', order_id = null, sold_at = null
     where order_id in (select id from moved) and state = 'sold' returning product_id, mode
   ), let_go as (
     ${letGo('$2')} and exists (select from moved)
   ), turned as (
     insert into stock_turns (product_id, mode) select distinct product_id, mode from given_back
   ), called_off as (
     -- What is on its way for it is looked at now, not at its next question.
     update purchases set next_ask_at = now()
     where order_id in (select id from moved) and state in ('accepted', 'unknown') and next_ask_at is not null
   ), left_line as (
     delete from stock_waits where order_id = $2
   ), promised as (
     insert into outbox (kind, order_id) select 'wake', id from moved
   )
   insert into audit (actor_id, action, order_id, detail)
   select $3, 'refunded', id, jsonb_build_object('action', $1::uuid, 'from', $5::text, 'note', $4::text) from moved`,
);

/** The caller holds the order's row lock. */
export async function endOrder(
  tx: Transaction,
  order: { readonly id: number; readonly state: OrderState },
  by: { readonly requestId: string; readonly actorId: number; readonly reason: string },
): Promise<void> {
  if (!mayMove(order.state, 'refunded')) throw new KnownError('ORDER_STATE_CONFLICT', { state: order.state });
  await end(tx, [by.requestId, order.id, by.actorId, by.reason, order.state]);
}
