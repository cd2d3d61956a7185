/** Everything about one order that staff may need, beside its timeline and tasks. */
import type { Mode, OrderState } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export interface OrderFile {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly state: OrderState;
  readonly failureCode: string | null;
  readonly sku: string;
  readonly productId: number;
  readonly productName: string;
  readonly productKind: string;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly shop: string;
  readonly provider: string | null;
  readonly accountName: string | null;
  readonly contact: Buffer | null;
  readonly remark: Buffer | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly paidAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly releasedAt: Date | null;
  readonly doneAt: Date | null;
  readonly cards: number;
}
const file = statement<OrderFile, [string]>(
  'order_file',
  `select o.id, o.no, o.mode, o.state, o.failure_code as "failureCode", p.sku, p.id as "productId", p.name as "productName",
     p.kind as "productKind", o.quantity, o.amount_minor as "amountMinor", o.currency, s.name as shop, c.provider,
     c.name as "accountName", o.contact, o.remark, o.created_at as "createdAt", o.expires_at as "expiresAt", o.paid_at as "paidAt",
     o.payment_confirmed_at as "confirmedAt", o.released_at as "releasedAt", o.done_at as "doneAt",
     (select count(*)::int from goods_of_orders g where g.order_id = o.id) as cards
   from orders o join products p on p.id = o.product_id join shops s on s.id = o.shop_id left join payment_accounts c on c.id = o.account_id
   where o.no = $1`,
);

export interface OrderPayment {
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly standing: string;
  readonly receivedAt: Date;
  readonly provider: string;
}
const payments = statement<OrderPayment, [number]>(
  'order_payments',
  `select p.trade_no as "tradeNo", p.amount_minor as "amountMinor", p.currency, p.standing, p.received_at as "receivedAt", c.provider
   from payments p join payment_accounts c on c.id = p.account_id where p.order_id = $1 order by p.id limit 50`,
);
export interface OrderNotification {
  readonly id: number;
  readonly source: string;
  readonly verdict: string;
  readonly decision: string | null;
  readonly receivedAt: Date;
}
const notifications = statement<OrderNotification, [string]>(
  'order_notifications',
  `select id, source, verdict, decision, received_at as "receivedAt" from notifications where order_no = $1 order by id desc limit 50`,
);
export interface OrderMessage {
  readonly kind: string;
  readonly state: string;
  readonly failureCode: string | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
}
const messages = statement<OrderMessage, [number]>(
  'order_messages',
  `select kind, state, failure_code as "failureCode", created_at as "createdAt", sent_at as "sentAt" from messages
   where order_id = $1 order by id limit 50`,
);

export async function orderFile(db: Queryable, no: string): Promise<OrderFile | undefined> {
  return (await file(db, [no]))[0];
}
export function orderPayments(db: Queryable, orderId: number): Promise<OrderPayment[]> {
  return payments(db, [orderId]);
}
export function orderNotifications(db: Queryable, no: string): Promise<OrderNotification[]> {
  return notifications(db, [no]);
}
export function orderMessages(db: Queryable, orderId: number): Promise<OrderMessage[]> {
  return messages(db, [orderId]);
}
