/**
 * The granter (rule 7): when goods have come, those who wait get whole quantities in the order of their payment, and
 * only they are woken. One per product at a time, under the lock under which orders join the line.
 */
import type { Mode } from '../domain/order.ts';
import { actors, advisory } from './locks.ts';
import { pickCards, pickLoop } from './pick.ts';
import { recruitStranded } from './recruit.ts';
import { releaseParts } from './release.ts';
import { one, statement, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

interface Waiter {
  readonly orderId: number;
  readonly quantity: number;
  /** It has stood first for so long that others may pass. */
  readonly passable: boolean;
  readonly servable: boolean;
}

/** Orders and cards that one transaction touches at most, an order of more than so many cards apart. */
const atOnce = 200;

const due = statement<{ productId: number; mode: Mode }, []>(
  'grant_due',
  'select distinct product_id as "productId", mode from stock_turns where due_at <= now() limit 50',
);
/** Products whose turn it is. */
export function dueTurns(db: Queryable): Promise<{ productId: number; mode: Mode }[]> {
  return due(db, []);
}

const gate = statement<{ open: boolean; loop: boolean }, [number, Mode]>(
  'grant_gate',
  `with seen as (delete from stock_turns where product_id = $1 and mode = $2 and due_at <= now())
   select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true)
      and coalesce((select quarantined_at is null from products where id = $1), false) as open,
     coalesce((select card_use = 'loop' from products where id = $1), false) as loop`,
);
// Tried again by people, it keeps its place and is served before its story looks: a Temporal that is silent must not make
// it block those behind. Sent to a supplier by people, it is passed: it only has not left the line yet.
const servable = `(state = 'waiting_stock' or (state = 'paid' and purchase_id is null and (source is null or source = 'pool') and not recheck))`;
const line = statement<Waiter, [number, Mode, number, number]>(
  'grant_line',
  `select order_id as "orderId", quantity, coalesce(blocked_at <= now() - $3 * interval '1 millisecond', false) as passable,
     -- By its key, one at a time: a join could read all orders of a state.
     coalesce((select ${servable} from orders where id = order_id), false) as servable
   from stock_waits where product_id = $1 and mode = $2 order by paid_at, order_id limit $4`,
);
const cards = statement<{ id: number }, [number, Mode, number]>(
  'grant_cards',
  pickCards({ product: '$1', mode: '$2', limit: '$3' }, 'for update'),
);
const loopCard = statement<{ id: number }, [number, Mode]>(
  'grant_loop_card',
  pickLoop({ product: '$1', mode: '$2', limit: '1' }, 'for update'),
);
// Who acts on an order now holds its row: the granter waits for nobody (it would be a circle), it comes again.
const lockOrders = statement<{ id: number }, [number[]]>(
  'grant_lock_orders',
  `select id from orders where id = any ($1::bigint[]) and ${servable} for no key update skip locked`,
);
const release = statement<object, [number[], number[]]>(
  'grant_release',
  `with pairs as materialized (select * from unnest($1::bigint[], $2::bigint[]) as t (order_id, card_id)
   ), sold as (
     update cards c set state = 'sold', order_id = p.order_id, sold_at = now() from pairs p where c.id = p.card_id
   ), ready as materialized (
     select order_id, count(*)::int as cards from pairs group by order_id
   ), ${releaseParts(String(actors.automation), `'{"from":"line"}'::jsonb`)}
   insert into outbox (kind, order_id) select 'wake', id from released order by id`,
);
const releaseLoop = statement<object, [number[], number]>(
  'grant_release_loop',
  `with ready as materialized (
     select order_id, 1 as cards, $2::bigint as loop_card_id from unnest($1::bigint[]) as t (order_id)
   ), ${releaseParts(String(actors.automation), `'{"from":"line"}'::jsonb`, 'loop')}
   insert into outbox (kind, order_id) select 'wake', id from released order by id`,
);
const block = statement<object, [number, number]>(
  'grant_block',
  `with first as (
     update stock_waits set blocked_at = coalesce(blocked_at, now()) where order_id = $1 returning product_id, mode, blocked_at
   )
   insert into stock_turns (product_id, mode, due_at)
   select product_id, mode, blocked_at + $2 * interval '1 millisecond' from first`,
);
const again = statement<object, [number, Mode, number]>(
  'grant_again',
  `insert into stock_turns (product_id, mode, due_at) values ($1, $2, now() + $3 * interval '1 millisecond')`,
);

export interface Granted {
  readonly orders: number;
  /** There may be more to give at once. */
  readonly more: boolean;
}

/**
 * Serves those who wait for one product, up to {@link atOnce} of them. `headMs`: so long a first order that wants more
 * than there is holds up smaller ones behind it.
 */
export async function grantStock(pool: Pool, productId: number, mode: Mode, headMs: number): Promise<Granted> {
  return transaction(pool, async (tx) => {
    // The switch before the product, as every claim takes them.
    await tx.query('select pg_advisory_xact_lock_shared($1)', [advisory.deliverySwitch]);
    await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, productId]);
    const { open, loop } = one(await gate(tx, [productId, mode]));
    if (!open) return { orders: 0, more: false };
    await recruitStranded(tx, productId, mode, atOnce);
    // Those who let others pass do not fill the page: 1000 of them would hide everybody behind.
    const waiters = (await line(tx, [productId, mode, headMs, atOnce * 10])).filter((w) => w.servable);
    const [first] = waiters;
    if (!first) return { orders: 0, more: false };
    if (loop) return grantLoop(tx, productId, mode, waiters.slice(0, atOnce));
    const wanted = Math.max(atOnce, first.quantity);
    const found = await cards(tx, [productId, mode, wanted]);
    const { chosen, blocked } = choose(waiters, found.length);
    const served = await serve(tx, chosen, found);
    if (served < chosen.length) await again(tx, [productId, mode, 200]);
    const used = chosen.slice(0, served).reduce((sum, w) => sum + w.quantity, 0);
    // What was looked at was all there is: then the first one truly cannot be served.
    if (blocked && used < found.length && found.length < wanted) await block(tx, [blocked.orderId, headMs]);
    return { orders: served, more: found.length === wanted && served === chosen.length && served > 0 };
  });
}

