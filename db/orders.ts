/** Orders as shops and buyers see them. */
import type { Mode, OrderState } from '../domain/order.ts';
import type { ProductKind } from '../domain/product.ts';
import type { DeliveryPolicy } from '../domain/policy.ts';
import type { Trigger } from '../domain/trigger.ts';
import { placeColumn } from './stock-line.ts';
import { statement, type Queryable } from './sql.ts';
import type { SealedCard } from './messages.ts';

export interface NewOrder {
  readonly no: string;
  readonly mode: Mode;
  readonly shopId: number;
  readonly idempotencyKey: string;
  /** sha-256 of the canonical request: the same key with another request is a mistake of the shop. */
  readonly requestHash: Buffer;
  readonly productId: number;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  /** Null: made by hand. */
  readonly accountId: number | null;
  readonly confirmByQuery: boolean;
  readonly policy: DeliveryPolicy;
  readonly trigger: Trigger;
  readonly locale: string;
  readonly contact: Buffer | null;
  readonly contactIndex: Buffer | null;
  /** Blind index of the buyer's address, for caps on holds. */
  readonly addressIndex?: Buffer | null;
  readonly remark: Buffer | null;
  readonly tokenHash: Buffer;
  readonly token: Buffer;
  readonly webhook: boolean;
  readonly expiresAt: Date;
  /** When to ask the provider for the first time; null if it cannot be asked. */
  readonly nextQueryAt: Date | null;
  /** The account to top up, sealed; null for what is no top-up. */
  readonly target?: Buffer | null;
  /** 自选卡号: the number that the buyer chose. */
  readonly number?: ChosenNumber | undefined;
}

export interface ChosenNumber {
  readonly cardId: number;
  readonly number: string;
  /** Part of the order's amount; the number is held only while it still costs this. */
  readonly surchargeMinor: number;
}

const columns = `o.id, o.no, o.mode, o.shop_id as "shopId", o.state, o.failure_code as "failureCode", o.quantity,
  o.amount_minor as "amountMinor", o.currency, o.account_id as "accountId", o.request_hash as "requestHash", o.token,
  o.expires_at as "expiresAt", o.paid_at as "paidAt", o.released_at as "releasedAt", o.done_at as "doneAt",
  o.created_at as "createdAt", o.chosen_number as number, p.id as "productId", p.sku, p.name as "productName", p.kind as "productKind", o.locale,
  case when o.state = 'waiting_stock' then ${placeColumn} end as place`;

export interface OrderRow {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly shopId: number;
  readonly state: OrderState;
  readonly failureCode: string | null;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly accountId: number | null;
  readonly requestHash: Buffer;
  readonly token: Buffer;
  readonly expiresAt: Date;
  readonly paidAt: Date | null;
  readonly releasedAt: Date | null;
  readonly doneAt: Date | null;
  readonly createdAt: Date;
  readonly productId: number;
  readonly sku: string;
  readonly productName: string;
  readonly productKind: ProductKind;
  /** 自选卡号: the one that was ordered. */
  readonly number: string | null;
  readonly locale: string;
  /** Place in line for stock, counted to 1000; null if it does not wait for stock. */
  readonly place: number | null;
}

const insert = statement<
  { id: number },
  [
    ...[string, Mode, number, string, Buffer, number, number, number, string, number | null],
    ...[
      boolean,
      string,
      string,
      Buffer | null,
      Buffer | null,
      Buffer | null,
      Buffer,
      Buffer,
      boolean,
      Date,
      Date | null,
      string,
      Buffer | null,
      number | null,
      string | null,
    ],
  ]
>(
  'order_insert',
  `with fresh as (
     insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency, account_id,
       confirm_by_query, policy, locale, contact, contact_index, remark, token_hash, token, webhook, expires_at, next_query_at, trigger, target,
       chosen_card_id, chosen_number, promise_seconds, part_labels)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22::jsonb, $23, $24, $25,
       (select promise_seconds from products where id = $6), (select part_labels from products where id = $6))
     on conflict (shop_id, idempotency_key) do nothing
     returning id, mode, shop_id
   ), noted as (
     insert into audit (actor_id, action, order_id) select s.actor_id, 'ordered', f.id from fresh f join shops s on s.id = f.shop_id
   )
   select id from fresh`,
);
const byKey = statement<OrderRow, [number, string]>(
  'order_by_key',
  `select ${columns} from orders o join products p on p.id = o.product_id where o.shop_id = $1 and o.idempotency_key = $2`,
);
const byNo = statement<OrderRow, [string]>(
  'order_by_no',
  `select ${columns} from orders o join products p on p.id = o.product_id where o.no = $1`,
);

