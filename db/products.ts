/** Products: what the operator sets, found by filters, edited against a version. */
import { one, statement, transaction, type Pool, type Queryable } from './sql.ts';
import { diffProduct, type ProductFields, type ProductState } from '../domain/product.ts';
import { checkName } from '../domain/product-name.ts';
import { KnownError } from '../domain/errors.ts';
import { resumeOrders } from './resume.ts';

export interface ProductRow extends ProductFields {
  readonly id: number;
  readonly nameType: string | null;
  readonly nameBrand: string | null;
  readonly nameFace: string | null;
  readonly nameValidity: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `p.id, p.sku, p.name, p.kind, p.state, p.price_minor as "priceMinor", p.currency, p.min_quantity as "minQuantity",
  p.max_quantity as "maxQuantity", p.buyer_limit as "buyerLimit", p.stock_limit as "stockLimit", p.warn_below as "warnBelow",
  p.hold_minutes as "holdMinutes", p.promise_seconds as "promiseSeconds", p.card_use as "cardUse", p.part_labels as "partLabels", p.template_id as "templateId", p.texts,
  p.tags, p.note, p.policy, p.name_type as "nameType", p.name_brand as "nameBrand", p.name_face as "nameFace",
  p.name_validity as "nameValidity", p.version, p.created_at as "createdAt", p.updated_at as "updatedAt"`;

const byId = statement<ProductRow, [number]>('product_by_id', `select ${columns} from products p where p.id = $1`);
const locked = statement<ProductRow & { changedBy: string | null }, [number]>(
  'product_lock',
  `select ${columns},
     (select c.name from audit a join actors c on c.id = a.actor_id
      where a.detail ? 'product' and (a.detail ->> 'product')::bigint = p.id order by a.id desc limit 1) as "changedBy"
   from products p where p.id = $1 for update of p`,
);

export async function productById(db: Queryable, id: number): Promise<ProductRow | undefined> {
  return (await byId(db, [id]))[0];
}

const bySkus = statement<ProductRow, [string[]]>(
  'products_by_sku',
  `select ${columns} from products p where p.sku = any ($1)`,
);
export async function productsBySku(db: Queryable, skus: readonly string[]): Promise<Map<string, ProductRow>> {
  return new Map((await bySkus(db, [[...skus]])).map((row) => [row.sku, row]));
}

// One parameter, so that create and edit cannot disagree about a field.
const fields = `from jsonb_to_record($1::jsonb) as f (sku text, name text, kind text, state text, "priceMinor" bigint, currency text,
  "minQuantity" int, "maxQuantity" int, "buyerLimit" int, "stockLimit" int, "warnBelow" int, "holdMinutes" int, "promiseSeconds" int, "cardUse" text,
  "partLabels" jsonb, "templateId" bigint, texts jsonb, tags jsonb, note text, policy jsonb,
  "nameType" text, "nameBrand" text, "nameFace" text, "nameValidity" text)`;
const list = (column: string): string => `array(select jsonb_array_elements_text(f.${column}))`;
const targets = `sku, name, kind, state, price_minor, currency, min_quantity, max_quantity, buyer_limit, stock_limit, warn_below,
  hold_minutes, promise_seconds, card_use, part_labels, template_id, texts, tags, note, policy, name_type, name_brand, name_face, name_validity`;
const values = `f.sku, f.name, f.kind, f.state, f."priceMinor", f.currency, f."minQuantity", f."maxQuantity", f."buyerLimit",
  f."stockLimit", f."warnBelow", f."holdMinutes", f."promiseSeconds", f."cardUse", ${list('"partLabels"')}, f."templateId", f.texts, ${list('tags')},
  f.note, f.policy, f."nameType", f."nameBrand", f."nameFace", f."nameValidity"`;

const insert = statement<{ id: number }, [string, number, number | null]>(
  'product_create',
  `with fresh as (
     insert into products (${targets}, import_id) select ${values}, $3 ${fields} on conflict (sku) do nothing returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $2, 'product_created', jsonb_build_object('product', id, 'import', $3::bigint) from fresh
   )
   select id from fresh`,
);
const update = statement<{ version: number }, [string, number, number, string]>(
  'product_update',
  `with changed as (
     update products set (${targets}, version, updated_at) = (select ${values}, products.version + 1, now() ${fields})
     where id = $2 returning id, version
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $3, 'product_edited', jsonb_build_object('product', id, 'changes', $4::jsonb) from changed
   )
   select version from changed`,
);

function record(p: ProductFields): string {
  const { parts } = checkName(p.name);
  return JSON.stringify({
    ...p,
    nameType: parts?.type ?? null,
    nameBrand: parts?.brand ?? null,
    nameFace: parts?.face ?? null,
    nameValidity: parts?.validity ?? null,
  });
}

/** The new product's id; undefined if the SKU exists. */
export async function createProduct(
  db: Queryable,
  p: ProductFields,
  actorId: number,
  importId: number | null = null,
): Promise<number | undefined> {
  return (await insert(db, [record(p), actorId, importId]))[0]?.id;
}

/**
 * Writes the product as given, if nobody has changed it since `version`. Throws PRODUCT_NOT_FOUND, PRODUCT_CHANGED (with
 * the name of who did), or SKU_TAKEN. The audit holds each field that changed, from and to.
 */
export async function editProduct(
  pool: Pool,
  id: number,
  version: number | undefined,
  p: ProductFields,
  actorId: number,
): Promise<number> {
  return transaction(pool, (tx) => editProductIn(tx, id, version, p, actorId));
}

/** {@link editProduct} inside a transaction of the caller's. */
export async function editProductIn(
  tx: Queryable,
  id: number,
  version: number | undefined,
  p: ProductFields,
  actorId: number,
): Promise<number> {
  const before = (await locked(tx, [id]))[0];
  if (!before) throw new KnownError('PRODUCT_NOT_FOUND');
  if (version !== undefined && before.version !== version) {
    throw new KnownError('PRODUCT_CHANGED', { by: before.changedBy, version: before.version });
  }
  const changes = diffProduct(before, p);
  if (Object.keys(changes).length === 0) return before.version;
  if (changes['cardUse'] && (await inUse(tx, [id])).length > 0) throw new KnownError('CARD_USE_FIXED');
  if (p.sku !== before.sku && (await bySkuId(tx, [p.sku])).length > 0) throw new KnownError('SKU_TAKEN');
  const after = one(await update(tx, [record(p), id, actorId, JSON.stringify(changes)])).version;
  // Orders that waited for what the edit has mended look again.
  if (changes['state'] || changes['kind']) await resumeOrders(tx, ['PRODUCT_OFF_SALE']);
  return after;
}

// A key that many were shown must not become one that is sold once, nor a number that somebody ordered a key like others.
const inUse = statement<object, [number]>(
  'product_keys_in_use',
  `select 1 where exists (select from cards where product_id = $1 and state = 'available')
     or exists (select from cards where product_id = $1 and state = 'held')
     or exists (select from orders where product_id = $1 and state in ('unpaid', 'paid', 'waiting_confirmation', 'waiting_stock', 'attention'))`,
);
const bySkuId = statement<{ id: number }, [string]>('product_id_by_sku', 'select id from products where sku = $1');

export interface ProductFilter {
  readonly search?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: ProductState | undefined;
  readonly tag?: string | undefined;
  readonly nameType?: string | undefined;
  readonly nameBrand?: string | undefined;
  readonly nameFace?: string | undefined;
  readonly nameValidity?: string | undefined;
  readonly standardName?: boolean | undefined;
  readonly after?: number | undefined;
  readonly limit: number;
}

const find = statement<ProductRow, [string, number]>(
  'products_find',
  `select ${columns} from products p, jsonb_to_record($1::jsonb) as q (search text, kind text, state text, tag text, "nameType" text,
     "nameBrand" text, "nameFace" text, "nameValidity" text, "standardName" boolean, after bigint)
   where (q.after is null or p.id < q.after)
     and (q.search is null or strpos(lower(p.name), lower(q.search)) > 0 or strpos(lower(p.sku), lower(q.search)) > 0)
     and (q.kind is null or p.kind = q.kind) and (q.state is null or p.state = q.state)
     and (q.tag is null or p.tags @> array[q.tag])
     and (q."nameType" is null or p.name_type = q."nameType") and (q."nameBrand" is null or p.name_brand = q."nameBrand")
     and (q."nameFace" is null or p.name_face = q."nameFace") and (q."nameValidity" is null or p.name_validity = q."nameValidity")
     and (q."standardName" is null or (p.name_type is not null) = q."standardName")
   order by p.id desc limit $2`,
);

/** Newest first; `after` is the id of the last one seen. */
export async function findProducts(db: Queryable, { limit, ...filter }: ProductFilter): Promise<ProductRow[]> {
  return find(db, [JSON.stringify(filter), limit]);
}

export interface ProductFacets {
  readonly types: readonly string[];
  readonly brands: readonly string[];
  readonly faces: readonly string[];
  readonly validities: readonly string[];
  readonly tags: readonly string[];
}
const facets = statement<ProductFacets, []>(
  'product_facets',
  `select coalesce(array_agg(distinct name_type) filter (where name_type is not null), '{}') as types,
          coalesce(array_agg(distinct name_brand) filter (where name_brand is not null), '{}') as brands,
          coalesce(array_agg(distinct name_face) filter (where name_face is not null), '{}') as faces,
          coalesce(array_agg(distinct name_validity) filter (where name_validity is not null), '{}') as validities,
          coalesce((select array_agg(distinct t) from products, unnest(tags) t), '{}') as tags
   from products`,
);

/** The values that filters and the name builder offer. */
export async function productFacets(db: Queryable): Promise<ProductFacets> {
  return one(await facets(db, []));
}

const history = statement<{ at: Date; actor: string; action: string; detail: unknown }, [number, number]>(
  'product_history',
  `select a.at, c.name as actor, a.action, a.detail from audit a join actors c on c.id = a.actor_id
   where a.detail ? 'product' and (a.detail ->> 'product')::bigint = $1 order by a.id desc limit $2`,
);

/** Who did what to a product and its keys, newest first. */
export function productHistory(
  db: Queryable,
  id: number,
  limit = 100,
): Promise<{ at: Date; actor: string; action: string; detail: unknown }[]> {
  return history(db, [id, limit]);
}
