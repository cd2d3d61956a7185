/**
 * Refunds: a row before the provider is asked, counted against the payment under its lock, so that no two of them
 * together exceed it. A whole refund of what was not delivered ends the order in the same transaction; what was
 * delivered stays sold.
 */
import { KnownError, type ErrorCode } from '../domain/errors.ts';
import { isUnderWay, type Mode, type OrderState } from '../domain/order.ts';
import { endOrder } from './refund-end.ts';
import { endsCase } from './payment-cases.ts';
import { one, statement, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

export const refundStates = ['wanted', 'asked', 'done', 'failed', 'abnormal'] as const;
export type RefundState = (typeof refundStates)[number];

export interface RefundWanted {
  /** Idempotency key: the same id again gives the same refund. */
  readonly requestId: string;
  readonly no: string;
  readonly paymentId: number;
  /** Undefined: all that is left. */
  readonly amountMinor?: number | undefined;
  readonly reason: string;
  readonly actorId: number;
}

export interface RefundRow {
  readonly id: number;
  readonly no: string;
  readonly paymentId: number;
  readonly orderNo: string | null;
  readonly mode: Mode;
  readonly amountMinor: number;
  readonly currency: string;
  readonly state: RefundState;
  readonly code: string | null;
  readonly reason: string;
  readonly by: string;
  readonly createdAt: Date;
  readonly doneAt: Date | null;
}

interface LockedPayment {
  id: number;
  accountId: number;
  orderId: number | null;
  orderNo: string | null;
  state: OrderState | null;
  released: boolean;
  carries: boolean;
  mode: Mode;
  amountMinor: number;
  currency: string;
  refundedMinor: number;
  wantedMinor: number;
}

const columns = `r.id, r.no, r.payment_id as "paymentId", o.no as "orderNo", r.mode, r.amount_minor as "amountMinor", r.currency,
  r.state, r.code, r.reason, a.name as by, r.created_at as "createdAt", r.done_at as "doneAt"`;
const joins = 'refunds r join actors a on a.id = r.actor_id left join orders o on o.id = r.order_id';

const lockOrder = statement<object, [number]>(
  'refund_lock_order',
  'select 1 from orders where id = (select order_id from payments where id = $1) for no key update',
);
// A statement of its own: the sums of the next one must see what was committed while this one waited.
const lockMoney = statement<object, [number]>('refund_lock_money', 'select 1 from payments where id = $1 for update');
const readPayment = statement<LockedPayment, [number]>(
  'refund_read_payment',
  `select y.id, y.account_id as "accountId", y.order_id as "orderId", o.no as "orderNo", o.state, o.released_at is not null as released,
     y.standing in ('accepted', 'late', 'matched') as carries, y.mode, y.amount_minor as "amountMinor", y.currency,
     y.refunded_minor as "refundedMinor",
     (select coalesce(sum(amount_minor), 0)::bigint from refunds r where r.payment_id = y.id and r.state <> 'failed') as "wantedMinor"
   from payments y left join orders o on o.id = y.order_id where y.id = $1`,
);
const byRequest = statement<RefundRow, [string]>('refund_by_request', `select ${columns} from ${joins} where r.request_id = $1`); // prettier-ignore
const byId = statement<RefundRow, [number]>('refund_by_id', `select ${columns} from ${joins} where r.id = $1`);
const insert = statement<
  { id: number },
  [string, string, number, number, number | null, Mode, number, string, string, number]
>(
  'refund_insert',
  `with fresh as (
     insert into refunds (no, request_id, payment_id, account_id, order_id, mode, amount_minor, currency, reason, actor_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id
   ), eased as (
     update tasks set closed_at = now(), closed_by = $10 where payment_id = $3 and closed_at is null
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $10, 'refund_wanted', $5, jsonb_build_object('refund', id, 'payment', $3::bigint, 'amount', $7::bigint, 'reason', $9::text) from fresh
   )
   select id from fresh`,
);

/** The order's row before the payment's, as everywhere. */
async function lockPayment(tx: Transaction, id: number): Promise<LockedPayment | undefined> {
  await lockOrder(tx, [id]);
  await lockMoney(tx, [id]);
  return (await readPayment(tx, [id]))[0];
}

function leftOf(payment: LockedPayment): number {
  return payment.amountMinor - Math.max(payment.wantedMinor, payment.refundedMinor);
}

/** Throws PAYMENT_NOT_FOUND, REFUND_TOO_MUCH (detail: leftMinor), ORDER_STATE_CONFLICT. */
export async function wantRefund(pool: Pool, wanted: RefundWanted): Promise<RefundRow> {
  return transaction(pool, async (tx) => {
    const payment = await lockPayment(tx, wanted.paymentId);
    if (!payment) throw new KnownError('PAYMENT_NOT_FOUND');
    const known = (await byRequest(tx, [wanted.requestId]))[0];
    if (known) {
      if (known.paymentId !== wanted.paymentId) throw new KnownError('IDEMPOTENCY_CONFLICT');
      return known;
    }
    const left = leftOf(payment);
    const amount = wanted.amountMinor ?? left;
    if (amount <= 0 || amount > left) throw new KnownError('REFUND_TOO_MUCH', { leftMinor: Math.max(0, left) });
    const { id } = one(
      await insert(tx, [
        wanted.no,
        wanted.requestId,
        payment.id,
        payment.accountId,
        payment.orderId,
        payment.mode,
        amount,
        payment.currency,
        wanted.reason,
        wanted.actorId,
      ]),
    );
    const undelivered = payment.carries && !payment.released && payment.state !== null && isUnderWay(payment.state);
    if (undelivered && payment.orderId !== null && payment.state !== null && amount === left) {
      await endOrder(tx, { id: payment.orderId, state: payment.state }, wanted);
    }
    return one(await byId(tx, [id]));
  });
}

export async function refundById(db: Queryable, id: number): Promise<RefundRow | undefined> {
  return (await byId(db, [id]))[0];
}

const list = statement<
  RefundRow,
  [Mode | null, RefundState | null, string | null, number | null, number, number | null]
>(
  'refund_list',
  `select ${columns} from ${joins}
   where ($1::text is null or r.mode = $1) and ($2::text is null or r.state = $2) and ($3::text is null or o.no = $3)
     and ($4::bigint is null or r.id < $4) and ($6::bigint is null or r.payment_id = $6) order by r.id desc limit $5`,
);

/** Newest first, before an id. */
export function listRefunds(
  db: Queryable,
  filter: { mode?: Mode | undefined; state?: RefundState | undefined; orderNo?: string | undefined; paymentId?: number | undefined; before?: number | undefined; limit: number },
): Promise<RefundRow[]> {
  return list(db, [filter.mode ?? null, filter.state ?? null, filter.orderNo ?? null, filter.before ?? null, filter.limit, filter.paymentId ?? null]);
} // prettier-ignore

export interface RefundDue {
  readonly id: number;
  readonly no: string;
  /** Nobody has asked the provider yet. */
  readonly first: boolean;
  readonly attempts: number;
  readonly ageSeconds: number;
  readonly accountId: number;
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly totalMinor: number;
  readonly currency: string;
}

// `asked` is committed before the call: whoever finds it so does not know how the call ended, and asks first.
const take = statement<RefundDue, [number]>(
  'refunds_due',
  `with due as (
     select id, state from refunds where next_at <= now() order by next_at limit $1 for update skip locked
   ), mine as (
     update refunds r set state = 'asked', attempts = attempts + 1,
       next_at = now() + least(30 * power(2, least(attempts, 10)), 3600) * interval '1 second'
     from due where r.id = due.id returning r.*, due.state = 'wanted' as first
   )
   select m.id, m.no, m.first, m.attempts, extract(epoch from now() - m.created_at)::float as "ageSeconds",
     m.account_id as "accountId", y.order_no as "orderNo", y.trade_no as "tradeNo", m.amount_minor as "amountMinor",
     y.amount_minor as "totalMinor", m.currency
   from mine m join payments y on y.id = m.payment_id`,
);

/** Refunds to send or to ask about; nobody else gets them for half a minute or more. */
export function dueRefunds(db: Queryable, limit = 20): Promise<RefundDue[]> {
  return take(db, [limit]);
}

const settle = statement<object, [number, RefundState, string | null, ErrorCode | null, number]>(
  'refund_settle',
  `with ended as (
     update refunds set state = $2, code = $3, next_at = null, done_at = case when $2 = 'done' then now() end
     where id = $1 and state in ('asked', 'abnormal', 'failed') and state <> $2 returning *
   ), counted as (
     update payments y set refunded_minor = greatest(y.refunded_minor, (
         select coalesce(sum(r.amount_minor), 0) from refunds r
         where r.payment_id = y.id and (r.state = 'done' or (r.id = $1 and $2 = 'done'))))
     from ended e where y.id = e.payment_id returning y.id as payment_id, y.refunded_minor >= y.amount_minor as whole
   ), ${endsCase('select payment_id from counted where whole', 'refunded', '$5')}, asked as (
     insert into tasks (order_id, payment_id, code, detail)
     select order_id, payment_id, $4, jsonb_build_object('refund', id, 'no', no, 'code', $3::text) from ended where $4::text is not null
     on conflict do nothing
   ), eased as (
     update tasks t set closed_at = now(), closed_by = $5 from ended e
     where $4::text is null and t.closed_at is null and t.code in ('REFUND_FAILED', 'REFUND_ABNORMAL') and t.payment_id = e.payment_id
   )
   insert into audit (actor_id, action, order_id, detail)
   select $5, 'refund_' || $2, order_id, jsonb_build_object('refund', id, 'code', $3::text) from ended`,
);

/** How a refund ended. Failed and abnormal ones become a task. Repeating it changes nothing. */
export async function settleRefund(
  db: Queryable,
  id: number,
  state: 'done' | 'failed' | 'abnormal',
  code: string | null,
  actorId: number,
): Promise<void> {
  const task = state === 'failed' ? 'REFUND_FAILED' : state === 'abnormal' ? 'REFUND_ABNORMAL' : null;
  await settle(db, [id, state, code, task, actorId]);
}

const soon = statement<object, [number, number]>(
  'refund_ask_soon',
  `update refunds set next_at = now() + $2 * interval '1 millisecond' where id = $1 and state = 'asked'`,
);
/** Accepted, not yet done: asked again after so many milliseconds. */
export async function askRefundSoon(db: Queryable, id: number, ms: number): Promise<void> {
  await soon(db, [id, ms]);
}

const again = statement<{ id: number }, [number, number]>(
  'refund_again',
  `with back as (
     update refunds set state = 'asked', next_at = now(), code = null where id = $1 and state in ('failed', 'abnormal') returning id, order_id, payment_id
   ), eased as (
     update tasks t set closed_at = now(), closed_by = $2 from back b
     where t.closed_at is null and t.code in ('REFUND_FAILED', 'REFUND_ABNORMAL') and t.payment_id = b.payment_id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail) select $2, 'refund_again', order_id, jsonb_build_object('refund', id) from back
   )
   select id from back`,
);
/**
 * A person wants it tried again, under the same number. False if its state does not allow that. A failed one counted no
 * more: throws REFUND_TOO_MUCH if others have taken its place meanwhile.
 */
export async function tryRefundAgain(pool: Pool, id: number, actorId: number): Promise<boolean> {
  const known = await refundById(pool, id);
  if (!known) return false;
  return transaction(pool, async (tx) => {
    const payment = await lockPayment(tx, known.paymentId);
    const left = payment ? leftOf(payment) : 0;
    if ((await refundById(tx, id))?.state === 'failed' && known.amountMinor > left) {
      throw new KnownError('REFUND_TOO_MUCH', { leftMinor: Math.max(0, left) });
    }
    return (await again(tx, [id, actorId])).length > 0;
  });
}
