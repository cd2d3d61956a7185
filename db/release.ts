/**
 * The point of no return (rule 5): from the commit of these parts on, the pickup page shows the goods. Shared by
 * everything that completes an order's last missing piece, so that none forgets a part of it.
 */
import type { CardUse } from '../domain/product.ts';
import { endsWithTrouble } from './task-kinds.ts';

/**
 * CTEs that release the orders of a CTE `ready (order_id, cards)`; `released` and `queued` may be read afterwards.
 * `actor` is SQL for who did it, `how` SQL for further detail of the audit row (jsonb). For 循环卡密 `ready` also has the
 * key that is shown and stays in the pool, `loop_card_id`.
 */
export function releaseParts(actor: string, how = `'{}'::jsonb`, use: CardUse = 'single'): string {
  return `released as (
     update orders o set state = 'delivered', released_at = now(), failure_code = null, next_query_at = null,${use === 'loop' ? ' loop_card_id = r.loop_card_id,' : ''}
       done_at = case when o.contact is null and not o.webhook then now() end,
       next_deadline = now() + interval '10 minutes'
     from ready r where o.id = r.order_id and o.released_at is null
     returning o.id, o.contact is not null as mail, o.webhook, r.cards
   ), queued as (
     insert into messages (order_id, kind)
     select r.id, k.kind from released r cross join lateral (values ('mail', r.mail), ('webhook', r.webhook)) k (kind, wanted)
     where k.wanted
     returning id, kind
   ), eased as (
     update tasks set closed_at = now(), closed_by = ${actor}
     where order_id in (select id from released) and closed_at is null and ${endsWithTrouble}
   ), left_line as (
     delete from stock_waits where order_id in (select id from released)
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actor}, 'delivered', id, jsonb_build_object('cards', cards) || ${how} from released
   )`;
}
