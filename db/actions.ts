/**
 * Staff actions (rule 1): the row, its effect and the wake of the workflow are one commit. Under the order's row lock
 * the second person finds the state changed and learns who was first.
 */
import { actionRules, type ActionKind } from '../domain/actions.ts';
import { KnownError, type ErrorCode } from '../domain/errors.ts';
import { isFinal, type OrderState } from '../domain/order.ts';
import { deadlines } from '../domain/policy.ts';
import { parseTrigger } from '../domain/trigger.ts';
import { deliverFromPool, deliverTyped, type HandOrder, type TypedCard } from './hand-delivery.ts';
import { cardUseOf } from './pick.ts';
import { letGo } from './holds.ts';
import { isContention, one, statement, transaction, type Pool, type Transaction } from './sql.ts';
import { endsWithTrouble } from './task-kinds.ts';

export interface StaffAction {
  /** Idempotency key: the same id again gives the same answer and changes nothing. */
  readonly id: string;
  readonly orderNo: string;
  readonly kind: ActionKind;
  readonly actorId: number;
  readonly note: string;
  /** Of `deliver_by_hand`. */
  readonly cards?: readonly TypedCard[];
  /** Of `choose_source`. */
  readonly source?: string;
  /** Although a colleague has taken the order's task. */
  readonly takeOver?: boolean;
}

export interface AppliedAction {
  readonly orderId: number;
  readonly state: OrderState;
  /** The wake that was promised; undefined if the order needs no workflow. */
  readonly outboxId?: number;
  readonly repeated: boolean;
}

interface LockedOrder extends HandOrder {
  readonly state: OrderState;
  readonly paid: boolean;
  readonly unconfirmed: boolean;
  readonly trigger: unknown;
  readonly cleared: boolean;
}

const lockByNo = statement<LockedOrder, [string]>(
  'action_lock_order',
  `select o.id, o.state, o.paid_at is not null as paid, o.product_id as "productId", o.mode, o.trigger,
     o.cleared_at is not null as cleared, o.confirm_by_query and o.payment_confirmed_at is null as unconfirmed,
     o.quantity - o.held as missing,
     p.quarantined_at is not null as quarantined, p.kind in ('topup', 'link') as whole, ${cardUseOf} as "cardUse"
   from orders o join products p on p.id = o.product_id where o.no = $1 for no key update of o`,
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
const claimant = statement<{ by: string; at: Date }, [number, number]>(
  'action_claimant',
  `select a.name as by, t.claimed_at as at from tasks t join actors a on a.id = t.claimed_by
   where t.order_id = $1 and t.closed_at is null and t.claimed_by <> $2 order by t.claimed_at limit 1`,
);
// $7 `delivered` was done by the release before: then only the row, the wake and the audit are left.
const insert = statement<
  { outboxId: number | null },
  [
    string,
    number,
    ActionKind,
    number,
    string,
    OrderState,
    OrderState,
    boolean,
    boolean,
    number,
    ErrorCode | null,
    string,
  ]
>(
  'action_apply',
  `with acted as (
     insert into order_actions (id, order_id, kind, actor_id, note, from_state, to_state, detail)
     values ($1, $2, $3, $4, $5, $6, $7, $12::jsonb)
   ), moved as (
     update orders set state = $7, failure_code = $11, next_query_at = null, recheck = false,
       paid_at = case when $3 = 'confirm_payment' then coalesce(paid_at, now()) else paid_at end,
       payment_confirmed_at = case when $3 = 'confirm_payment' then coalesce(payment_confirmed_at, now()) else payment_confirmed_at end,
       cleared_at = case when $3 = 'confirm_payment' then coalesce(cleared_at, now()) else cleared_at end,
       source = case when $3 = 'choose_source' then nullif($12::jsonb ->> 'source', 'auto') else source end,
       done_at = case when $9 then now() end,
       next_deadline = case when (paid_at is not null or $3 = 'confirm_payment') and not $9 then now() + $10 * interval '1 millisecond' end
     where id = $2 and $7 <> 'delivered'
   ), eased as (
     update tasks set closed_at = now(), closed_by = $4 where order_id = $2 and closed_at is null and ${endsWithTrouble}
   ), asked as (
     insert into tasks (order_id, code, detail) select $2, $11, jsonb_build_object('note', $5::text) where $11::text is not null
   ), given_back as (
     -- What a supplier delivered in part, and never showed: paid for, so it is sold to somebody else.
     update cards set state = 'available', order_id = null, sold_at = null
     where order_id = $2 and state = 'sold' and $9 and (select released_at is null from orders where id = $2)
     returning product_id, mode
   ), let_go as (
     ${letGo('$2')} and $9
   ), turned as (
     insert into stock_turns (product_id, mode) select distinct product_id, mode from given_back
   ), called_off as (
     -- What is on its way for an order that has ended is looked at now, not at its next question.
     update purchases set next_ask_at = now() where order_id = $2 and $9 and $7 <> 'delivered' and state in ('accepted', 'unknown') and next_ask_at is not null
   ), left_line as (
     delete from stock_waits where order_id = $2 and $7 <> 'paid'
   ), promised as (
     insert into outbox (kind, order_id) select 'wake', $2 where $8 returning id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     values ($4, $3, $2, jsonb_build_object('action', $1::uuid, 'from', $6::text, 'to', $7::text, 'note', $5::text) || $12::jsonb)
   )
   select (select id from promised) as "outboxId"`,
);

/**
 * Applies a staff action, or throws: ORDER_NOT_FOUND, ORDER_STATE_CONFLICT (detail: state, and who acted last),
 * TASK_CLAIMED (detail: by whom; not with `takeOver`), and what delivering by hand refuses. Nothing is changed then.
 */
export async function applyAction(pool: Pool, action: StaffAction): Promise<AppliedAction> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(pool, (tx) => applyActionIn(tx, action));
    } catch (error) {
      // A person is not told to press again because automation held the order's row for a moment.
      if (attempt === 3 || !isContention(error)) throw error;
    }
  }
}

