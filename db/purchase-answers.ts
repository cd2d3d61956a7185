/**
 * What a person says about a purchase: an action row like any other (rule 1), its effect, and the order set going again,
 * in one commit under the locks of order and purchase.
 */
import { KnownError } from '../domain/errors.ts';
import { deadlines } from '../domain/policy.ts';
import type { PurchaseState } from '../domain/supplier.ts';
import type { PaidOrder } from './delivery.ts';
import { lockOrder } from './delivery.ts';
import { lockPurchase, orderOfPurchase, type StoredPurchase } from './purchases.ts';
import { statement, transaction, type Pool, type Transaction } from './sql.ts';

export interface PurchaseAction {
  /** Idempotency key: the same id again changes nothing. */
  readonly id: string;
  readonly purchaseId: number;
  readonly kind: string;
  /** States in which it makes sense. */
  readonly from: readonly PurchaseState[];
  readonly actorId: number;
  readonly note: string;
}

export interface Answered {
  readonly orderNo: string;
  readonly orderId: number;
  /** The wake that was promised; null if the order does not wait for this. */
  readonly outboxId: number | null;
}

const earlier = statement<{ orderId: number }, [string]>(
  'purchase_answer_earlier',
  'select order_id as "orderId" from order_actions where id = $1',
);
const last = statement<{ kind: string; by: string; at: Date }, [number]>(
  'purchase_answer_last',
  `select x.kind, a.name as by, x.at from order_actions x join actors a on a.id = x.actor_id
   where x.order_id = $1 and x.kind like 'purchase\\_%' order by x.at desc limit 1`,
);
const insert = statement<object, [string, number, string, number, string, number]>(
  'purchase_answer',
  `with acted as (
     insert into order_actions (id, order_id, kind, actor_id, note, from_state, to_state)
     select $1, id, $3, $4, $5, state, state from orders where id = $2
   )
   insert into audit (actor_id, action, order_id, detail)
   values ($4, $3, $2, jsonb_build_object('action', $1::uuid, 'purchase', $6::bigint))`,
);
const resume = statement<{ id: number }, [number, number, number]>(
  'purchase_resume_order',
  `with moved as (
     update orders set state = 'paid', failure_code = null, next_deadline = now() + $3 * interval '1 millisecond'
     where id = $1 and state = 'attention' and failure_code in ('PURCHASE_UNKNOWN', 'PURCHASE_REVIEW') returning id
   ), eased as (
     update tasks set closed_at = now(), closed_by = $2
     where order_id = $1 and closed_at is null and code in ('PURCHASE_UNKNOWN', 'PURCHASE_REVIEW')
   )
   insert into outbox (kind, order_id) select 'wake', id from moved returning id`,
);

/** The order waited for this purchase alone: it goes on. Returns the wake that was promised. */
export async function resumeOrder(tx: Transaction, orderId: number, actorId: number): Promise<number | null> {
  return (await resume(tx, [orderId, actorId, deadlines.working]))[0]?.id ?? null;
}

/** Runs `effect` once per action id. Throws PURCHASE_NOT_FOUND, or PURCHASE_STATE_CONFLICT that names who was first. */
export async function answerPurchase(
  pool: Pool,
  action: PurchaseAction,
  effect: (tx: Transaction, purchase: StoredPurchase, order: PaidOrder) => Promise<void>,
): Promise<Answered> {
  const orderId = await orderOfPurchase(pool, action.purchaseId);
  if (orderId === undefined) throw new KnownError('PURCHASE_NOT_FOUND');
  return transaction(pool, async (tx) => {
    const order = await lockOrder(tx, orderId);
    const purchase = await lockPurchase(tx, action.purchaseId);
    if (!order || !purchase) throw new KnownError('PURCHASE_NOT_FOUND');
    const answered = { orderNo: order.no, orderId };
    const [done] = await earlier(tx, [action.id]);
    if (done) {
      if (done.orderId !== orderId) throw new KnownError('IDEMPOTENCY_CONFLICT');
      return { ...answered, outboxId: null };
    }
    if (!action.from.includes(purchase.state)) {
      const [first] = await last(tx, [orderId]);
      throw new KnownError('PURCHASE_STATE_CONFLICT', { state: purchase.state, ...(first && { last: first }) });
    }
    await effect(tx, purchase, order);
    await insert(tx, [action.id, orderId, action.kind, action.actorId, action.note, purchase.id]);
    return { ...answered, outboxId: await resumeOrder(tx, orderId, action.actorId) };
  });
}
