/** The order log: newest first, page by page, by whatever filter. */
import type { Mode, OrderState } from '../domain/order.ts';
import type { Queryable } from './sql.ts';

export interface OrderFilter {
  readonly state?: readonly OrderState[] | undefined;
  readonly mode?: Mode | undefined;
  readonly no?: string | undefined;
  readonly sku?: string | undefined;
  readonly provider?: string | undefined;
  readonly failure?: string | undefined;
  readonly contactIndex?: Buffer | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly before?: number | undefined;
}

export interface OrderLine {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly state: OrderState;
  readonly failureCode: string | null;
  readonly sku: string;
  readonly productName: string;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly provider: string | null;
  readonly shop: string;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
  readonly releasedAt: Date | null;
  readonly tookMs: number | null;
  readonly openTasks: number;
}

// Written out per filter: with "$n is null or …" the planner would not use the index that fits.
export function orderListSql(filter: OrderFilter, limit: number): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const where: string[] = [];
  const add = (condition: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition.replace('?', `$${values.length}`));
  };
  const states = filter.state?.length ? filter.state : undefined;
  // Named one by one, so that the partial indexes of rare states fit.
  if (states) where.push(`o.state in (${states.map((state) => `'${state}'`).join(', ')})`);
  add('o.mode = ?', filter.mode);
  add('o.no like ?', filter.no === undefined ? undefined : `${filter.no.replace(/[\\%_]/g, '\\$&')}%`);
  add('o.product_id = (select id from products where sku = ?)', filter.sku);
  add('o.account_id = any (array(select id from payment_accounts where provider = ?))', filter.provider);
  add('o.failure_code = ?', filter.failure);
  add('o.contact_index = ?', filter.contactIndex);
  add('o.created_at >= ?', filter.from);
  add('o.created_at < ?', filter.to);
  add('o.id < ?', filter.before);
  values.push(limit);
  return {
    text: `select o.id, o.no, o.mode, o.state, o.failure_code as "failureCode", p.sku, p.name as "productName", o.quantity,
       o.amount_minor as "amountMinor", o.currency, c.provider, s.name as shop, o.created_at as "createdAt", o.paid_at as "paidAt",
       o.released_at as "releasedAt",
       (extract(epoch from o.released_at - coalesce(o.cleared_at, o.paid_at)) * 1000)::int as "tookMs",
       (select count(*)::int from tasks k where k.order_id = o.id and k.closed_at is null) as "openTasks"
     from (select * from orders o ${where.length ? `where ${where.join(' and ')}` : ''} order by o.id desc limit $${values.length}) o
     join products p on p.id = o.product_id join shops s on s.id = o.shop_id left join payment_accounts c on c.id = o.account_id
     order by o.id desc`,
    values,
  };
}

export async function listOrders(db: Queryable, filter: OrderFilter, limit: number): Promise<OrderLine[]> {
  return (await db.query<OrderLine>(orderListSql(filter, limit))).rows;
}
