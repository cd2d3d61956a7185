/**
 * The steps that move a paid order. Each begins with the order's row lock and goes on only if the state allows, because
 * a step may run twice at once (rule 4).
 */
import { deadlines, type DeliveryPolicy } from '../domain/policy.ts';
import { mayMove, type Mode, type OrderState } from '../domain/order.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { actors, advisory } from './locks.ts';
import { one, statement, type Queryable, type Transaction } from './sql.ts';

export interface PaidOrder {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly state: OrderState;
  readonly productId: number;
  readonly quantity: number;
  readonly policy: DeliveryPolicy;
  readonly confirmByQuery: boolean;
  readonly confirmedAt: Date | null;
  readonly releasedAt: Date | null;
  readonly doneAt: Date | null;
  readonly failureCode: ErrorCode | null;
  readonly messages: readonly PendingMessage[];
}

export interface PendingMessage {
  readonly id: number;
  readonly kind: 'mail' | 'webhook';
}

// The switch's shared lock is taken here, one statement before the claim reads the switch: a statement sees only what
// was committed before it began (rule 13).
const lock = statement<PaidOrder & { switchLock: string }, [number, number]>(
  'delivery_lock_order',
  `select pg_advisory_xact_lock_shared($2) as "switchLock",
          o.id, o.no, o.mode, o.state, o.product_id as "productId", o.quantity, o.policy,
          o.confirm_by_query as "confirmByQuery", o.payment_confirmed_at as "confirmedAt",
          o.released_at as "releasedAt", o.done_at as "doneAt", o.failure_code as "failureCode",
          coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'kind', m.kind) order by m.id)
                    from messages m where m.order_id = o.id and m.state = 'pending'), '[]') as messages
   from orders o where o.id = $1 for update of o`,
);

/** The order under its row lock until the transaction ends; undefined if there is none. */
export async function lockOrder(tx: Transaction, orderId: number): Promise<PaidOrder | undefined> {
  return (await lock(tx, [orderId, advisory.deliverySwitch]))[0];
}

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

const wait = statement<object, [number, OrderState, ErrorCode, number, boolean]>(
  'delivery_wait',
  `with moved as (
     update orders set state = $2, failure_code = $3, next_deadline = now() + $4 * interval '1 millisecond'
     where id = $1
   ), asked as (
     insert into tasks (order_id, code) values ($1, $3) on conflict do nothing
   )
   insert into audit (actor_id, action, order_id, detail)
   select ${actors.automation}, 'waiting', $1, jsonb_build_object('state', $2::text, 'code', $3::text) where $5`,
);

/** The order cannot go on by itself: it waits in `state` with a task that says why. Saying it twice changes nothing. */
export async function waitFor(
  tx: Transaction,
  order: PaidOrder,
  state: 'waiting_stock' | 'attention',
  code: ErrorCode,
): Promise<void> {
  if (state !== order.state && !mayMove(order.state, state)) throw new Error(`no move from ${order.state} to ${state}`);
  await wait(tx, [order.id, state, code, deadlines.waiting, state !== order.state || code !== order.failureCode]);
}

const confirm = statement<object, [number]>(
  'delivery_payment_confirmed',
  `with confirmed as (update orders set payment_confirmed_at = now() where id = $1 and payment_confirmed_at is null returning id)
   insert into audit (actor_id, action, order_id) select ${actors.automation}, 'payment_confirmed', id from confirmed`,
);

/** The provider itself says that the money is there. */
export async function confirmPayment(tx: Transaction, orderId: number): Promise<void> {
  await confirm(tx, [orderId]);
}

const account = statement<{ no: string; accountId: number; amountMinor: number; currency: string }, [number]>(
  'delivery_order_account',
  `select no, account_id as "accountId", amount_minor as "amountMinor", currency from orders where id = $1`,
);

/** What a provider is asked about an order. */
export async function orderAccount(
  db: Queryable,
  orderId: number,
): Promise<{ no: string; accountId: number; amountMinor: number; currency: string } | undefined> {
  return (await account(db, [orderId]))[0];
}

const extend = statement<object, [number, number]>(
  'delivery_extend_deadline',
  `update orders set next_deadline = now() + $2 * interval '1 millisecond' where id = $1`,
);

/** The next step may rightly take this long, in milliseconds: reconcile leaves the order alone until then. */
export async function extendDeadline(tx: Transaction, orderId: number, ms: number): Promise<void> {
  await extend(tx, [orderId, ms]);
}
