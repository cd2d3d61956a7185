/** Mail that tells a buyer that it takes longer. Taken by moving `available_at`; sent at least once. */
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export interface BuyerNotice {
  readonly id: number;
  readonly orderNo: string;
  readonly mode: Mode;
  readonly locale: string;
  readonly productName: string;
  readonly contact: Buffer;
  readonly token: Buffer;
  readonly createdAt: Date;
}

const stale = statement<object, []>(
  'buyer_notices_stale',
  `update messages m set state = 'failed' from orders o where m.order_id = o.id and m.kind = 'trouble' and m.state = 'pending'
     and o.state in ('delivered', 'refunded', 'closed')`,
);
const take = statement<BuyerNotice, [number]>(
  'buyer_notices_take',
  `with mine as (
     update messages set available_at = now() + interval '2 minutes'
     where id = any (array(select id from messages where kind = 'trouble' and state = 'pending' and available_at <= now()
                           order by available_at limit $1 for update skip locked)) returning id, order_id, created_at
   )
   select m.id, o.no as "orderNo", o.mode, o.locale, p.name as "productName", o.contact, o.token, m.created_at as "createdAt"
   from mine m join orders o on o.id = m.order_id join products p on p.id = o.product_id where o.contact is not null`,
);
/** Due ones; those whose order has ended meanwhile are dropped. */
export async function takeBuyerNotices(db: Queryable, limit: number): Promise<BuyerNotice[]> {
  await stale(db, []);
  return take(db, [limit]);
}

const finish = statement<object, [number, 'sent' | 'failed']>(
  'buyer_notice_finish',
  `update messages set state = $2, sent_at = case when $2 = 'sent' then now() end where id = $1 and state = 'pending'`,
);
export async function finishBuyerNotice(db: Queryable, id: number, state: 'sent' | 'failed'): Promise<void> {
  await finish(db, [id, state]);
}
