/** Links as goods: the link of a product, and the doors to signed ones, which count and close. */
import type { Mode } from '../domain/order.ts';
import type { PaidOrder, PendingMessage } from './delivery.ts';
import { actors } from './locks.ts';
import { releaseParts } from './release.ts';
import { one, statement, type Queryable, type Transaction } from './sql.ts';

export interface ProductLink {
  readonly target: Buffer;
  readonly signed: boolean;
  readonly validMinutes: number | null;
  readonly maxDownloads: number | null;
  /** The target is the key of an object there. */
  readonly storeId: number | null;
}

const read = statement<ProductLink, [number, Mode]>(
  'link_of_product',
  `select target, signed, valid_minutes as "validMinutes", max_downloads as "maxDownloads", store_id as "storeId"
   from product_links where product_id = $1 and mode = $2`,
);
const write = statement<object, [number, Mode, Buffer, boolean, number | null, number | null, number, number | null]>(
  'link_write',
  `with kept as (
     insert into product_links (product_id, mode, target, signed, valid_minutes, max_downloads, store_id)
     values ($1, $2, $3, $4, $5, $6, (select id from object_stores where id = $8 and mode = $2))
     on conflict (product_id, mode) do update set target = excluded.target, signed = excluded.signed,
       valid_minutes = excluded.valid_minutes, max_downloads = excluded.max_downloads, store_id = excluded.store_id, updated_at = now()
   )
   insert into audit (actor_id, action, detail)
   values ($7, 'link_changed', jsonb_build_object('product', $1::bigint, 'mode', $2::text, 'signed', $4::boolean, 'store', $8::bigint))`,
);

export async function productLink(db: Queryable, productId: number, mode: Mode): Promise<ProductLink | undefined> {
  return (await read(db, [productId, mode]))[0];
}

export async function writeLink(
  db: Queryable,
  productId: number,
  mode: Mode,
  link: ProductLink,
  actorId: number,
): Promise<void> {
  await write(db, [
    productId,
    mode,
    link.target,
    link.signed,
    link.validMinutes,
    link.maxDownloads,
    actorId,
    link.storeId,
  ]);
}

export interface MadeLink {
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
  /** Of a signed link. */
  readonly door?: {
    readonly tokenHash: Buffer;
    readonly target: Buffer;
    readonly validMinutes: number | null;
    readonly maxDownloads: number | null;
    readonly storeId: number | null;
  };
}

// A link is delivered as a card of the order. Its batch is one per product and mode.
const deliver = statement<
  { automatic: boolean; done: boolean; messages: PendingMessage[] },
  [number, number, Mode, Buffer, Buffer, Buffer | null, Buffer | null, number | null, number | null, number | null]
>(
  'link_deliver',
  `with gate as materialized (
     select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true) as automatic
   ), known as materialized (
     select id from card_batches where product_id = $2 and mode = $3 and source = 'link' order by id limit 1
   ), batch as (
     insert into card_batches (product_id, mode, source, actor_id)
     select $2, $3, 'link', ${actors.automation} from gate where automatic and not exists (select from known) returning id
   ), made as (
     insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, state, order_id, sold_at)
     select $2, id, $3, $4, $5, 'sold', $1, now() from (select id from known union all select id from batch) b, gate where automatic
     returning id
   ), door as (
     insert into order_links (order_id, token_hash, target, expires_at, max_downloads, store_id)
     select $1, $6, $7, now() + $8 * interval '1 minute', $9, $10 from made where $6::bytea is not null
   ), ready as (
     select $1::bigint as order_id, 1 as cards from made
   ), ${releaseParts(String(actors.automation), `'{"from":"link"}'::jsonb`)}
   select gate.automatic, exists (select from made) as done,
          coalesce((select jsonb_agg(jsonb_build_object('id', q.id, 'kind', q.kind) order by q.id) from queued q), '[]') as messages
   from gate`,
);

/** Gives the order its link and releases it, in one commit; not if the switch is off (rule 13). */
export async function deliverLink(
  tx: Transaction,
  order: PaidOrder,
  { ciphertext, fingerprint, door }: MadeLink,
): Promise<{ automatic: boolean; done: boolean; messages: readonly PendingMessage[] }> {
  const values = [door?.tokenHash ?? null, door?.target ?? null, door?.validMinutes ?? null, door?.maxDownloads ?? null, door?.storeId ?? null] as const; // prettier-ignore
  return one(await deliver(tx, [order.id, order.productId, order.mode, ciphertext, fingerprint, ...values]));
}

export interface Door {
  readonly orderId: number;
  readonly target: Buffer;
  readonly open: boolean;
  readonly expired: boolean;
  readonly left: number | null;
  readonly stored: boolean;
}

const look = `l.order_id as "orderId", l.target, l.revoked_at is null and o.state = 'delivered' as open,
  coalesce(l.expires_at <= now(), false) as expired, l.max_downloads - l.downloads as left, l.store_id is not null as stored`;
const peek = statement<Door, [Buffer]>(
  'link_peek',
  `select ${look} from order_links l join orders o on o.id = l.order_id where l.token_hash = $1`,
);
export interface PassedDoor {
  readonly orderId: number;
  readonly target: Buffer;
  readonly storeId: number | null;
  /** Sealed, in base64. */
  readonly storeConfig: string | null;
}
// One statement counts and lets through, so that ten at once cannot pass a limit of one.
const pass = statement<PassedDoor, [Buffer]>(
  'link_pass',
  `with passed as (
     update order_links l set downloads = downloads + 1 from orders o
     where l.token_hash = $1 and o.id = l.order_id and o.state = 'delivered' and l.revoked_at is null
       and (l.expires_at is null or l.expires_at > now()) and (l.max_downloads is null or l.downloads < l.max_downloads)
     returning l.order_id, l.target, l.downloads, l.store_id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.buyer}, 'downloaded', order_id, jsonb_build_object('downloads', downloads) from passed
   )
   select p.order_id as "orderId", p.target, s.id as "storeId", encode(s.config, 'base64') as "storeConfig"
   from passed p left join object_stores s on s.id = p.store_id`,
);
const renew = statement<{ id: number }, [string, number | null, number | null, number]>(
  'link_renew',
  `with renewed as (
     update order_links l set expires_at = now() + $2 * interval '1 minute', max_downloads = $3, downloads = 0, revoked_at = null
     from orders o where o.no = $1 and o.id = l.order_id returning l.order_id
   )
   insert into audit (actor_id, action, order_id) select $4, 'link_renewed', order_id from renewed returning order_id as id`,
);

/** The door behind a token, without passing it. */
export async function peekDoor(db: Queryable, tokenHash: Buffer): Promise<Door | undefined> {
  return (await peek(db, [tokenHash]))[0];
}

/** Counts one download, or undefined if the door is closed. */
export async function passDoor(db: Queryable, tokenHash: Buffer): Promise<PassedDoor | undefined> {
  return (await pass(db, [tokenHash]))[0];
}

/** Opens the door of an order again, from now on. False if it has none. */
export async function renewDoor(
  db: Queryable,
  orderNo: string,
  validMinutes: number | null,
  maxDownloads: number | null,
  actorId: number,
): Promise<boolean> {
  return (await renew(db, [orderNo, validMinutes, maxDownloads, actorId])).length > 0;
}
