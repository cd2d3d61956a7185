/**
 * Orders that people have because no supplier could serve them: when keys come into the own pool of their product, they
 * take a place in its line by the time of their payment. Not those that a person works on or sent another way.
 */
import type { Mode } from '../domain/order.ts';
import { actors } from './locks.ts';
import { statement, type Transaction } from './sql.ts';

/** Reasons that keys in the own pool cure. */
const cured = `(o.failure_code like 'SUPPLIER\\_%' or o.failure_code = 'NO_SOURCE')`;

// At most as many as there are keys, so that the others keep their reason and what is proposed about it.
const recruit = statement<object, [number, Mode, number]>(
  'grant_recruit',
  `with room as materialized (
     select count(*)::int as n from (
       select from cards c where c.product_id = $1 and c.mode = $2 and c.state = 'available'
         and (c.expires_at is null or c.expires_at > now()) limit $3) x
   ), own as materialized (
     select case when p.card_use = 'loop' and (select n from room) > 0 then $3 else (select n from room) end as n
     from products p where p.id = $1 and p.kind = 'card' and p.pool_use <> 'never' and (select n from room) > 0
   ), mine as materialized (
     select o.id from orders o
     where o.state = 'attention' and o.product_id = $1 and o.mode = $2 and ${cured} and o.purchase_id is null
       and (o.source is null or o.source = 'pool') and o.chosen_card_id is null and not o.recheck and o.quantity > o.held
       and not exists (select from tasks t where t.order_id = o.id and t.closed_at is null and t.claimed_by is not null)
       and exists (select from own)
     order by o.paid_at, o.id limit (select coalesce(max(n), 0) from own) for no key update of o skip locked
   ), moved as (
     update orders set state = 'waiting_stock', failure_code = 'STOCK_QUEUED', next_deadline = now() + interval '1 hour'
     where id in (select id from mine) returning id, product_id, mode, quantity - held as quantity, paid_at
   ), lined as (
     insert into stock_waits (order_id, product_id, mode, quantity, paid_at)
     select id, product_id, mode, quantity, paid_at from moved on conflict do nothing
   ), eased as (
     update tasks t set closed_at = now(), closed_by = ${actors.automation}
     from mine o where t.order_id = o.id and t.closed_at is null and (t.code like 'SUPPLIER\\_%' or t.code = 'NO_SOURCE')
   ), asked as (
     insert into tasks (order_id, code) select id, 'STOCK_QUEUED' from moved on conflict do nothing
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.automation}, 'waiting', id, jsonb_build_object('state', 'waiting_stock', 'code', 'STOCK_QUEUED') from moved
   )
   insert into outbox (kind, order_id) select 'wake', id from moved order by paid_at, id`,
);

/** Under the product's lock, before its line is read. */
export async function recruitStranded(tx: Transaction, productId: number, mode: Mode, atOnce: number): Promise<void> {
  await recruit(tx, [productId, mode, atOnce]);
}
