/** Mail with the goods once more (卡密重发), asked for by the buyer, to the contact of the order and no other. */
import { resendHours, resendLimit } from '../domain/resend.ts';
import { actors } from './locks.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

const usable = `select ${resendLimit} - count(*)::int as left from messages
   where order_id = $1 and kind = 'resend' and created_at > now() - interval '${resendHours} hours'`;
const left = statement<{ left: number }, [number]>('resends_left', usable);
/** How often the goods may be sent again today. */
export async function resendsLeft(db: Queryable, orderId: number): Promise<number> {
  return Math.max(0, (await left(db, [orderId]))[0]?.left ?? 0);
}

const lock = statement<object, [number]>('resend_lock_order', 'select from orders where id = $1 for no key update');
const insert = statement<{ id: number }, [number, string]>(
  'resend_insert',
  `with wanted as (
     insert into messages (order_id, kind)
     select o.id, 'resend' from orders o where o.id = $1 and o.released_at is not null and o.contact is not null and (${usable.replace(' as left', '')}) > 0
     returning id, order_id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.buyer}, 'resent', order_id, jsonb_build_object('message', id, 'from', $2::text) from wanted
   )
   select id from wanted`,
);
/** False if nothing is left of the allowance (or there is nothing to send). Counted under the order's lock. */
export async function wantResend(pool: Pool, orderId: number, from: string): Promise<boolean> {
  return transaction(pool, async (tx) => {
    await lock(tx, [orderId]);
    return (await insert(tx, [orderId, from])).length > 0;
  });
}

const take = statement<{ id: number; orderId: number; orderNo: string; late: boolean }, [number]>(
  'resends_take',
  `with mine as (
     update messages set available_at = now() + interval '2 minutes'
     where id = any (array(select id from messages where kind = 'resend' and state = 'pending' and available_at <= now()
                           order by available_at limit $1 for update skip locked)) returning id, order_id, created_at
   )
   select m.id, m.order_id as "orderId", o.no as "orderNo", m.created_at < now() - interval '${resendHours} hours' as late
   from mine m join orders o on o.id = m.order_id order by m.id`,
);
/** Due ones; nobody else gets them for two minutes. `late`: tried for a day, to be given up. */
export function takeResends(
  db: Queryable,
  limit: number,
): Promise<{ id: number; orderId: number; orderNo: string; late: boolean }[]> {
  return take(db, [limit]);
}
