/** The claim: cards leave the pool and the goods show, in one statement. Its plan is asserted by a test. */
import type { Mode } from '../domain/order.ts';
import type { PaidOrder, PendingMessage } from './delivery.ts';
import { actors, advisory } from './locks.ts';
import { one, statement, type Transaction } from './sql.ts';

export interface ClaimAnswer {
  readonly automatic: boolean;
  readonly quarantined: boolean;
  readonly claimed: boolean;
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
function claimText(locking: 'for update skip locked' | 'for update'): string {
  return `with gate as materialized (
     select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true) as automatic,
            coalesce((select quarantined_at is not null from products where id = $2), true) as quarantined
   ), picked as materialized (
     select c.id from cards c
     where c.product_id = $2 and c.mode = $3 and c.state = 'available'
       and (select automatic and not quarantined from gate)
     order by c.seq limit $4 ${locking}
   ), enough as materialized (
     select count(*) = $4 as ok from picked
   ), sold as (
     update cards set state = 'sold', order_id = $1, sold_at = now()
     where id = any (array(select id from picked)) and (select ok from enough)
   ), released as (
     update orders set state = 'delivered', released_at = now(), failure_code = null,
       done_at = case when contact is null and not webhook then now() end,
       next_deadline = now() + interval '10 minutes'
     where id = $1 and released_at is null and (select ok from enough)
     returning id, contact is not null as mail, webhook
   ), queued as (
     insert into messages (order_id, kind)
     select r.id, k.kind from released r cross join lateral (values ('mail', r.mail), ('webhook', r.webhook)) k (kind, wanted)
     where k.wanted
     returning id, kind
   ), eased as (
     update tasks set closed_at = now(), closed_by = ${actors.automation}
     where order_id = $1 and closed_at is null and code not like 'PAYMENT\\_%' and (select ok from enough)
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.automation}, 'delivered', id, jsonb_build_object('cards', $4) from released
   )
   select gate.automatic, gate.quarantined, enough.ok as claimed,
          coalesce((select jsonb_agg(jsonb_build_object('id', q.id, 'kind', q.kind) order by q.id) from queued q), '[]') as messages
   from gate, enough`;
}

type ClaimParams = [orderId: number, productId: number, mode: Mode, quantity: number];
const claimFast = statement<ClaimAnswer, ClaimParams>('delivery_claim', claimText('for update skip locked'));
const claimSure = statement<ClaimAnswer, ClaimParams>('delivery_claim_sure', claimText('for update'));
/** For the test that asserts the plan. */
export const claimSql = claimFast.text;

/** The fast try. Not claimed means only that this statement found too few; end the transaction and {@link claimSurely}. */
export async function claim(tx: Transaction, order: PaidOrder): Promise<ClaimAnswer> {
  return one(await claimFast(tx, [order.id, order.productId, order.mode, order.quantity]));
}

/**
 * The try whose "empty" is true: one at a time per product, waiting for those who merely hold locks. In a transaction
 * of its own: a caller that still held cards of its first try would wait in a circle with another such caller.
 */
export async function claimSurely(tx: Transaction, order: PaidOrder): Promise<ClaimAnswer> {
  await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, order.productId]);
  return one(await claimSure(tx, [order.id, order.productId, order.mode, order.quantity]));
}
