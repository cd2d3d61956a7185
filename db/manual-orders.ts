/** An order that automation never saw (C4): made, paid and delivered by a person in one transaction. */
import { KnownError } from '../domain/errors.ts';
import { ensureShop } from './access.ts';
import { applyActionIn, type AppliedAction } from './actions.ts';
import type { TypedCard } from './hand-delivery.ts';
import { insertOrder, orderByKey, type NewOrder, type OrderRow } from './orders.ts';
import { statement, transaction, type Pool } from './sql.ts';

/** Orders that were made by hand belong to it. */
const shopName = '手动发货';

const pay = statement<object, [number, number]>(
  'manual_paid',
  `with paid as (
     update orders set state = 'paid', paid_at = now(), cleared_at = now(), rules_checked_at = now(), next_query_at = null,
       next_deadline = now() + interval '30 seconds'
     where id = $1 returning id
   )
   insert into audit (actor_id, action, order_id) select $2, 'ordered_by_hand', id from paid`,
);

export interface ManualDelivery {
  readonly order: Omit<NewOrder, 'shopId' | 'accountId' | 'confirmByQuery' | 'nextQueryAt'>;
  /** Also the idempotency key of the order. */
  readonly actionId: string;
  readonly actorId: number;
  readonly note: string;
  /** Undefined: from the pool. */
  readonly cards: readonly TypedCard[] | undefined;
}

/** The order, and what was applied; undefined `applied` if this id was used before. Throws what delivering refuses. */
export async function deliverManually(
  pool: Pool,
  given: ManualDelivery,
): Promise<{ order: OrderRow; applied?: AppliedAction }> {
  return transaction(pool, async (tx) => {
    const shopId = await ensureShop(tx, shopName, null);
    const orderId = await insertOrder(tx, { ...given.order, shopId, accountId: null, confirmByQuery: false, nextQueryAt: null }); // prettier-ignore
    const order = await orderByKey(tx, shopId, given.order.idempotencyKey);
    if (!order) throw new Error('an order vanished after its insert');
    if (orderId === undefined) {
      if (!order.requestHash.equals(given.order.requestHash)) throw new KnownError('IDEMPOTENCY_CONFLICT');
      return { order };
    }
    await pay(tx, [orderId, given.actorId]);
    const { actionId: id, actorId, note, cards } = given;
    const common = { id, orderNo: order.no, actorId, note };
    const applied = await applyActionIn(
      tx,
      cards ? { ...common, kind: 'deliver_by_hand', cards } : { ...common, kind: 'deliver_from_pool' },
    );
    return { order, applied };
  });
}
