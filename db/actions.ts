/**
 * Staff actions (rule 1): the row, its effect and the wake of the workflow are one commit. Under the order's row lock
 * the second person finds the state changed and learns who was first.
 */
import { actionRules, type ActionKind } from '../domain/actions.ts';
import { KnownError } from '../domain/errors.ts';
import { isFinal, type OrderState } from '../domain/order.ts';
import { deadlines } from '../domain/policy.ts';
import { one, statement, transaction, type Pool } from './sql.ts';

export interface StaffAction {
  /** Idempotency key: the same id again gives the same answer and changes nothing. */
  readonly id: string;
  readonly orderNo: string;
  readonly kind: ActionKind;
  readonly actorId: number;
  readonly note: string;
}

export interface AppliedAction {
  readonly orderId: number;
  readonly state: OrderState;
  /** The wake that was promised; undefined if the order needs no workflow. */
  readonly outboxId?: number;
  readonly repeated: boolean;
}

const lockByNo = statement<{ id: number; state: OrderState; paid: boolean }, [string]>(
  'action_lock_order',
  'select id, state, paid_at is not null as paid from orders where no = $1 for update',
);
const earlier = statement<{ toState: OrderState; orderId: number }, [string]>(
  'action_earlier',
  'select to_state as "toState", order_id as "orderId" from order_actions where id = $1',
);
const last = statement<{ kind: string; by: string; at: Date }, [number]>(
  'action_last',
  `select x.kind, a.name as by, x.at from order_actions x join actors a on a.id = x.actor_id
   where x.order_id = $1 order by x.at desc limit 1`,
);
const insert = statement<
  { outboxId: number | null },
  [string, number, ActionKind, number, string, OrderState, OrderState, boolean, boolean, number]
>(
  'action_apply',
  `with acted as (
     insert into order_actions (id, order_id, kind, actor_id, note, from_state, to_state) values ($1, $2, $3, $4, $5, $6, $7)
   ), moved as (
     update orders set state = $7, failure_code = null, next_query_at = null,
       done_at = case when $9 then now() end,
       next_deadline = case when paid_at is not null and not $9 then now() + $10 * interval '1 millisecond' end
     where id = $2
   ), eased as (
     update tasks set closed_at = now(), closed_by = $4 where order_id = $2 and closed_at is null and code not like 'PAYMENT\\_%'
   ), left_line as (
     delete from stock_waits where order_id = $2 and $7 <> 'paid'
   ), promised as (
     insert into outbox (kind, order_id) select 'wake', $2 where $8 returning id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     values ($4, $3, $2, jsonb_build_object('action', $1::uuid, 'from', $6::text, 'to', $7::text))
   )
   select (select id from promised) as "outboxId"`,
);

/** Applies a staff action, or throws ORDER_NOT_FOUND or ORDER_STATE_CONFLICT (detail: state, and who acted last). */
export async function applyAction(pool: Pool, action: StaffAction): Promise<AppliedAction> {
  const rule = actionRules[action.kind];
  return transaction(pool, async (tx) => {
    const order = (await lockByNo(tx, [action.orderNo]))[0];
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    const done = (await earlier(tx, [action.id]))[0];
    if (done) {
      if (done.orderId !== order.id) throw new KnownError('IDEMPOTENCY_CONFLICT');
      return { orderId: order.id, state: done.toState, repeated: true };
    }
    if (!rule.from.includes(order.state)) {
      const first = (await last(tx, [order.id]))[0];
      throw new KnownError('ORDER_STATE_CONFLICT', { state: order.state, ...(first && { last: first }) });
    }
    const { outboxId } = one(
      await insert(tx, [
        action.id,
        order.id,
        action.kind,
        action.actorId,
        action.note,
        order.state,
        rule.to,
        order.paid,
        isFinal(rule.to),
        deadlines.working,
      ]),
    );
    return { orderId: order.id, state: rule.to, repeated: false, ...(outboxId !== null && { outboxId }) };
  });
}
