/** Which cards of a pool are taken: one place, so that every way out of the pool takes the same ones. */
import type { CardUse } from '../domain/product.ts';

export type Locking = 'for update skip locked' | 'for update';

interface Pool {
  readonly product: string;
  readonly mode: string;
  readonly limit: string;
  readonly and?: string;
  /** Keys that expire before are passed over; default: now. */
  readonly until?: string;
  /** SQL for the `seq` to begin at; the place of each is then given beside its id. */
  readonly from?: string;
}

/**
 * SQL that picks `limit` available cards of a product and mode, in the order in which they are sold. `seq` and nothing
 * else: only the partial index of available cards has it (ordering by the primary key is ten times slower once most
 * cards are sold), and the soonest expiry stands in it first. What has expired is never taken.
 */
export function pickCards(by: Pool, locking: Locking): string {
  const { from } = by;
  return `select c.id${from === undefined ? '' : ', c.seq'} from cards c
     where c.product_id = ${by.product} and c.mode = ${by.mode} and c.state = 'available'${from === undefined ? '' : ` and c.seq >= ${from}`}
       and (c.expires_at is null or c.expires_at > ${by.until ?? 'now()'})${by.and ? ` and ${by.and}` : ''}
     order by c.seq limit ${by.limit} ${locking}`;
}

/**
 * 循环卡密: the key at the head of the pool, which stays there. Only its row may not vanish meanwhile, so thousands may hold
 * it at once.
 */
export function pickLoop(by: Pool, locking: Locking): string {
  const shared = locking === 'for update' ? 'for key share' : 'for key share skip locked';
  return `${pickCards(by, locking).slice(0, -locking.length)}${shared}`;
}

/** 自选卡号: the very key that the order chose, held by it or free; never another one in its place. */
export function pickChosen(by: Omit<Pool, 'limit' | 'until'> & { readonly order: string }): string {
  return `select c.id from cards c
     where c.id = (select o.chosen_card_id from orders o where o.id = ${by.order})
       and c.product_id = ${by.product} and c.mode = ${by.mode} and (c.expires_at is null or c.expires_at > now())
       and (c.state = 'available' or (c.state = 'held' and c.order_id = ${by.order}))${by.and ? ` and ${by.and}` : ''} for update`;
}

/** SQL: how order `o` of product `p` uses keys. What was chosen is given, whatever the product says since. */
export const cardUseOf = `case when o.chosen_card_id is not null then 'chosen' else p.card_use end`;

/** CTEs after `picked` and `enough (ok)`: what becomes of the cards, and the order that is ready, for {@link releaseParts}. */
export function takeParts(use: CardUse, order: string, quantity: string, picked = 'select id from picked'): string {
  if (use === 'loop') {
    // None, where nothing is missing: a supplier has delivered it all.
    return `ready as (
     select ${order}::bigint as order_id, ${quantity}::int as cards, (select id from picked) as loop_card_id where (select ok from enough)
   )`;
  }
  return `sold as (
     update cards set state = 'sold', order_id = ${order}, sold_at = now(), held_until = null
     where id = any (array(${picked})) and (select ok from enough)
   ), ready as (
     select ${order}::bigint as order_id, ${quantity}::int as cards where (select ok from enough)
   )`;
}