/** 循环卡密: one key serves everybody who waits. */
async function grantLoop(tx: Transaction, productId: number, mode: Mode, waiters: readonly Waiter[]): Promise<Granted> {
  const [card] = await loopCard(tx, [productId, mode]);
  if (!card) return { orders: 0, more: false };
  const free = (await lockOrders(tx, [waiters.map((w) => w.orderId)])).map((row) => row.id);
  if (free.length < waiters.length) await again(tx, [productId, mode, 200]);
  if (free.length > 0) await releaseLoop(tx, [free, card.id]);
  return { orders: free.length, more: free.length === atOnce };
}

/** Whole quantities, first come first served; who may be passed is passed. */
function choose(waiters: readonly Waiter[], available: number): { chosen: Waiter[]; blocked: Waiter | undefined } {
  const chosen: Waiter[] = [];
  let left = available;
  for (const waiter of waiters) {
    if (left === 0) break;
    if (waiter.quantity <= left) {
      chosen.push(waiter);
      left -= waiter.quantity;
    } else if (!waiter.passable) return { chosen, blocked: waiter };
  }
  return { chosen, blocked: undefined };
}

/** Gives the chosen theirs, up to the first whose row somebody holds; returns how many were served. */
async function serve(tx: Transaction, chosen: readonly Waiter[], found: readonly { id: number }[]): Promise<number> {
  if (chosen.length === 0) return 0;
  const free = new Set((await lockOrders(tx, [chosen.map((w) => w.orderId)])).map((row) => row.id));
  const held = chosen.findIndex((w) => !free.has(w.orderId));
  const served = held < 0 ? chosen : chosen.slice(0, held);
  if (served.length === 0) return 0;
  const owners = served.flatMap((w) => Array<number>(w.quantity).fill(w.orderId));
  await release(tx, [owners, owners.map((_, i) => found[i]?.id ?? 0)]);
  return served.length;
}
