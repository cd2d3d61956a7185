/** 支付回调检测 by a small real payment: a number that belongs to no order, and what came of it. */
import type { RefundState } from './refunds.ts';
import type { Quote } from './payment-facts.ts';
import { statement, type Queryable } from './sql.ts';

export interface NewCheck {
  readonly accountId: number;
  readonly orderNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly kind: 'redirect' | 'qr';
  readonly url: string;
  readonly quote: Quote;
  readonly actorId: number;
  readonly expiresAt: Date;
}

const insert = statement<object, [number, string, number, string, string, string, number, Date, string]>(
  'callback_check_insert',
  `with fresh as (
     insert into callback_checks (account_id, order_no, amount_minor, currency, kind, url, actor_id, expires_at, quote)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb) returning account_id
   )
   insert into audit (actor_id, action, detail) select $7, 'callback_check', jsonb_build_object('account', account_id) from fresh`,
);
export async function insertCheck(db: Queryable, c: NewCheck): Promise<void> {
  await insert(db, [
    c.accountId,
    c.orderNo,
    c.amountMinor,
    c.currency,
    c.kind,
    c.url,
    c.actorId,
    c.expiresAt,
    JSON.stringify(c.quote),
  ]);
}

export interface CheckState {
  readonly orderNo: string;
  readonly createdAt: Date;
  readonly paymentId: number | null;
  readonly seenAt: Date | null;
  /** Its payment came by notification, at once or after it was found by asking: only that proves the way. */
  readonly notified: boolean;
  readonly refund: RefundState | null;
}
const latest = statement<CheckState, [number]>(
  'callback_check_latest',
  `select c.order_no as "orderNo", c.created_at as "createdAt", c.payment_id as "paymentId", c.seen_at as "seenAt",
     exists (select from notifications n where n.order_no = c.order_no and n.account_id = c.account_id and n.source = 'notify'
       and n.verdict = 'accepted' and n.decision in ('check', 'duplicate')) as notified,
     (select r.state from refunds r where r.payment_id = c.payment_id order by r.id desc limit 1) as refund
   from callback_checks c
   where c.account_id = $1 order by c.id desc limit 1`,
);
export async function latestCheck(db: Queryable, accountId: number): Promise<CheckState | undefined> {
  return (await latest(db, [accountId]))[0];
}

const ask = statement<{ orderNo: string; quote: Quote }, [number]>(
  'callback_check_ask',
  `update callback_checks set asked_at = now()
   where id = (select id from callback_checks where account_id = $1 order by id desc limit 1) and seen_at is null
     and created_at < now() - interval '5 seconds' and expires_at > now() - interval '1 day'
     and (asked_at is null or asked_at < now() - interval '10 seconds')
   returning order_no as "orderNo", quote`,
);
/** The check whose payment the provider is to be asked about now, at most every ten seconds. */
export async function checkToAsk(
  db: Queryable,
  accountId: number,
): Promise<{ orderNo: string; quote: Quote } | undefined> {
  return (await ask(db, [accountId]))[0];
}

const unreturned = statement<{ paymentId: number; actorId: number }, []>(
  'callback_check_unreturned',
  `select c.payment_id as "paymentId", c.actor_id as "actorId" from callback_checks c
   where c.seen_at > now() - interval '1 day' and c.payment_id is not null
     and not exists (select from refunds r where r.payment_id = c.payment_id) limit 20`,
);
/** Money of checks that came and has not been given back. */
export function unreturnedChecks(db: Queryable): Promise<{ paymentId: number; actorId: number }[]> {
  return unreturned(db, []);
}