/** The same inside a transaction. */
export async function applyActionIn(tx: Transaction, action: StaffAction): Promise<AppliedAction> {
  const rule = actionRules[action.kind];
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
  const taken = (await claimant(tx, [order.id, action.actorId]))[0];
  if (taken && action.takeOver !== true) throw new KnownError('TASK_CLAIMED', taken);
  await deliverIfAsked(tx, order, action);
  const { outboxId } = one(
    await insert(tx, [
      action.id,
      order.id,
      action.kind,
      action.actorId,
      action.note,
      order.state,
      rule.to,
      order.paid || action.kind === 'confirm_payment',
      isFinal(rule.to) && rule.to !== 'delivered',
      deadlines.working,
      action.kind === 'hand_over' ? 'HANDED_OVER' : null,
      JSON.stringify({ ...(action.source !== undefined && { source: action.source }), ...(taken && { tookOverFrom: taken.by }) }), // prettier-ignore
    ]),
  );
  return { orderId: order.id, state: rule.to, repeated: false, ...(outboxId !== null && { outboxId }) };
}

async function deliverIfAsked(tx: Transaction, order: LockedOrder, action: StaffAction): Promise<void> {
  if (action.kind === 'deliver_by_hand') {
    await deliverTyped(tx, order, action.cards ?? [], { id: action.actorId, note: action.note });
  } else if (action.kind === 'deliver_from_pool') {
    // Also by Signal, so the money must be there: a person who knows better confirms it first, by name.
    const uncleared = parseTrigger(order.trigger).when === 'confirmed' && !order.cleared;
    if (order.unconfirmed || uncleared) throw new KnownError('PAYMENT_NOT_CONFIRMED_YET');
    await deliverFromPool(tx, order, action.actorId);
  } else if (action.kind === 'choose_source' && action.source === undefined) {
    throw new KnownError('SOURCE_UNKNOWN');
  }
}
