/**
 * Lifting the quarantine of one pool after a restore (rule 19). Claims take cards in the order of `seq`, so what was sold
 * after the backup stands at the head of the restored pool: the operator says how many of those never to sell.
 */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { advisory } from './locks.ts';
import { resumeOrders } from './resume.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export interface PoolToLift {
  readonly sku: string;
  readonly mode: Mode;
  /** How many cards at the head of the pool become void. */
  readonly discard: number;
  readonly actorId: number;
}

export interface QuarantinedPool {
  readonly sku: string;
  readonly name: string;
  readonly since: Date;
  readonly available: number;
  readonly waiting: number;
}
// A pool of a million is counted to 100,000: the person decides by the order of magnitude.
const quarantined = statement<QuarantinedPool, [string | null]>(
  'quarantine_list',
  `select p.sku, p.name, p.quarantined_at as since,
     (select count(*)::int from (select from cards c where c.product_id = p.id and c.mode = 'live' and c.state = 'available' limit 100000) x) as available,
     (select count(*)::int from (select from orders o where o.product_id = p.id and o.failure_code = 'POOL_QUARANTINED'
        and o.state = 'attention' limit 1000) x) as waiting
   from products p where p.quarantined_at is not null and ($1::text is null or p.sku = $1) order by available desc, p.id limit 200`,
);
/** Pools that wait for a person after a restore, the largest first; or the named one, if it does. */
export function quarantinedPools(db: Queryable, sku?: string): Promise<QuarantinedPool[]> {
  return quarantined(db, [sku ?? null]);
}

const product = statement<{ id: number }, [string]>('quarantine_product', 'select id from products where sku = $1');
const lift = statement<{ discarded: number }, [number, Mode, number, number]>(
  'quarantine_lift',
  `with picked as materialized (
     select id from cards where product_id = $1 and mode = $2 and state = 'available' order by seq limit $3 for update
   ), discarded as (
     update cards set state = 'void' where id = any (array(select id from picked)) returning id
   ), lifted as (
     update products set quarantined_at = null where id = $1
   ), noted as (
     insert into audit (actor_id, action, detail)
     values ($4, 'quarantine_lifted', jsonb_build_object('product', $1::bigint, 'mode', $2::text, 'discarded', (select count(*) from discarded)))
   )
   select count(*)::int as discarded from discarded`,
);

/** Returns how many cards were made void. Orders that waited for a quarantine look again; those of other pools wait on. */
export async function liftQuarantine(pool: Pool, given: PoolToLift): Promise<number> {
  return transaction(pool, async (tx) => {
    const found = (await product(tx, [given.sku]))[0];
    if (!found) throw new KnownError('PRODUCT_NOT_FOUND');
    // The switch before the product, as every claim takes them: who saw the quarantine has written that it waits.
    await tx.query('select pg_advisory_xact_lock($1)', [advisory.deliverySwitch]);
    await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, found.id]);
    const [row] = await lift(tx, [found.id, given.mode, given.discard, given.actorId]);
    await resumeOrders(tx, ['POOL_QUARANTINED']);
    return row?.discarded ?? 0;
  });
}
