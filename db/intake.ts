/**
 * A verified payment event becomes facts: raw notification, payment, new state and the promise to start, in one
 * transaction under the order's row lock. Two statements and one commit; the acknowledgement follows the commit.
 */
import { decidePayment, startsDelivery, type PaymentDecision } from '../domain/payment.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Mode, OrderState } from '../domain/order.ts';
import { checkOf, fitsQuote, receiptIsUsed, type Quote } from './payment-facts.ts';
import { newCaseNo, opensCase } from './payment-cases.ts';
import { one, statement, transaction, type Pool, type Queryable } from './sql.ts';

export interface ReceivedNotification {
  readonly accountId: number;
  readonly provider: string;
  readonly source: 'notify' | 'query' | 'statement' | 'replay';
  /** Of a replay: which one, and who wanted it. */
  readonly replayOf?: { readonly id: number; readonly actorId: number };
  readonly method: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly query: string;
  readonly body: Buffer;
  readonly receivedAt: Date;
}

/** What is kept in the place of a notification where a payment was found: by asking, or in the provider's books. */
export function foundReceipt(
  source: 'query' | 'statement',
  account: { readonly id: number; readonly provider: string },
  found: object,
): ReceivedNotification {
  return {
    accountId: account.id,
    provider: account.provider,
    source,
    method: source.toUpperCase(),
    headers: {},
    query: '',
    body: Buffer.from(JSON.stringify(found)),
    receivedAt: new Date(),
  };
}

export interface VerifiedPayment {
  readonly mode: Mode;
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** The provider must confirm it before anything irreversible. */
  readonly mustConfirm?: boolean;
  readonly quote?: Quote;
  readonly receipt?: string;
}

export interface IntakeResult {
  readonly decision: PaymentDecision | 'duplicate';
  /** Set if the order was set going: what the workflow is started with. */
  readonly start?: OrderStart;
}

/** All that a workflow start carries: ids and words for ops, nothing of the buyer. */
export interface OrderStart {
  readonly outboxId: number;
  readonly orderId: number;
  readonly orderNo: string;
  readonly sku: string;
  readonly productName: string;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
}

interface LockedOrder {
  id: number;
  state: OrderState;
  mode: Mode;
  accountId: number;
  amountMinor: number;
  currency: string;
  expiresAt: Date;
  onSale: boolean;
  paidByHand: boolean;
  sku: string;
  productName: string;
  quantity: number;
}

const lockForPayment = statement<LockedOrder, [string]>(
  'intake_lock_order',
  `select o.id, o.state, o.mode, o.account_id as "accountId", o.amount_minor as "amountMinor", o.currency,
          o.expires_at as "expiresAt", p.state = 'on_sale' as "onSale", p.sku, p.name as "productName", o.quantity,
          o.paid_at is not null and not exists (select from payments y where y.order_id = o.id
            and y.standing in ('accepted', 'late', 'matched')) as "paidByHand"
   from orders o join products p on p.id = o.product_id
   where o.no = $1 for no key update of o`,
);

// $13 standing: null stores the notification alone. A payment that is there already changes nothing: the unique key on
// (account_id, trade_no) gates every other change of the statement. A trade that says something else than it did the
// first time is put before a person; one of which money was said to have gone back is asked about before anything else.
const record = statement<
  { fresh: boolean; outboxId: number | null },
  [
    ...received: [number, string, string, string, string, string, Buffer, Date],
    ...event: [string, string, number, string, string | null, Mode],
    ...effect: [decision: string, orderId: number | null, starts: boolean, taskCode: string | null],
    ...more: [
      receipt: string | null,
      mustConfirm: boolean,
      checkId: number | null,
      replayOf: number | null,
      replayedBy: number | null,
      caseNo: string,
    ],
  ]
