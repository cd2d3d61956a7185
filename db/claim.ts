/** The claim: cards leave the pool and the goods show, in one statement. Its plan is asserted by a test. */
import type { Mode } from '../domain/order.ts';
import type { CardUse } from '../domain/product.ts';
import { fromBeginning, headOf } from './claim-cursor.ts';
import type { PaidOrder, PendingMessage } from './delivery.ts';
import { actors, advisory } from './locks.ts';
import { pickCards, pickChosen, pickLoop, takeParts, type Locking } from './pick.ts';
import { releaseParts } from './release.ts';
import { one, poolOf, statement, type Transaction } from './sql.ts';

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
  /** `seq` of the first card that was taken. */
  readonly place: string | null;
}

/**
 * Claim and release in one statement: whole quantity or nothing, and from its commit on the pickup page shows the goods.
 * `skip locked` is fast but may call a pool short while others merely hold locks (14 of 200 rounds, rule 6).
 *
 * Two things in it are measured: the claim is ordered by `seq`, which only the partial index of available cards has,
 * and the update takes an array, not a subquery (a parameterised LIMIT is estimated at a tenth of the table, and the
 * planner then joins by reading all of it).
 */
function claimText(use: CardUse, locking: Locking, inLine: string): string {
  const open = '(select automatic and not quarantined and not queued from gate)';
  const pool = { product: '$2', mode: '$3' };
  const picked = {
    single: pickCards({ ...pool, limit: '$4 - (select count(*) from mine)', and: open, from: '$5::bigint' }, locking),
    loop: pickLoop({ ...pool, limit: 'least($4, 1)', and: open }, locking),
    chosen: pickChosen({ ...pool, order: '$1', and: '(select automatic and not quarantined from gate)' }),
  }[use];
  // 下单锁库存: what the order holds is its own, whoever stands in line.
  const mine =
    use === 'single'
      ? `mine as materialized (
     select c.id from cards c where c.order_id = $1 and c.state = 'held' and (c.expires_at is null or c.expires_at > now())
       and (select not quarantined from gate) limit $4 for update
   ), `
      : '';
  const taken = `select id from picked${use === 'single' ? ' union all select id from mine' : ''}`;
  // A loop key serves the whole order: one is enough.
  const wanted = use === 'loop' ? 'least($4, 1)' : '$4';
  return `with gate as materialized (
     select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true) as automatic,
            coalesce((select quarantined_at is not null from products where id = $2), true) as quarantined,
            exists (select from stock_waits w where w.product_id = $2 and w.mode = $3 and ${inLine}) as queued
   ), ${mine}picked as materialized (
     ${picked}
   ), enough as materialized (
     -- Nothing missing: what a supplier delivered is released by the same commit, if the switch is on.
     select count(*) = ${wanted} and (select automatic from gate) as ok, count(*)::int as found
     from (${taken}) taken
   ), ${takeParts(use, '$1', '$4', taken)}, ${releaseParts(String(actors.automation), undefined, use)}
   select ${use === 'single' ? '(select min(seq)::text from picked)' : 'null'} as place, gate.automatic, gate.quarantined, gate.queued, enough.ok as claimed, enough.found,
          -- In the order of the index: asked without one, the planner reads the sold cards first.
          gate.queued and coalesce((select true from cards c where c.product_id = $2 and c.mode = $3 and c.state = 'available'
            order by c.seq limit 1), false) as held,
          coalesce((select jsonb_agg(jsonb_build_object('id', q.id, 'kind', q.kind) order by q.id) from queued q), '[]') as messages
   from gate, enough`;
}

type ClaimParams = [orderId: number, productId: number, mode: Mode, quantity: number, ...from: string[]];
type Claim = ReturnType<typeof statement<ClaimAnswer, ClaimParams>>;
const perUse = (of: (use: CardUse, suffix: string) => Claim): Readonly<Record<CardUse, Claim>> => ({
  single: of('single', ''),
  loop: of('loop', '_loop'),
  chosen: of('chosen', '_chosen'),
});
// Fast: any other who waits; the row that this statement does not see yet was written under the product's lock by one
// who found nothing. Sure, under that lock: only those who were paid before.
const claimFast = perUse((use, suffix) =>
  statement(`delivery_claim${suffix}`, claimText(use, 'for update skip locked', 'w.order_id <> $1')),
);
const claimSure = perUse((use, suffix) =>
  statement(
    `delivery_claim_sure${suffix}`,
    claimText(use, 'for update', '(w.paid_at, w.order_id) < (select o.paid_at, o.id from orders o where o.id = $1)'),
  ),
);
/** For the test that asserts the plan. */
export const claimSql = claimFast.single.text;

function paramsOf(order: PaidOrder, from = fromBeginning): ClaimParams {
  const params = [order.id, order.productId, order.mode, order.missing] as const;
  return order.cardUse === 'single' ? [...params, from] : [...params];
}

/** The fast try. Not claimed means only that this statement found too few; end the transaction and {@link claimSurely}. */
export async function claim(tx: Transaction, order: PaidOrder): Promise<ClaimAnswer> {
  const pool = poolOf(tx);
  const head = order.cardUse === 'single' && pool ? headOf(pool, `${order.productId}:${order.mode}`) : undefined;
  const answer = one(await claimFast[order.cardUse](tx, paramsOf(order, head?.from)));
  head?.saw(answer.place);
  return answer;
}

/**
 * The try whose "empty" is true: one at a time per product, waiting for those who merely hold locks. In a transaction
 * of its own: a caller that still held cards of its first try would wait in a circle with another such caller.
 */
export async function claimSurely(tx: Transaction, order: PaidOrder): Promise<ClaimAnswer> {
  await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, order.productId]);
  return one(await claimSure[order.cardUse](tx, paramsOf(order)));
}
