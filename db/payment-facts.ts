/** Facts beside the order that decide about a payment: what was quoted, transfers that were used, checks under way. */
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable, type Transaction } from './sql.ts';

export type Quote = Readonly<Record<string, string>>;

export interface PayRequestRow {
  readonly kind: 'redirect' | 'qr';
  readonly url: string;
  readonly quote: Quote;
}

const keep = statement<object, [number, string, number, string, string, string]>(
  'pay_request_keep',
  `insert into pay_requests (order_id, method, account_id, kind, url, quote) values ($1, $2, $3, $4, $5, $6::jsonb)
   on conflict do nothing`,
);
const find = statement<PayRequestRow, [number, string]>(
  'pay_request_find',
  'select kind, url, quote from pay_requests where order_id = $1 and method = $2',
);

/** What a provider fixed for an order and channel; the first one stays, also if two were made at once. */
export async function keepPayRequest(
  db: Queryable,
  orderId: number,
  method: string,
  accountId: number,
  request: PayRequestRow,
): Promise<void> {
  await keep(db, [orderId, method, accountId, request.kind, request.url, JSON.stringify(request.quote)]);
}

export async function payRequestOf(db: Queryable, orderId: number, method: string): Promise<PayRequestRow | undefined> {
  return (await find(db, [orderId, method]))[0];
}

const latest = statement<Pick<PayRequestRow, 'kind' | 'url'>, [number]>(
  'pay_request_latest',
  'select kind, url from pay_requests where order_id = $1 order by created_at desc limit 1',
);
/** Where the buyer was sent last; undefined for gateways whose address is made, not asked for. */
export async function latestPayRequest(
  db: Queryable,
  orderId: number,
): Promise<Pick<PayRequestRow, 'kind' | 'url'> | undefined> {
  return (await latest(db, [orderId]))[0];
}

const quotes = statement<{ quote: Quote }, [string]>(
  'payment_quotes',
  'select r.quote from pay_requests r join orders o on o.id = r.order_id where o.no = $1 order by r.created_at',
);

/** What providers quoted for an order, oldest first. */
export async function quotesOf(db: Queryable, orderNo: string): Promise<Quote[]> {
  return (await quotes(db, [orderNo])).map((row) => row.quote);
}

/** False if there is a quote to compare with and none of them fits what came. */
export async function fitsQuote(tx: Transaction, orderNo: string, came: Quote | undefined): Promise<boolean> {
  if (!came) return true;
  const kept = await quotesOf(tx, orderNo);
  return kept.some((quote) => Object.entries(came).every(([key, value]) => quote[key] === value));
}

const used = statement<object, [string, number, string]>(
  'payment_receipt_used',
  'select 1 from payments where receipt = $1 and not (account_id = $2 and trade_no = $3)',
);

/** True if another payment was made of this transfer. */
export async function receiptIsUsed(
  tx: Transaction,
  receipt: string,
  accountId: number,
  tradeNo: string,
): Promise<boolean> {
  return (await used(tx, [receipt, accountId, tradeNo])).length > 0;
}

const check = statement<{ id: number }, [string, number, Mode, number, string]>(
  'payment_check_under_way',
  `select c.id from callback_checks c join payment_accounts a on a.id = c.account_id
   where c.order_no = $1 and c.account_id = $2 and a.mode = $3 and c.amount_minor = $4 and c.currency = $5`,
);

/** The callback check that this payment answers, if it is none of an order. */
export async function checkOf(
  tx: Transaction,
  payment: { orderNo: string; accountId: number; mode: Mode; amountMinor: number; currency: string },
): Promise<number | undefined> {
  const { orderNo, accountId, mode, amountMinor, currency } = payment;
  return (await check(tx, [orderNo, accountId, mode, amountMinor, currency]))[0]?.id;
}