>(
  'intake_record',
  `with note as (
     insert into notifications (account_id, provider, source, method, headers, query, body, received_at, verdict, order_no, trade_no, replay_of, replayed_by, decision)
     values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, 'accepted', $9, $10, $22, $23,
       case when exists (select from payments where account_id = $1 and trade_no = $10) then 'duplicate' else $15 end)
     returning id
   ), pay as (
     insert into payments (account_id, trade_no, mode, order_id, order_no, amount_minor, currency, standing, notification_id, received_at, receipt)
     select $1, $10, $14, $16, $9, $11, $12, $13, note.id, $8, $19 from note where $13::text is not null
     on conflict (account_id, trade_no) do nothing
     returning id
   ), moved as (
     update orders set state = 'paid', paid_at = $8, next_query_at = null, next_deadline = now() + interval '30 seconds',
       confirm_by_query = confirm_by_query or $20 or exists (select from notifications b where b.account_id = $1 and b.trade_no = $10
         and b.decision in ('refunded', 'partially_refunded', 'disputed'))
     where id = $16 and $17 and exists (select from pay)
     returning id
   ), promised as (
     insert into outbox (kind, order_id, available_at) select 'start', id, now() + interval '2 seconds' from moved
     returning id
   ), asked as (
     insert into tasks (order_id, payment_id, code) select $16, pay.id, $18 from pay where $18::text is not null
     on conflict do nothing returning order_id, payment_id, code
   ), altered as (
     insert into tasks (order_id, payment_id, code) select y.order_id, y.id, 'PAYMENT_REUSED' from payments y
     where y.account_id = $1 and y.trade_no = $10 and (y.order_no, y.amount_minor, y.currency) is distinct from ($9, $11, $12::char(3))
       and not exists (select from tasks t where t.payment_id = y.id and t.code = 'PAYMENT_REUSED' and t.closed_at is null)
     on conflict do nothing returning order_id, payment_id, code
   ), ${opensCase('select * from asked union all select * from altered', '$24', '$14')}, checked as (
     update callback_checks set seen_at = now(), payment_id = pay.id from pay where callback_checks.id = $21 and seen_at is null
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select 1, 'payment', $16, jsonb_build_object('payment', pay.id, 'standing', $13::text) from pay
   )
   select exists (select from pay) as fresh, (select id from promised) as "outboxId"`,
);

const taskOf: Readonly<Partial<Record<PaymentDecision, ErrorCode>>> = {
  unmatched: 'PAYMENT_UNMATCHED',
  under: 'PAYMENT_UNDER',
  over: 'PAYMENT_OVER',
  wrong_currency: 'PAYMENT_WRONG_CURRENCY',
  second: 'PAYMENT_SECOND',
  after_end: 'PAYMENT_AFTER_END',
  too_late: 'PAYMENT_TOO_LATE',
  off_quote: 'PAYMENT_QUOTE',
  reused: 'PAYMENT_REUSED',
};

/** Takes a *paid* event in. Throws only if the database does: then nothing may be acknowledged. */
export async function takePaymentIn(
  pool: Pool,
  received: ReceivedNotification,
  payment: VerifiedPayment,
): Promise<IntakeResult> {
  return transaction(pool, async (tx) => {
    const order = (await lockForPayment(tx, [payment.orderNo]))[0];
    const { accountId } = received;
    const { receipt, quote } = payment;
    const reused = receipt !== undefined && (await receiptIsUsed(tx, receipt, accountId, payment.tradeNo));
    const offQuote = quote !== undefined && !(await fitsQuote(tx, payment.orderNo, quote));
    const checkId = order ? undefined : await checkOf(tx, { ...payment, accountId });
    const decision =
      checkId === undefined
        ? decidePayment(order, { ...payment, accountId, reused, offQuote }, received.receivedAt)
        : 'check';
    const standing = decision === 'mode_mismatch' ? null : decision;
    const { fresh, outboxId } = one(
      await record(tx, [
        received.accountId,
        received.provider,
        received.source,
        received.method,
        JSON.stringify(received.headers),
        received.query,
        received.body,
        received.receivedAt,
        payment.orderNo,
        payment.tradeNo,
        payment.amountMinor,
        payment.currency,
        standing,
        payment.mode,
        decision,
        order?.id ?? null,
        startsDelivery(decision),
        taskOf[decision] ?? null,
        reused ? null : (receipt ?? null),
        payment.mustConfirm ?? false,
        checkId ?? null,
        received.replayOf?.id ?? null,
        received.replayOf?.actorId ?? null,
        newCaseNo(),
      ]),
    );
    if (decision === 'mode_mismatch') return { decision };
    if (!fresh) return { decision: 'duplicate' };
    if (!order || outboxId === null) return { decision };
    return { decision, start: { ...order, orderId: order.id, orderNo: payment.orderNo, outboxId } };
  });
}

const note = statement<
  object,
  [
    number | null,
    string,
    string,
    string,
    string,
    string,
    Buffer,
    Date,
    string,
    string | null,
    string | null,
    string | null,
    number | null,
    number | null,
  ]
>(
  'intake_note',
  `insert into notifications (account_id, provider, source, method, headers, query, body, received_at, verdict, order_no, trade_no, decision, replay_of, replayed_by)
   values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
);

/** Keeps a notification that changes nothing: a refused one, or one that says anything but "paid". */
export async function noteNotification(
  db: Queryable,
  received: Omit<ReceivedNotification, 'accountId'> & { accountId: number | null },
  verdict: string,
  event?: { orderNo: string; tradeNo: string; meaning: string },
): Promise<void> {
  await note(db, [
    received.accountId,
    received.provider,
    received.source,
    received.method,
    JSON.stringify(received.headers),
    received.query,
    received.body,
    received.receivedAt,
    verdict,
    event?.orderNo ?? null,
    event?.tradeNo ?? null,
    event?.meaning ?? null,
    received.replayOf?.id ?? null,
    received.replayOf?.actorId ?? null,
  ]);
}
