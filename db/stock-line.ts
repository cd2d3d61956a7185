/** The line of orders that wait for stock (rule 7), and the turns that say "see who can be served". */
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable, type Transaction } from './sql.ts';

const join = statement<object, [number, boolean]>(
  'line_join',
  `with mine as (
     insert into stock_waits (order_id, product_id, mode, quantity, paid_at)
     select o.id, o.product_id, o.mode, o.quantity - o.held, o.paid_at
     from orders o where o.id = $1
     on conflict do nothing
   )
   insert into stock_turns (product_id, mode) select product_id, mode from orders where id = $1 and $2`,
);
/**
 * Takes a place in line, under the product's lock; keeps the one it has. With `seeTurns` the granter looks too: there
 * are goods that the first in line may not be able to use.
 */
export async function joinLine(tx: Transaction, orderId: number, seeTurns: boolean): Promise<void> {
  await join(tx, [orderId, seeTurns]);
}

const leave = statement<object, [number]>(
  'line_leave',
  `with left_line as (delete from stock_waits where order_id = $1)
   update orders set state = 'paid', failure_code = null where id = $1 and state = 'waiting_stock'`,
);
/** The order goes another way than waiting for stock: the granter must not serve it as well. */
export async function leaveLine(tx: Transaction, orderId: number): Promise<void> {
  await leave(tx, [orderId]);
}

const turn = statement<object, [number, Mode]>(
  'line_turn',
  'insert into stock_turns (product_id, mode) values ($1, $2)',
);
/**
 * Goods of a product have come (import, released hold, undone claim): in the transaction that brings them. No lock is
 * needed: who found nothing before this commit stands in line when the granter gets the product's lock.
 */
export async function goodsCame(tx: Queryable, productId: number, mode: Mode): Promise<void> {
  await turn(tx, [productId, mode]);
}

const turnAll = statement<object, []>(
  'line_turn_all',
  'insert into stock_turns (product_id, mode) select distinct product_id, mode from stock_waits',
);
/** A stop was lifted that held everybody: each product with a line is looked at. */
export async function everyTurn(tx: Queryable): Promise<void> {
  await turnAll(tx, []);
}

/** SQL for the place in line of order `o`, counted to 1000; null if it waits for no stock. */
export const placeColumn = `(select count(*)::int from (
     select from stock_waits me join stock_waits a
       on a.product_id = me.product_id and a.mode = me.mode and (a.paid_at, a.order_id) <= (me.paid_at, me.order_id)
     where me.order_id = o.id limit 1000) ahead having count(*) > 0)`;