/** Inserts an order; undefined if the shop used this idempotency key before (see {@link orderByKey}). */
export async function insertOrder(db: Queryable, o: NewOrder): Promise<number | undefined> {
  const rows = await insert(db, [
    o.no,
    o.mode,
    o.shopId,
    o.idempotencyKey,
    o.requestHash,
    o.productId,
    o.quantity,
    o.amountMinor,
    o.currency,
    o.accountId,
    o.confirmByQuery,
    JSON.stringify(o.policy),
    o.locale,
    o.contact,
    o.contactIndex,
    o.remark,
    o.tokenHash,
    o.token,
    o.webhook,
    o.expiresAt,
    o.nextQueryAt,
    JSON.stringify(o.trigger),
    o.target ?? null,
    o.number?.cardId ?? null,
    o.number?.number ?? null,
  ]);
  return rows[0]?.id;
}

export async function orderByKey(db: Queryable, shopId: number, key: string): Promise<OrderRow | undefined> {
  return (await byKey(db, [shopId, key]))[0];
}

export async function orderByNo(db: Queryable, no: string): Promise<OrderRow | undefined> {
  return (await byNo(db, [no]))[0];
}

// ---- pickup: a token is exchanged for a session, a session opens one order (rule 12) ----

const openSession = statement<{ no: string }, [Buffer, Buffer, number]>(
  'pickup_open',
  `with mine as (select id, no from orders where token_hash = $1),
        made as (insert into pickup_sessions (hash, order_id, expires_at)
                 select $2, id, now() + $3 * interval '1 second' from mine)
   select no from mine`,
);

/** Exchanges a token (sha-256) for a session (sha-256 of the cookie); the order's number, or undefined. */
export async function openPickup(
  db: Queryable,
  tokenHash: Buffer,
  sessionHash: Buffer,
  seconds: number,
): Promise<string | undefined> {
  return (await openSession(db, [tokenHash, sessionHash, seconds]))[0]?.no;
}

export interface PickupState {
  readonly orderId: number;
  readonly no: string;
  readonly mode: Mode;
  readonly state: OrderState;
  readonly failureCode: string | null;
  readonly productId: number;
  readonly productName: string;
  readonly quantity: number;
  readonly released: boolean;
  readonly place: number | null;
  readonly kind: ProductKind;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresAt: Date;
  /** Money came that does not fit the unpaid order: people decide about it. */
  readonly oddMoney: boolean;
  readonly refund: 'under_way' | 'done' | null;
}

const pickup = statement<PickupState, [Buffer]>(
  'pickup_state',
  `select o.id as "orderId", o.no, o.mode, o.state, o.failure_code as "failureCode", p.id as "productId",
          p.name as "productName", o.quantity, o.released_at is not null as released,
          case when o.state = 'waiting_stock' then ${placeColumn} end as place, p.kind, o.amount_minor as "amountMinor",
          o.currency, o.expires_at as "expiresAt",
          o.state in ('unpaid', 'expired') and exists (select from payments y where y.order_id = o.id) as "oddMoney",
          (select case when bool_or(r.state in ('wanted', 'asked', 'abnormal')) then 'under_way'
                       when bool_or(r.state = 'done') then 'done' end from refunds r where r.order_id = o.id) as refund
   from pickup_sessions s join orders o on o.id = s.order_id join products p on p.id = o.product_id
   where s.hash = $1 and s.expires_at > now()`,
);
const goods = statement<SealedCard & { productId: number }, [Buffer, string]>(
  'pickup_goods',
  `with mine as (
     select o.id, o.product_id from pickup_sessions s join orders o on o.id = s.order_id
     where s.hash = $1 and s.expires_at > now() and o.released_at is not null
   ), seen as (
     insert into audit (actor_id, action, order_id, detail) select 5, 'revealed', id, jsonb_build_object('from', $2::text) from mine
   )
   select g.id, g.ciphertext, g.fingerprint, g.product_id as "productId"
   from mine join goods_of_orders g on g.order_id = mine.id order by g.seq`,
);
const dropSessions = statement<object, []>('pickup_expire', 'delete from pickup_sessions where expires_at < now()');

export async function pickupState(db: Queryable, sessionHash: Buffer): Promise<PickupState | undefined> {
  return (await pickup(db, [sessionHash]))[0];
}

/** The sealed goods of a session's order, if released; the look is audited in the same statement. */
export function pickupGoods(
  db: Queryable,
  sessionHash: Buffer,
  from: string,
): Promise<(SealedCard & { productId: number })[]> {
  return goods(db, [sessionHash, from]);
}

export async function dropExpiredSessions(db: Queryable): Promise<void> {
  await dropSessions(db, []);
}
