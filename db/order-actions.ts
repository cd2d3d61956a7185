/** What people did to an order. */
import { statement, type Queryable } from './sql.ts';

export interface DoneAction {
  readonly id: string;
  readonly kind: string;
  readonly by: string;
  readonly note: string;
  readonly from: string;
  readonly to: string;
  readonly at: Date;
}

const done = statement<DoneAction, [number]>(
  'actions_of_order',
  `select x.id, x.kind, a.name as by, x.note, x.from_state as "from", x.to_state as "to", x.at
   from order_actions x join actors a on a.id = x.actor_id where x.order_id = $1 order by x.at desc limit 100`,
);
/** Newest first. */
export function actionsOfOrder(db: Queryable, orderId: number): Promise<DoneAction[]> {
  return done(db, [orderId]);
}

const missing = statement<{ missing: number }, [number]>(
  'order_missing',
  `select o.quantity - (select count(*)::int from goods_of_orders g where g.order_id = o.id) as missing
   from orders o where o.id = $1`,
);
/** Pieces that an order still wants. */
export async function missingPieces(db: Queryable, orderId: number): Promise<number> {
  return (await missing(db, [orderId]))[0]?.missing ?? 0;
}
