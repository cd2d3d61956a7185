/**
 * What a provider says about money that went back, or about a payment that will not come: facts, a task, and a stop for
 * what was not delivered yet. A refund of ours is not believed from here: its row is asked about at once.
 */
import type { ErrorCode } from '../domain/errors.ts';
import { isUnderWay, mayMove, type Mode, type OrderState } from '../domain/order.ts';
import { deadlines } from '../domain/policy.ts';
import { noteNotification, type ReceivedNotification } from './intake.ts';
import { actors } from './locks.ts';
import { newCaseNo, opensCase } from './payment-cases.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export interface MoneyNotice {
  readonly meaning: 'partially_refunded' | 'refunded' | 'refund_trouble' | 'disputed';
  readonly mode: Mode;
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly refundNo?: string | undefined;
  readonly refundMinor?: number | undefined;
}

interface LockedPayment {
  id: number;
  orderId: number | null;
  state: OrderState | null;
  released: boolean;
  carries: boolean;
  amountMinor: number;
  ours: number;
}

// The order first: everything that changes an order begins with its row.
const lockOrder = statement<object, [number, string]>(
  'money_notice_lock',
  `select 1 from orders where id = (select order_id from payments where account_id = $1 and trade_no = $2) for no key update`,
);
// Apart from the reading: the sum of our refunds must hold what was committed while this one waited.
const lockMoney = statement<object, [number, string]>(
  'money_notice_lock_payment',
  'select 1 from payments where account_id = $1 and trade_no = $2 for update',
);
const payment = statement<LockedPayment, [number, string]>(
  'money_notice_payment',
  `select y.id, y.order_id as "orderId", o.state, o.released_at is not null as released, y.amount_minor as "amountMinor",
     y.standing in ('accepted', 'late', 'matched') as carries,
     (select coalesce(sum(r.amount_minor), 0)::bigint from refunds r where r.payment_id = y.id and r.state in ('asked', 'done', 'abnormal')) as ours
   from payments y left join orders o on o.id = y.order_id where y.account_id = $1 and y.trade_no = $2`,
);
const poke = statement<{ id: number }, [string, number]>(
  'money_notice_poke',
  `update refunds set next_at = now() where no = $1 and account_id = $2 and state = 'asked' returning id`,
);
const ourRefund = statement<object, [string, number]>(
  'money_notice_ours',
  'select 1 from refunds where no = $1 and account_id = $2',
);
const note = statement<
  object,
  [
    paymentId: number,
    refundedMinor: number,
    disputed: boolean,
    code: ErrorCode | null,
    orderId: number | null,
    stop: boolean,
    mode: Mode,
    caseNo: string,
  ]
>(
  'money_notice_note',
  `with seen as (
     update payments set refunded_minor = greatest(refunded_minor, $2),
       disputed_at = case when $3 then coalesce(disputed_at, now()) else disputed_at end
     where id = $1
   ), stopped as (
     update orders set state = 'attention', failure_code = $4, next_deadline = now() + interval '${deadlines.waiting} milliseconds'
     where id = $5 and $6 returning id
   ), left_line as (
     delete from stock_waits where order_id in (select id from stopped)
   ), asked as (
     insert into tasks (order_id, payment_id, code, detail)
     select $5, $1, $4, jsonb_build_object('refundedMinor', $2::bigint) where $4::text is not null
     on conflict do nothing returning order_id, payment_id, code
   ), ${opensCase('select * from asked', '$8', '$7')}, promised as (
     insert into outbox (kind, order_id) select 'wake', id from stopped
   )
   insert into audit (actor_id, action, order_id, detail)
   select ${actors.notification}, 'money_notice', $5, jsonb_build_object('payment', $1::bigint, 'code', $4::text, 'stopped', $6::boolean)`,
);

/** Takes in what is no payment but about one. Returns what was made of it, for the log. */
export async function takeMoneyNoticeIn(
  pool: Pool,
  received: ReceivedNotification,
  notice: MoneyNotice,
): Promise<string> {
  return transaction(pool, async (tx) => {
    const { accountId } = received;
    await noteNotification(tx, received, 'accepted', notice);
    if (notice.refundNo !== undefined) {
      // Ours: the loop asks the provider, whatever this says.
      if ((await poke(tx, [notice.refundNo, accountId])).length > 0) return 'refund_asked';
      if ((await ourRefund(tx, [notice.refundNo, accountId])).length > 0) return 'refund_known';
    }
    await lockOrder(tx, [accountId, notice.tradeNo]);
    await lockMoney(tx, [accountId, notice.tradeNo]);
    const found = (await payment(tx, [accountId, notice.tradeNo]))[0];
    if (!found || notice.meaning === 'refund_trouble') return notice.meaning;
    const whole = notice.meaning === 'refunded';
    const refunded = whole ? Math.max(found.amountMinor, notice.refundMinor ?? 0) : (notice.refundMinor ?? 0);
    const disputed = notice.meaning === 'disputed';
    // Some providers give the sum of all refunds: what our own account for is no news.
    if (!disputed && refunded <= found.ours) return 'refund_known';
    const code = disputed ? 'PAYMENT_DISPUTED' : 'PAYMENT_REFUNDED_OUTSIDE';
    const { state } = found;
    const stop =
      found.carries &&
      (whole || disputed) &&
      !found.released &&
      state !== null &&
      isUnderWay(state) &&
      mayMove(state, 'attention');
    await note(tx, [found.id, disputed ? 0 : refunded, disputed, code, found.orderId, stop, notice.mode, newCaseNo()]);
    return stop ? `${notice.meaning}_stopped` : notice.meaning;
  });
}

const close = statement<object, [string, number, Mode]>(
  'payment_closed_at_provider',
  `update orders set expires_at = now(), next_query_at = null
   where no = $1 and account_id = $2 and mode = $3 and state = 'unpaid' and expires_at > now()`,
);

/** The provider will not take money for the order any more: it expires now. A payment that comes all the same is a late one. */
export async function expireNow(db: Queryable, orderNo: string, accountId: number, mode: Mode): Promise<void> {
  await close(db, [orderNo, accountId, mode]);
}
