/** The order log: newest first, page by page, by whatever filter. */
import { orderNoPattern } from '../domain/ids.ts';
import type { Mode, OrderState } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';
import { unionAll, Where } from './where.ts';

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

/**
 * Newest first. By the time where a time is asked for, else by the id: each has an index that gives this order, also within
 * one account, product, reason or state. `accounts` are those of the provider asked for.
 */
export function orderListSql(
  filter: OrderFilter,
  limit: number,
  accounts?: readonly number[],
): { text: string; values: unknown[] } {
  const byTime = filter.from !== undefined || filter.to !== undefined;
  const newest = byTime ? 'o.created_at desc, o.id desc' : 'o.id desc';
  const where = new Where();
  // Named one by one, so that the partial indexes of rare states and of test mode fit.
  if (filter.state?.length) where.always(`o.state in (${filter.state.map((state) => `'${state}'`).join(', ')})`);
  if (filter.mode) where.always(`o.mode = '${filter.mode}'`);
  if (filter.no !== undefined && orderNoPattern.test(filter.no)) where.add('o.no = ?', filter.no);
  else where.add('o.no like ?', filter.no === undefined ? undefined : `${filter.no.replace(/[\\%_]/g, '\\$&')}%`);
  where
    .add('o.product_id = (select id from products where sku = ?)', filter.sku)
    .add('o.failure_code = ?', filter.failure)
    .add('o.contact_index = ?', filter.contactIndex)
    .add('o.created_at >= ?', filter.from)
    .add('o.created_at < ?', filter.to)
    .add(
      byTime ? '(o.created_at, o.id) < (select created_at, id from orders where id = ?)' : 'o.id < ?',
      filter.before,
    );
  const most = where.put(limit);
  const pages = where.each('o.account_id', accounts).map((is) => `select * from orders o ${is} order by ${newest} limit ${most}`); // prettier-ignore
  return {
    text: `select o.id, o.no, o.mode, o.state, o.failure_code as "failureCode", p.sku, p.name as "productName", o.quantity,
       o.amount_minor as "amountMinor", o.currency, c.provider, s.name as shop, o.created_at as "createdAt", o.paid_at as "paidAt",
       o.released_at as "releasedAt",
       (extract(epoch from o.released_at - coalesce(o.cleared_at, o.paid_at)) * 1000)::int as "tookMs",
       (select count(*)::int from tasks k where k.order_id = o.id and k.closed_at is null) as "openTasks"
     from (select * from (${unionAll(pages)}) o order by ${newest} limit ${most}) o
     join products p on p.id = o.product_id join shops s on s.id = o.shop_id left join payment_accounts c on c.id = o.account_id
     order by ${newest}`,
    values: where.values,
  };
}

const accountsOf = statement<{ id: number }, [string]>(
  'order_list_accounts',
  'select id from payment_accounts where provider = $1 order by id',
);
export async function listOrders(db: Queryable, filter: OrderFilter, limit: number): Promise<OrderLine[]> {
  const { provider } = filter;
  const accounts = provider === undefined ? undefined : (await accountsOf(db, [provider])).map(({ id }) => id);
  return (await db.query<OrderLine>(orderListSql(filter, limit, accounts))).rows;
}
