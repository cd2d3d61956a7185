/**
 * 下单锁库存: keys held for an unpaid order, with an end and with caps, so that orders nobody pays cannot empty a shop. A
 * paid order's hold is never released (rule 10): freeing locks the order row, and looks again under that lock.
 */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { actors, advisory } from './locks.ts';
import { holdNumber } from './numbers.ts';
import type { NewOrder } from './orders.ts';
import { pickCards } from './pick.ts';
import { readSetting } from './settings.ts';
import { one, statement, type Queryable, type Transaction } from './sql.ts';

const holdText = (locking: 'for update skip locked' | 'for update'): string =>
  `with picked as materialized (
     ${pickCards({ product: '$2', mode: '$3', limit: '$4', until: '$5', and: 'not exists (select from stock_waits w where w.product_id = $2 and w.mode = $3)' }, locking)}
   ), enough as materialized (
     select count(*) = $4 as ok from picked
   ), held as (
     update cards set state = 'held', order_id = $1, held_until = $5
     where id = any (array(select id from picked)) and (select ok from enough)
   ) select ok from enough`;
type HoldParams = [number, number, Mode, number, Date];
const hold = statement<{ ok: boolean }, HoldParams>('hold_cards', holdText('for update skip locked'));
const holdSurely = statement<{ ok: boolean }, HoldParams>('hold_cards_sure', holdText('for update'));
const lockHolder = statement<object, [number, Buffer]>(
  'hold_lock_holder',
  `select pg_advisory_xact_lock($1, hashtext(encode($2, 'hex')))`,
);
// From the orders of the buyer, not from all that anybody holds. A paid order's hold counts against nobody.
const heldOf = (who: string): string =>
  `(select count(*)::int from orders o join cards c on c.order_id = o.id and c.state = 'held'
     where ${who} and o.state = 'unpaid' and o.mode = $3)`;
const heldBy = statement<{ buyer: number; address: number }, [Buffer | null, Buffer | null, Mode]>(
  'hold_held_by',
  `select ${heldOf('o.contact_index = $1')} as buyer, ${heldOf('o.address_index = $2')} as address`,
);
const setAddress = statement<object, [number, Buffer]>(
  'hold_address',
  'update orders set address_index = $2 where id = $1',
);

/**
 * Holds all that the order wants, or throws CONTACT_REQUIRED, HOLD_LIMIT, a truthful OUT_OF_STOCK, or NUMBER_TAKEN. `minutes`
 * null: as long as the order may be paid.
 */
export async function holdCards(
  tx: Transaction,
  orderId: number,
  order: NewOrder,
  minutes: number | null,
): Promise<void> {
  await withinCaps(tx, orderId, order);
  const until = new Date(Math.min(Date.now() + (minutes ?? Infinity) * 60_000, order.expiresAt.getTime()));
  if (order.number) return holdNumber(tx, orderId, order.number, until);
  const params: HoldParams = [orderId, order.productId, order.mode, order.quantity, until];
  await tx.query('savepoint tried');
  if (one(await hold(tx, params)).ok) return;
  // Others may merely hold locks (rule 6). Those of the first try are let go before waiting: no circle.
  await tx.query('rollback to savepoint tried');
  await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, order.productId]);
  if (!one(await holdSurely(tx, params)).ok) throw new KnownError('OUT_OF_STOCK');
}

async function withinCaps(tx: Transaction, orderId: number, order: NewOrder): Promise<void> {
  const address = order.addressIndex ?? null;
  // A hold that belongs to nobody could be taken any number of times.
  const holders = [order.contactIndex, address].filter((index): index is Buffer => index !== null);
  if (holders.length === 0) throw new KnownError('CONTACT_REQUIRED');
  for (const holder of holders.sort((a, b) => a.compare(b))) await lockHolder(tx, [advisory.holder, holder]);
  const setting = (await readSetting(tx, 'holds')) as { perBuyer?: number; perAddress?: number } | undefined;
  const { perBuyer = 5, perAddress = 10 } = setting ?? {};
  const { buyer, address: atAddress } = one(await heldBy(tx, [order.contactIndex, address, order.mode]));
  if (buyer + order.quantity > perBuyer || atAddress + order.quantity > perAddress) {
    throw new KnownError('HOLD_LIMIT', { perBuyer, perAddress });
  }
  if (address) await setAddress(tx, [orderId, address]);
}

const back = `update cards set state = 'available', order_id = null, held_until = null`;
const turned = 'insert into stock_turns (product_id, mode) select distinct product_id, mode from freed';
// Only what is due is looked at, whatever else is held. A paid order's hold is put aside, so that it is met once.
const free = statement<{ id: number }, [number]>(
  'holds_free',
  `with due as materialized (
     select c.id, c.order_id from cards c where c.state = 'held' and c.held_until <= now() order by c.held_until limit $1
   ), settled as materialized (
     select o.id, o.state in ('unpaid', 'expired', 'closed', 'refunded', 'delivered') as over from orders o
     where o.id in (select order_id from due) for no key update skip locked
   ), freed as (
     ${back}
     where id = any (array(select id from due)) and order_id in (select id from settled where over) and state = 'held'
     returning id, product_id, mode
   ), kept as (
     update cards set held_until = 'infinity'
     where id = any (array(select id from due)) and order_id in (select id from settled where not over) and state = 'held' returning id
   ), turned as (${turned})
   select id from freed union all select id from kept`,
);
/** For the test that asserts the plan. */
export const freeHoldsSql = free.text;
/** Holds whose time is over go back, but those of paid orders (rule 10); those who wait get their turn. True: there may be more. */
export async function freeHolds(db: Queryable, limit = 200): Promise<boolean> {
  return (await free(db, [limit])).length > 0;
}

const sweep = statement<{ id: number }, [number]>(
  'holds_sweep',
  `with due as materialized (
     select c.id, c.order_id from cards c join orders o on o.id = c.order_id
     where c.state = 'held' and o.state in ('expired', 'closed', 'refunded', 'delivered') limit $1
   ), settled as materialized (
     select o.id from orders o where o.id in (select order_id from due)
       and o.state in ('expired', 'closed', 'refunded', 'delivered') for no key update skip locked
   ), freed as (
     ${back} where id = any (array(select id from due)) and order_id in (select id from settled) and state = 'held'
     returning id, product_id, mode
   ), turned as (${turned})
   select id from freed`,
);
/** Holds of orders that ended without them, by another way than their holds: walks all that is held, so it is asked seldom. */
export async function sweepHolds(db: Queryable, limit = 200): Promise<boolean> {
  return (await sweep(db, [limit])).length > 0;
}

/** SQL: what an order held and did not get is due at once, for {@link freeHolds}. */
export const letGo = (order: string): string =>
  `update cards set held_until = now() where order_id = ${order} and state = 'held'`;

const expire = statement<{ id: number }, [number]>(
  'cards_expire',
  `with gone as (
     update cards set state = 'expired' where id = any (array(
       select id from cards where state = 'available' and expires_at <= now() order by expires_at limit $1 for update skip locked))
     and state = 'available' returning id, product_id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select ${actors.automation}, 'cards_expired', jsonb_build_object('product', product_id, 'cards', count(*)) from gone group by product_id
   )
   select id from gone`,
);
/** Keys past their date leave the pool for good. The claim passes them over before that; this keeps its index short. */
export async function expireCards(db: Queryable, limit = 200): Promise<boolean> {
  return (await expire(db, [limit])).length > 0;
}
