/** 自选卡号: the numbers of a product that buyers choose from. Only the number is shown; the rest of the key is sealed. */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import type { ChosenNumber } from './orders.ts';
import { statement, type Queryable, type Transaction } from './sql.ts';

export interface FreeNumber {
  readonly number: string;
  readonly surchargeMinor: number;
}

const free = `c.product_id = $1 and c.mode = $2 and c.state = 'available' and c.label is not null
     and (c.expires_at is null or c.expires_at > now())`;
const list = statement<FreeNumber, [number, Mode, string | null, string | null, number]>(
  'numbers_free',
  `select c.label as number, coalesce(c.surcharge_minor, 0) as "surchargeMinor" from cards c
   where ${free} and ($3::text is null or c.label collate "C" > $3) and ($4::text is null or strpos(c.label, $4) > 0)
   order by c.label collate "C" limit $5`,
);
/** A page of what is free, by number; `after` is the last number of the page before. */
export function freeNumbers(
  db: Queryable,
  productId: number,
  mode: Mode,
  page: { after?: string | undefined; holding?: string | undefined; limit: number },
): Promise<FreeNumber[]> {
  return list(db, [productId, mode, page.after ?? null, page.holding ?? null, page.limit]);
}

const find = statement<ChosenNumber, [number, Mode, string]>(
  'number_find',
  `select c.id as "cardId", c.label as number, coalesce(c.surcharge_minor, 0) as "surchargeMinor" from cards c
   where ${free} and c.label collate "C" = $3`,
);
/** The number if it is free. */
export async function findNumber(
  db: Queryable,
  productId: number,
  mode: Mode,
  number: string,
): Promise<ChosenNumber | undefined> {
  return (await find(db, [productId, mode, number]))[0];
}

const hold = statement<{ id: number }, [number, number, number, Date]>(
  'number_hold',
  `update cards set state = 'held', order_id = $2, held_until = $4
   where id = $1 and state = 'available' and coalesce(surcharge_minor, 0) = $3 and (expires_at is null or expires_at > $4)
   returning id`,
);
/** Holds the number for the first who orders it, at the price that was named; the others get NUMBER_TAKEN. */
export async function holdNumber(tx: Transaction, orderId: number, chosen: ChosenNumber, until: Date): Promise<void> {
  const { cardId, number, surchargeMinor } = chosen;
  if ((await hold(tx, [cardId, orderId, surchargeMinor, until])).length === 0) throw new KnownError('NUMBER_TAKEN', { number }); // prettier-ignore
}

const price = statement<{ id: number }, [number, number, number]>(
  'number_price',
  `with before as (
     select id, product_id, surcharge_minor from cards where id = $1 and label is not null and state in ('available', 'expired') for update
   ), changed as (
     update cards set surcharge_minor = $2 where id in (select id from before) returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $3, 'number_priced', jsonb_build_object('card', id, 'product', product_id, 'from', coalesce(surcharge_minor, 0), 'to', $2::bigint) from before
   )
   select id from changed`,
);
/** What a number costs besides, while nobody has ordered it. Throws CARD_STATE. */
export async function priceNumber(
  db: Queryable,
  cardId: number,
  surchargeMinor: number,
  actorId: number,
): Promise<void> {
  if ((await price(db, [cardId, surchargeMinor, actorId])).length === 0) throw new KnownError('CARD_STATE');
}
