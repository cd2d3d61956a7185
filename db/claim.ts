/** The claim: cards leave the pool and the goods show, in one statement. Its plan is asserted by a test. */
import type { Mode } from '../domain/order.ts';
import type { PaidOrder, PendingMessage } from './delivery.ts';
import { actors, advisory } from './locks.ts';
import { pickCards } from './pick.ts';
import { releaseParts } from './release.ts';
import { one, statement, type Transaction } from './sql.ts';

export interface ClaimAnswer {
  readonly automatic: boolean;
  readonly quarantined: boolean;
  /** Others wait for the same goods: nobody overtakes them (rule 7). */
  readonly queued: boolean;
  /** They wait although something is there: too little for the first of them, or on its way to them. */
  readonly held: boolean;
  readonly claimed: boolean;
  /** Cards that were there, up to the quantity. */
  readonly found: number;
  readonly messages: readonly PendingMessage[];
}

/**
 * Claim and release in one statement: whole quantity or nothing, and from its commit on the pickup page shows the goods.
 * `skip locked` is fast but may call a pool short while others merely hold locks (14 of 200 rounds, rule 6).
 *
 * Two things in it are measured: the claim is ordered by `seq`, which only the partial index of available cards has,
 * and the update takes an array, not a subquery (a parameterised LIMIT is estimated at a tenth of the table, and the
 * planner then joins by reading all of it).
 */
function claimText(locking: 'for update skip locked' | 'for update', inLine: string): string {
  return `with gate as materialized (
     select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true) as automatic,
            coalesce((select quarantined_at is not null from products where id = $2), true) as quarantined,
            exists (select from stock_waits w where w.product_id = $2 and w.mode = $3 and ${inLine}) as queued
   ), mine as materialized (
     -- 下单锁库存: what the order holds is its own, whoever stands in line.
     select c.id from cards c where c.order_id = $1 and c.state = 'held' and (c.expires_at is null or c.expires_at > now())
       and (select not quarantined from gate) limit $4 for update
   ), picked as materialized (
     ${pickCards({ product: '$2', mode: '$3', limit: '$4 - (select count(*) from mine)', and: '(select automatic and not quarantined and not queued from gate)' }, locking)}
   ), enough as materialized (
     -- Nothing missing: what a supplier delivered is released by the same commit, if the switch is on.
     select count(*) = $4 and (select automatic from gate) as ok, count(*)::int as found
     from (select from picked union all select from mine) taken
   ), sold as (
     update cards set state = 'sold', order_id = $1, sold_at = now(), held_until = null
     where id = any (array(select id from picked union all select id from mine)) and (select ok from enough)
   ), ready as (
     select $1::bigint as order_id, $4::int as cards where (select ok from enough)
   ), ${releaseParts(String(actors.automation))}
   select gate.automatic, gate.quarantined, gate.queued, enough.ok as claimed, enough.found,
          -- In the order of the index: asked without one, the planner reads the sold cards first.
          gate.queued and coalesce((select true from cards c where c.product_id = $2 and c.mode = $3 and c.state = 'available'
            order by c.seq limit 1), false) as held,
          coalesce((select jsonb_agg(jsonb_build_object('id', q.id, 'kind', q.kind) order by q.id) from queued q), '[]') as messages
   from gate, enough`;
}

type ClaimParams = [orderId: number, productId: number, mode: Mode, quantity: number];
// Fast: any other who waits; the row that this statement does not see yet was written under the product's lock by one
// who found nothing. Sure, under that lock: only those who were paid before.
const claimFast = statement<ClaimAnswer, ClaimParams>(
  'delivery_claim',
  claimText('for update skip locked', 'w.order_id <> $1'),
);
const claimSure = statement<ClaimAnswer, ClaimParams>(
  'delivery_claim_sure',
  claimText('for update', '(w.paid_at, w.order_id) < (select o.paid_at, o.id from orders o where o.id = $1)'),
);
/** For the test that asserts the plan. */
export const claimSql = claimFast.text;

/** The fast try. Not claimed means only that this statement found too few; end the transaction and {@link claimSurely}. */
export async function claim(tx: Transaction, order: PaidOrder): Promise<ClaimAnswer> {
  return one(await claimFast(tx, [order.id, order.productId, order.mode, order.missing]));
}

/**
 * The try whose "empty" is true: one at a time per product, waiting for those who merely hold locks. In a transaction
 * of its own: a caller that still held cards of its first try would wait in a circle with another such caller.
 */
export async function claimSurely(tx: Transaction, order: PaidOrder): Promise<ClaimAnswer> {
  await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, order.productId]);
  return one(await claimSure(tx, [order.id, order.productId, order.mode, order.missing]));
}
