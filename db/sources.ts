/** Where the goods of a product come from besides its pool. */
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export type PoolUse = 'first' | 'last' | 'never';

export interface Source {
  readonly supplierId: number;
  readonly supplierSku: string;
  readonly options: Readonly<Record<string, string>>;
  readonly unitCeilingMinor: number | null;
  readonly pattern: string | null;
  readonly enabled: boolean;
}

const read = statement<Source, [number]>(
  'sources_read',
  `select supplier_id as "supplierId", supplier_sku as "supplierSku", options, unit_ceiling_minor as "unitCeilingMinor", pattern, enabled
   from product_sources where product_id = $1 and priority >= 0 order by priority, id`,
);
const poolUse = statement<{ poolUse: PoolUse }, [number]>(
  'sources_pool_use',
  'select pool_use as "poolUse" from products where id = $1',
);
// Purchases name the source they were made by, so one that has gone is only put aside.
const putAside = statement<object, [number, PoolUse, number, string]>(
  'sources_put_aside',
  `with used as (update products set pool_use = $2 where id = $1),
   noted as (
     insert into audit (actor_id, action, detail)
     values ($3, 'sources_changed', jsonb_build_object('product', $1::bigint, 'pool', $2::text, 'sources', $4::jsonb))
   )
   update product_sources set enabled = false, priority = -1 where product_id = $1`,
);
const put = statement<object, [number, number, number, string, string, number | null, string | null, boolean]>(
  'sources_put',
  `insert into product_sources (product_id, supplier_id, priority, supplier_sku, options, unit_ceiling_minor, pattern, enabled)
   values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8)
   on conflict (product_id, supplier_id, supplier_sku) do update set priority = excluded.priority, options = excluded.options,
     unit_ceiling_minor = excluded.unit_ceiling_minor, pattern = excluded.pattern, enabled = excluded.enabled`,
);

export async function productSources(
  db: Queryable,
  productId: number,
): Promise<{ poolUse: PoolUse; sources: Source[] }> {
  const [[product], sources] = await Promise.all([poolUse(db, [productId]), read(db, [productId])]);
  return { poolUse: product?.poolUse ?? 'first', sources };
}

/** Sets all sources of a product, in order of priority. */
export async function replaceSources(
  pool: Pool,
  productId: number,
  given: { readonly poolUse: PoolUse; readonly sources: readonly Source[] },
  actorId: number,
): Promise<void> {
  await transaction(pool, async (tx) => {
    const kept = given.sources.map(({ supplierId, supplierSku }) => ({ supplierId, supplierSku }));
    await putAside(tx, [productId, given.poolUse, actorId, JSON.stringify(kept)]);
    for (const [i, s] of given.sources.entries()) {
      const options = JSON.stringify(s.options);
      await put(tx, [productId, s.supplierId, i, s.supplierSku, options, s.unitCeilingMinor, s.pattern, s.enabled]);
    }
  });
}
