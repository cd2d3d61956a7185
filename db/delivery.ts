/**
 * The steps that move a paid order. Each begins with the order's row lock and goes on only if the state allows, because
 * a step may run twice at once (rule 4).
 */
import { deadlines, type DeliveryPolicy } from '../domain/policy.ts';
import { mayMove, type Mode, type OrderState } from '../domain/order.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { CardUse, ProductKind } from '../domain/product.ts';
import type { Trigger } from '../domain/trigger.ts';
import { actors, advisory } from './locks.ts';
import { cardUseOf } from './pick.ts';
import { statement, type Queryable, type Transaction } from './sql.ts';

export interface PaidOrder {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly state: OrderState;
  readonly productId: number;
  readonly quantity: number;
  readonly policy: DeliveryPolicy;
  readonly confirmByQuery: boolean;
  readonly confirmedAt: Date | null;
  readonly releasedAt: Date | null;
  readonly doneAt: Date | null;
  readonly failureCode: ErrorCode | null;
  /** It stands unfinished in a restored backup: it may have been delivered since. */
  readonly recheck: boolean;
  readonly trigger: Trigger;
  readonly clearedAt: Date | null;
  /** Exception rules are in force that have not been asked about this order. */
  readonly unruled: boolean;
  /** Chosen by staff; null: automation chooses. */
  readonly source: string | null;
  /** Pieces that are not there yet: the quantity, but for what a supplier delivered in part. */
  readonly missing: number;
  /** A purchase is not ended. */
  readonly buying: boolean;
  /** When the own pool is asked: before the suppliers, after them, or not at all. */
  readonly poolUse: 'first' | 'last' | 'never';
  readonly kind: ProductKind;
  /** 自选卡号 if the order chose one, else as the product says. */
  readonly cardUse: CardUse;
  readonly messages: readonly PendingMessage[];
}

export interface PendingMessage {
  readonly id: number;
  readonly kind: 'mail' | 'webhook';
}

export type WaitingState = 'waiting_confirmation' | 'waiting_stock' | 'attention';

/** Reasons of which one at a time is true: the next one closes the task of the last. */
const waitingCodes: readonly ErrorCode[] = [
  'POOL_EMPTY',
  'POOL_SHORT',
  'STOCK_QUEUED',
  'WAITING_CONFIRMATION',
  'AUTO_DELIVERY_OFF',
  'POOL_QUARANTINED',
];

// The switch's shared lock is taken here, one statement before the claim reads the switch: a statement sees only what
// was committed before it began (rule 13).
const lock = statement<PaidOrder & { switchLock: string }, [number, number]>(
  'delivery_lock_order',
  `select pg_advisory_xact_lock_shared($2) as "switchLock",
          o.id, o.no, o.mode, o.state, o.product_id as "productId", o.quantity, o.policy,
          o.confirm_by_query as "confirmByQuery", o.payment_confirmed_at as "confirmedAt",
          o.released_at as "releasedAt", o.done_at as "doneAt", o.failure_code as "failureCode",
          o.recheck, o.trigger, o.cleared_at as "clearedAt", o.source,
          o.quantity - o.held as missing, o.purchase_id is not null as buying,
          (select case p.kind when 'topup' then 'never' else p.pool_use end from products p where p.id = o.product_id) as "poolUse",
          (select p.kind from products p where p.id = o.product_id) as kind,
          (select ${cardUseOf} from products p where p.id = o.product_id) as "cardUse",
          o.rules_checked_at is null and exists (select from exception_rules where enabled) as unruled,
          coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'kind', m.kind) order by m.id)
                    from messages m where m.order_id = o.id and m.state = 'pending' and m.kind in ('mail', 'webhook')), '[]') as messages
   from orders o where o.id = $1 for no key update of o`,
);

/** The order under its row lock until the transaction ends; undefined if there is none. */
export async function lockOrder(tx: Transaction, orderId: number): Promise<PaidOrder | undefined> {
  return (await lock(tx, [orderId, advisory.deliverySwitch]))[0];
}

const wait = statement<object, [number, OrderState, ErrorCode, number, boolean, string]>(
  'delivery_wait',
  `with moved as (
     update orders set state = $2, failure_code = $3, next_deadline = now() + $4 * interval '1 millisecond'
     where id = $1
   ), left_line as (
     delete from stock_waits where order_id = $1 and $2 <> 'waiting_stock'
   ), superseded as (
     update tasks set closed_at = now(), closed_by = ${actors.automation}
     where order_id = $1 and closed_at is null and code <> $3 and code = any ('{${waitingCodes.join(',')}}')
   ), asked as (
     insert into tasks (order_id, code, detail) values ($1, $3, $6::jsonb) on conflict do nothing
   )
   insert into audit (actor_id, action, order_id, detail)
   select ${actors.automation}, 'waiting', $1, jsonb_build_object('state', $2::text, 'code', $3::text) || $6::jsonb where $5`,
);

/** The order cannot go on by itself: it waits in `state` with a task that says why. Saying it twice changes nothing. */
export async function waitFor(
  tx: Transaction,
  order: PaidOrder,
  state: WaitingState,
  code: ErrorCode,
  detail: object = {},
): Promise<void> {
  if (state !== order.state && !mayMove(order.state, state)) throw new Error(`no move from ${order.state} to ${state}`);
  const fresh = state !== order.state || code !== order.failureCode;
  await wait(tx, [order.id, state, code, deadlines.waiting, fresh, JSON.stringify(detail)]);
}

const confirm = statement<object, [number]>(
  'delivery_payment_confirmed',
  `with confirmed as (update orders set payment_confirmed_at = now() where id = $1 and payment_confirmed_at is null returning id)
   insert into audit (actor_id, action, order_id) select ${actors.automation}, 'payment_confirmed', id from confirmed`,
);

/** The provider itself says that the money is there. */
export async function confirmPayment(tx: Transaction, orderId: number): Promise<void> {
  await confirm(tx, [orderId]);
}

const account = statement<{ no: string; accountId: number; amountMinor: number; currency: string }, [number]>(
  'delivery_order_account',
  `select no, account_id as "accountId", amount_minor as "amountMinor", currency from orders
   where id = $1 and account_id is not null`,
);

/** What a provider is asked about an order. */
export async function orderAccount(
  db: Queryable,
  orderId: number,
): Promise<{ no: string; accountId: number; amountMinor: number; currency: string } | undefined> {
  return (await account(db, [orderId]))[0];
}

const extend = statement<object, [number, number]>(
  'delivery_extend_deadline',
  `update orders set next_deadline = now() + $2 * interval '1 millisecond' where id = $1`,
);

/** The next step may rightly take this long, in milliseconds: reconcile leaves the order alone until then. */
export async function extendDeadline(tx: Transaction, orderId: number, ms: number): Promise<void> {
  await extend(tx, [orderId, ms]);
}

const ruled = statement<object, [number]>(
  'delivery_ruled',
  'update orders set rules_checked_at = now() where id = $1 and rules_checked_at is null',
);

/** The exception rules have spoken about this order: they are not asked again, whatever they said. */
export async function markRuled(tx: Transaction, orderId: number): Promise<void> {
  await ruled(tx, [orderId]);
}
