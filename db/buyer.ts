/** What buyers' pages read. */
import type { CardUse } from '../domain/product.ts';
import { statement, type Queryable } from './sql.ts';

export interface Offer {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly kind: string;
  readonly cardUse: CardUse;
  readonly priceMinor: number;
  readonly currency: string;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly promiseSeconds: number | null;
  readonly few: number;
}
// Stock is counted up to eleven only: buyers learn "plenty" or "few", never how much there is.
const offer = statement<Offer, [string]>(
  'buyer_offer',
  `select id, sku, name, kind, card_use as "cardUse", price_minor as "priceMinor", currency, min_quantity as "minQuantity",
     max_quantity as "maxQuantity", promise_seconds as "promiseSeconds",
     (select count(*)::int from (select from cards c where c.product_id = p.id and c.mode = 'live' and c.state = 'available'
        and (c.expires_at is null or c.expires_at > now()) and (p.card_use <> 'chosen' or c.label is not null) limit 11) x) as few
   from products p where sku = $1 and state = 'on_sale'`,
);
export async function offerBySku(db: Queryable, sku: string): Promise<Offer | undefined> {
  return (await offer(db, [sku]))[0];
}

export interface PayChannel {
  readonly id: number;
  readonly provider: string;
  readonly name: string;
}
const channels = statement<PayChannel, []>(
  'buyer_pay_channels',
  `select id, provider, name from payment_accounts where mode = 'live' and enabled order by id limit 20`,
);
export function liveAccounts(db: Queryable): Promise<PayChannel[]> {
  return channels(db, []);
}

const contact = statement<{ contact: Buffer | null }, [number]>(
  'buyer_contact',
  'select contact from orders where id = $1',
);
/** The sealed contact of an order; null if it has none. */
export async function contactOf(db: Queryable, orderId: number): Promise<Buffer | null> {
  return (await contact(db, [orderId]))[0]?.contact ?? null;
}

// Number and contact together, in one look, and a session in the same statement: one answer for "no such order" and
// "not yours".
const find = statement<{ no: string }, [string, Buffer, Buffer, number]>(
  'buyer_find_order',
  `with mine as (select id, no from orders where no = $1 and contact_index = $2),
        made as (insert into pickup_sessions (hash, order_id, expires_at)
                 select $3, id, now() + $4 * interval '1 second' from mine),
        noted as (insert into audit (actor_id, action, order_id) select 5, 'queried', id from mine)
   select no from mine`,
);
export async function openByContact(
  db: Queryable,
  no: string,
  contactIndex: Buffer,
  sessionHash: Buffer,
  seconds: number,
): Promise<string | undefined> {
  return (await find(db, [no, contactIndex, sessionHash, seconds]))[0]?.no;
}
