/** Payments as people see and settle them. */
import { KnownError } from '../domain/errors.ts';
import { isFinal, type Mode, type OrderState } from '../domain/order.ts';
import { startsDelivery, type PaymentStanding } from '../domain/payment.ts';
import { deadlines } from '../domain/policy.ts';
import type { OrderStart } from './intake.ts';
import { startColumns } from './outbox.ts';
import { endsCase } from './payment-cases.ts';
import { one, statement, transaction, type Pool, type Queryable } from './sql.ts';

export interface PaymentRow {
  readonly id: number;
  readonly accountId: number;
  readonly account: string;
  readonly provider: string;
  readonly mode: Mode;
  readonly tradeNo: string;
  readonly orderNo: string | null;
  readonly claimedOrderNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly standing: PaymentStanding;
  readonly refundedMinor: number;
  readonly disputedAt: Date | null;
  readonly receivedAt: Date;
  readonly notificationId: number;
}

export interface PaymentFilter {
  readonly mode?: Mode | undefined;
  readonly standing?: PaymentStanding | undefined;
  readonly accountId?: number | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly orderNo?: string | undefined;
  readonly tradeNo?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

const list = statement<
  PaymentRow,
  [
    Mode | null,
    string | null,
    string | null,
    string | null,
    number | null,
    number,
    number | null,
    Date | null,
    Date | null,
  ]
>(
  'payment_list',
  `select y.id, y.account_id as "accountId", a.name as account, a.provider, y.mode, y.trade_no as "tradeNo", o.no as "orderNo",
     y.order_no as "claimedOrderNo", y.amount_minor as "amountMinor", y.currency, y.standing, y.refunded_minor as "refundedMinor",
     y.disputed_at as "disputedAt", y.received_at as "receivedAt", y.notification_id as "notificationId"
   from payments y join payment_accounts a on a.id = y.account_id left join orders o on o.id = y.order_id
   where ($1::text is null or y.mode = $1) and ($2::text is null or y.standing = $2)
     and ($3::text is null or y.order_id = (select id from orders where no = $3) or (y.order_id is null and y.order_no = $3)) and ($4::text is null or y.trade_no = $4)
     and ($5::bigint is null or y.id < $5) and ($7::bigint is null or y.account_id = $7)
     and ($8::timestamptz is null or y.received_at >= $8) and ($9::timestamptz is null or y.received_at < $9)
   order by y.id desc limit $6`,
);

/** Newest first, before an id. */
export function listPayments(db: Queryable, f: PaymentFilter): Promise<PaymentRow[]> {
  return list(db, [
    f.mode ?? null,
    f.standing ?? null,
    f.orderNo ?? null,
    f.tradeNo ?? null,
    f.before ?? null,
    f.limit,
    f.accountId ?? null,
    f.from ?? null,
    f.to ?? null,
  ]);
}

export interface Assignment {
  readonly requestId: string;
  readonly paymentId: number;
  readonly orderNo: string;
  readonly note: string;
  readonly acceptAmount: boolean;
  readonly actorId: number;
}

interface LockedOrder extends Omit<OrderStart, 'outboxId'> {
  state: OrderState;
  mode: Mode;
}
const lockOrder = statement<LockedOrder, [string]>(
  'assign_lock_order',
  `select o.state, o.mode, ${startColumns} from orders o join products p on p.id = o.product_id where o.no = $1 for no key update of o`,
);
const lockPayment = statement<
  { id: number; mode: Mode; standing: PaymentStanding; amountMinor: number; currency: string; refunding: boolean },
  [number]
>(
  'assign_lock_payment',
  `select y.id, y.mode, y.standing, y.amount_minor as "amountMinor", y.currency,
     y.refunded_minor > 0 or y.disputed_at is not null
       or exists (select from refunds r where r.payment_id = y.id and r.state <> 'failed') as refunding
   from payments y where y.id = $1 for update`,
);
const earlier = statement<{ orderId: number }, [string]>(
  'assign_earlier',
  'select order_id as "orderId" from order_actions where id = $1',
);
const assign = statement<{ outboxId: number | null }, [string, number, number, number, string, OrderState]>(
  'assign_payment',
  `with given as (
     update payments set order_id = $2, standing = 'accepted' where id = $3
   ), acted as (
     insert into order_actions (id, order_id, kind, actor_id, note, from_state, to_state, detail)
     values ($1, $2, 'assign_payment', $4, $5, $6, 'paid', jsonb_build_object('payment', $3::bigint))
   ), moved as (
     update orders set state = 'paid', paid_at = now(), payment_confirmed_at = now(), next_query_at = null,
       next_deadline = now() + interval '${deadlines.working} milliseconds'
     where id = $2 returning id
   ), eased as (
     update tasks set closed_at = now(), closed_by = $4 where payment_id = $3 and closed_at is null
   ), ${endsCase('select $3::bigint as payment_id', 'noted', '$4')}, promised as (
     insert into outbox (kind, order_id, available_at) select 'start', id, now() + interval '2 seconds' from moved returning id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     values ($4, 'payment_assigned', $2, jsonb_build_object('payment', $3::bigint, 'action', $1::uuid, 'note', $5::text))
   )
   select (select id from promised) as "outboxId"`,
);

/**
 * A person says that a payment is an order's: the order goes on as if it had come so. Throws PAYMENT_NOT_FOUND,
 * PAYMENT_TAKEN, PAYMENT_DOES_NOT_FIT, ORDER_NOT_FOUND, ORDER_STATE_CONFLICT. Undefined if it was done before.
 */
export async function assignPayment(pool: Pool, wanted: Assignment): Promise<OrderStart | undefined> {
  return transaction(pool, async (tx) => {
    const order = (await lockOrder(tx, [wanted.orderNo]))[0];
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    const done = (await earlier(tx, [wanted.requestId]))[0];
    if (done) {
      if (done.orderId !== order.orderId) throw new KnownError('IDEMPOTENCY_CONFLICT');
      return undefined;
    }
    const payment = (await lockPayment(tx, [wanted.paymentId]))[0];
    if (!payment) throw new KnownError('PAYMENT_NOT_FOUND');
    const { standing, mode, amountMinor, currency } = payment;
    if (startsDelivery(standing) || ['matched', 'check', 'reused'].includes(standing) || payment.refunding) {
      throw new KnownError('PAYMENT_TAKEN', { standing });
    }
    if (order.state !== 'unpaid' && order.state !== 'expired') {
      throw new KnownError('ORDER_STATE_CONFLICT', { state: order.state, final: isFinal(order.state) });
    }
    const sameAmount = amountMinor === order.amountMinor;
    if (mode !== order.mode || currency !== order.currency || (!sameAmount && !wanted.acceptAmount)) {
      throw new KnownError('PAYMENT_DOES_NOT_FIT', {
        payment: { mode, amountMinor, currency },
        order: { mode: order.mode, amountMinor: order.amountMinor, currency: order.currency },
      });
    }
    const { outboxId } = one(
      await assign(tx, [wanted.requestId, order.orderId, payment.id, wanted.actorId, wanted.note, order.state]),
    );
    if (outboxId === null) throw new Error('assign_payment promised nothing');
    const { orderId, orderNo, sku, productName, quantity } = order;
    return { outboxId, orderId, orderNo, sku, productName, quantity, amountMinor: order.amountMinor, currency };
  });
}
