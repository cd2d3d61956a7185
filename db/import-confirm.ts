/** 库存上限 of imports of keys: counted and confirmed under one lock, so that two imports cannot pass a limit together. */
import { KnownError } from '../domain/errors.ts';
import { moveImport } from './imports.ts';
import { advisory } from './locks.ts';
import { statement, takeTime, transaction, type Pool } from './sql.ts';

export interface Room {
  readonly productId: number;
  readonly sku: string;
  readonly limit: number;
  /** In the pool, or on the way there from other imports. */
  readonly have: number;
  readonly come: number;
}

const room = statement<Room, [number]>(
  'import_room',
  `with come as (
     select u as product_id, count(*)::int as n from import_blocks b, unnest(b.product_ids) u where b.import_id = $1 group by u
   )
   select p.id as "productId", p.sku, p.stock_limit as "limit", come.n as come,
     (select count(*)::int from cards c where c.product_id = p.id and c.mode = i.mode and c.state in ('available', 'held'))
     + (select count(*)::int from imports o join import_blocks b on b.import_id = o.id and b.imported_at is null, unnest(b.product_ids) u
        where o.state = 'confirmed' and o.kind = 'cards' and o.id <> i.id and o.mode = i.mode and u = p.id) as have
   from imports i, come join products p on p.id = come.product_id
   where i.id = $1 and p.stock_limit is not null order by p.id`,
);
/** Counting a pool of millions takes longer than a step may. */
const countingSeconds = 30;

/** Products of the import with a 库存上限, what they have and what would come. */
export function importRoom(pool: Pool, importId: number): Promise<Room[]> {
  return transaction(pool, async (tx) => {
    await takeTime(tx, countingSeconds);
    return room(tx, [importId]);
  });
}

/** Confirms a checked import of keys; false if it was in another state. Throws STOCK_LIMIT with the products that are full. */
export async function confirmKeys(pool: Pool, importId: number, actorId: number): Promise<boolean> {
  return transaction(pool, async (tx) => {
    await takeTime(tx, countingSeconds);
    const limited = await room(tx, [importId]);
    if (limited.length > 0) {
      await tx.query('select pg_advisory_xact_lock($1, p) from unnest($2::int[]) p order by p', [
        advisory.poolLimit,
        limited.map((r) => r.productId),
      ]);
      const over = (await room(tx, [importId])).filter((r) => r.have + r.come > r.limit);
      if (over.length > 0) throw new KnownError('STOCK_LIMIT', over);
    }
    return moveImport(tx, importId, ['ready'], 'confirmed', actorId);
  });
}
