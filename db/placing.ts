/**
 * An order enters. Limits are counted under a lock that everybody takes who could break the same limit, so that five
 * requests at once cannot pass a limit of two together. Products without limits pay nothing for it: one statement.
 */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { advisory } from './locks.ts';
import { insertOrder, type NewOrder } from './orders.ts';
import type { LocalizedTexts } from '../domain/templates.ts';
import { keepText } from './templates.ts';
import { holdCards } from './holds.ts';
import { one, statement, transaction, type Pool, type Transaction } from './sql.ts';

/** What a product says about who may order how much. */
export interface OrderLimits {
  readonly minQuantity: number;
  readonly maxQuantity: number;
  /** Units per buyer, for ever. */
  readonly buyerLimit: number | null;
  /** Units for sale of a product that takes no keys from a pool; null if there is no limit. */
  readonly unitsForSale: number | null;
  /** 下单锁库存: minutes that keys are held for an unpaid order; null: they are taken when it is paid. */
  readonly holdMinutes: number | null;
  /** The text that the order keeps; undefined: the built-in one. */
  readonly text?: { readonly hash: Buffer; readonly content: LocalizedTexts } | undefined;
}

const lockBuyer = statement<object, [number, Buffer, number]>(
  'placing_lock_buyer',
  `select pg_advisory_xact_lock($1, hashtext(encode($2, 'hex') || ':' || $3::bigint))`,
);
const boughtBy = statement<{ units: number }, [Buffer, number, Mode]>(
  'placing_bought',
  `select coalesce(sum(quantity), 0)::int as units from orders
   where contact_index = $1 and product_id = $2 and mode = $3 and state not in ('expired', 'closed', 'refunded')`,
);
const lockProduct = statement<object, [number, number]>('placing_lock_product', 'select pg_advisory_xact_lock($1, $2)');
const unitsSold = statement<{ units: number }, [number, Mode]>(
  'placing_sold',
  `select coalesce(sum(quantity), 0)::int as units from orders
   where product_id = $1 and mode = $2 and state not in ('expired', 'closed', 'refunded')`,
);

/**
 * Inserts the order, or throws QUANTITY_LIMIT, CONTACT_REQUIRED, BUYER_LIMIT, HOLD_LIMIT, OUT_OF_STOCK or
 * NUMBER_TAKEN. Undefined if the shop used this idempotency key before.
 */
export async function placeOrder(pool: Pool, order: NewOrder, limits: OrderLimits): Promise<number | undefined> {
  const { minQuantity, maxQuantity, buyerLimit, unitsForSale, holdMinutes, text } = limits;
  if (order.quantity < minQuantity || order.quantity > maxQuantity) {
    throw new KnownError('QUANTITY_LIMIT', { min: minQuantity, max: maxQuantity });
  }
  if (buyerLimit === null && unitsForSale === null && holdMinutes === null && !text && !order.number)
    return insertOrder(pool, order);
  return transaction(pool, async (tx) => {
    if (buyerLimit !== null) await withinBuyerLimit(tx, order, buyerLimit);
    if (unitsForSale !== null) await withinUnits(tx, order, unitsForSale);
    const id = await insertOrder(tx, order);
    if (id !== undefined && (holdMinutes !== null || order.number)) await holdCards(tx, id, order, holdMinutes);
    if (id !== undefined && text) await keepText(tx, id, text.hash, text.content);
    return id;
  });
}

async function withinBuyerLimit(tx: Transaction, order: NewOrder, limit: number): Promise<void> {
  if (order.contactIndex === null) throw new KnownError('CONTACT_REQUIRED');
  await lockBuyer(tx, [advisory.buyer, order.contactIndex, order.productId]);
  const { units } = one(await boughtBy(tx, [order.contactIndex, order.productId, order.mode]));
  if (units + order.quantity > limit) throw new KnownError('BUYER_LIMIT', { limit, left: Math.max(0, limit - units) });
}

async function withinUnits(tx: Transaction, order: NewOrder, limit: number): Promise<void> {
  await lockProduct(tx, [advisory.unitsForSale, order.productId]);
  const { units } = one(await unitsSold(tx, [order.productId, order.mode]));
  if (units + order.quantity > limit) throw new KnownError('OUT_OF_STOCK', { left: Math.max(0, limit - units) });
}
