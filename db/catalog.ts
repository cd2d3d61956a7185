/** Products and their key pools. */
import type { Mode } from '../domain/order.ts';
import type { CardUse, ProductKind } from '../domain/product.ts';
import { actors, advisory } from './locks.ts';
import { resumeOrders } from './resume.ts';
import { goodsCame } from './stock-line.ts';
import { one, statement, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

export interface Product {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly currency: string;
  readonly state: 'draft' | 'on_sale' | 'off_sale';
  readonly policy: unknown;
  /** Its own trigger; null: the global one. */
  readonly trigger: unknown;
  readonly kind: ProductKind;
  readonly cardUse: CardUse;
  readonly partLabels: readonly string[];
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly buyerLimit: number | null;
  readonly stockLimit: number | null;
  readonly holdMinutes: number | null;
  /** Words of the operator's own: its template's or the product's. */
  readonly hasTexts: boolean;
}

const insert = statement<{ id: number }, [string, string, number, string, string, number]>(
  'product_insert',
  `with fresh as (
     insert into products (sku, name, price_minor, currency, policy) values ($1, $2, $3, $4, $5::jsonb)
     on conflict (sku) do nothing returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $6, 'product_created', jsonb_build_object('product', id) from fresh
   )
   select id from fresh`,
);
const bySku = statement<Product, [string]>(
  'product_by_sku',
  `select id, sku, name, price_minor as "priceMinor", currency, state, policy, trigger, kind, card_use as "cardUse",
     part_labels as "partLabels", min_quantity as "minQuantity", max_quantity as "maxQuantity", buyer_limit as "buyerLimit", stock_limit as "stockLimit", hold_minutes as "holdMinutes",
     template_id is not null or texts <> '{}' as "hasTexts"
   from products where sku = $1`,
);
/** Undefined if the SKU exists. */
export async function insertProduct(
  db: Queryable,
  p: Pick<Product, 'sku' | 'name' | 'priceMinor' | 'currency' | 'policy'>,
  actorId: number,
): Promise<number | undefined> {
  return (await insert(db, [p.sku, p.name, p.priceMinor, p.currency, JSON.stringify(p.policy), actorId]))[0]?.id;
}

export async function productBySku(db: Queryable, sku: string): Promise<Product | undefined> {
  return (await bySku(db, [sku]))[0];
}

const batch = statement<{ id: number }, [number, Mode, string, string, number, number | null]>(
  'batch_insert',
  'insert into card_batches (product_id, mode, source, note, actor_id, import_id) values ($1, $2, $3, $4, $5, $6) returning id',
);
type AddParams = [...[number, number, Mode], Buffer[], Buffer[], (string | null)[], (number | null)[], (Date | null)[]];
const add = statement<{ added: number }, AddParams>(
  'cards_add',
  `with fresh as (
     insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, label, surcharge_minor, expires_at, seq)
     select $1, $2, $3, c, f, l, s, e, card_place(e)
     from unnest($4::bytea[], $5::bytea[], $6::text[], $7::bigint[], $8::timestamptz[]) as t (c, f, l, s, e)
     -- A key that is known, or a number that is for sale already.
     on conflict do nothing returning id
   ) select count(*)::int as added from fresh`,
);
const noted = statement<object, [number, string]>(
  'cards_audit',
  `insert into audit (actor_id, action, detail) values ($1, 'cards_added', $2::jsonb)`,
);

export interface NewCard {
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
  /** 自选卡号: what buyers see before they pay. */
  readonly label?: string | undefined;
  readonly surchargeMinor?: number | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface NewCards {
  readonly productId: number;
  readonly mode: Mode;
  readonly source: string;
  readonly note: string;
  readonly actorId: number;
  /** The product sheet that brings them. */
  readonly importId?: number;
  readonly cards: readonly NewCard[];
}

/**
 * Adds sealed cards as one batch; those whose fingerprint the product has already, sold ones too, are left out. Orders
 * that wait for this product are served by the granter.
 */
export async function addCards(pool: Pool, given: NewCards): Promise<{ batchId: number; added: number }> {
  return transaction(pool, (tx) => insertCards(tx, given));
}

/** {@link addCards} inside a transaction of the caller's. */
export async function insertCards(tx: Transaction, given: NewCards): Promise<{ batchId: number; added: number }> {
  const batchId = one(
    await batch(tx, [given.productId, given.mode, given.source, given.note, given.actorId, given.importId ?? null]),
  ).id;
  const { added } = one(
    await add(tx, [
      given.productId,
      batchId,
      given.mode,
      given.cards.map((c) => c.ciphertext),
      given.cards.map((c) => c.fingerprint),
      given.cards.map((c) => c.label ?? null),
      given.cards.map((c) => c.surchargeMinor ?? null),
      given.cards.map((c) => c.expiresAt ?? null),
    ]),
  );
  if (added > 0) await goodsCame(tx, given.productId, given.mode);
  await noted(tx, [given.actorId, JSON.stringify({ batch: batchId, product: given.productId, added })]);
  return { batchId, added };
}

const quarantine = statement<object, [boolean]>(
  'pools_quarantine',
  `update products set quarantined_at = case when $1 then coalesce(quarantined_at, now()) end`,
);
/** After a restore: nothing leaves a pool until a person confirms (rule 19). Lifting it wakes who waited for that. */
export async function setQuarantine(pool: Pool, on: boolean, actorId: number = actors.commandLine): Promise<void> {
  await transaction(pool, (tx) => quarantinePools(tx, on, actorId));
}

/** The same inside a transaction. As with the switch, no allocation is under way when a stop begins or ends. */
export async function quarantinePools(tx: Transaction, on: boolean, actorId: number): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [advisory.deliverySwitch]);
  await quarantine(tx, [on]);
  if (!on) await resumeOrders(tx, ['POOL_QUARANTINED']);
  await noted(tx, [actorId, JSON.stringify({ quarantine: on })]);
}
