/** What the story of a case does. Each step looks at the rows under their locks, and a finished one is not done again. */
import { caseOutcomes, type CaseAction, type CaseState } from '../domain/cases.ts';
import { KnownError, type ErrorCode } from '../domain/errors.ts';
import { advisory } from './locks.ts';
import { statement, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

export interface CaseLook {
  readonly state: CaseState;
  readonly actionId: string | null;
  /** Until it is due; null: no clock runs. */
  readonly dueInMs: number | null;
}

const look = statement<CaseLook, [number]>(
  'case_look',
  `with late as (
     update cases set overdue_at = now() where id = $1 and closed_at is null and overdue_at is null and due_at <= now() returning id, order_id
   ), told as (
     insert into tasks (order_id, code, detail) select order_id, 'CASE_OVERDUE', jsonb_build_object('case', id) from late on conflict do nothing
   )
   select c.state, (select x.id from case_actions x where x.case_id = c.id and x.state = 'wanted') as "actionId",
          case when c.overdue_at is null and not exists (select from late) then (extract(epoch from c.due_at - now()) * 1000)::float end as "dueInMs"
   from cases c where c.id = $1`,
);
const later = statement<object, [number, number | null]>(
  'case_look_later',
  `update cases set next_look_at = now() + $2 * interval '1 millisecond' where id = $1`,
);

const lockCase = statement<object, [number]>('case_lock_for_look', 'select 1 from cases where id = $1 for update');

/**
 * Looks at a case; people are told once when it is overdue. The next look is planned, so a lost story comes back: under
 * the case's lock, or a decision that comes between would lose its wake.
 */
export async function lookAtCase(pool: Pool, caseId: number, longestMs: number): Promise<CaseLook & { forMs: number }> {
  return transaction(pool, async (tx) => {
    await lockCase(tx, [caseId]);
    const [found] = await look(tx, [caseId]);
    if (!found) throw new KnownError('CASE_NOT_FOUND');
    const closed = found.state === 'resolved' || found.state === 'refused';
    const forMs = Math.min(Math.max(found.dueInMs ?? longestMs, 200), longestMs);
    await later(tx, [caseId, closed ? null : forMs + 60_000]);
    return { ...found, forMs };
  });
}

interface Wanted {
  readonly id: string;
  readonly kind: CaseAction;
  readonly state: 'wanted' | 'done' | 'failed';
  readonly actorId: number;
  readonly caseId: number;
  readonly orderId: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly messageId: number | null;
}

const lockOrder = statement<object, [string]>(
  'case_lock_order',
  'select 1 from orders where id = (select c.order_id from case_actions x join cases c on c.id = x.case_id where x.id = $1) for no key update',
);
const lockAction = statement<Wanted, [string]>(
  'case_lock_action',
  `select x.id, x.kind, x.state, x.actor_id as "actorId", x.case_id as "caseId", c.order_id as "orderId", x.detail, x.message_id as "messageId"
   from case_actions x join cases c on c.id = x.case_id where x.id = $1 for update of x, c`,
);
const finish = statement<object, [string, string, number | null]>(
  'case_finish',
  `with done as (
     update case_actions set state = 'done', done_at = now(), message_id = $3 where id = $1 returning case_id, actor_id
   ), closed as (
     update cases c set state = case when $2 = 'refused' then 'refused' else 'resolved' end, outcome = $2, closed_at = now(),
       closed_by = done.actor_id, next_look_at = null
     from done where c.id = done.case_id returning c.id, c.order_id, c.payment_id, c.kind, c.closed_by
   ), eased as (
     update tasks t set closed_at = now(), closed_by = closed.closed_by from closed
     where t.closed_at is null and (t.code = 'CASE_OVERDUE' and t.detail = jsonb_build_object('case', closed.id)
       or t.payment_id = closed.payment_id and t.code like 'PAYMENT\\_%' and (t.code = 'PAYMENT_DISPUTED') = (closed.kind = 'chargeback')
         -- The order that it stopped is still with people: none is forgotten (C6).
         and not exists (select from orders o where o.id = t.order_id and o.state = 'attention' and o.failure_code = t.code))
   )
   insert into audit (actor_id, action, order_id, detail)
   select closed_by, 'case_closed', order_id, jsonb_build_object('case', id, 'outcome', $2::text) from closed`,
);
const fail = statement<object, [string, ErrorCode]>(
  'case_fail',
  `with failed as (
     update case_actions set state = 'failed', failure_code = $2, done_at = now() where id = $1 returning case_id, actor_id
   ), back as (
     update cases set state = 'open' from failed where id = failed.case_id returning id, order_id
   )
   insert into audit (actor_id, action, order_id, detail)
   select failed.actor_id, 'case_action_failed', back.order_id, jsonb_build_object('case', back.id, 'code', $2::text) from failed, back`,
);
// "Too few" is true (rule 6): under the lock of the sure claim those who merely hold locks are waited for.
const lockPool = statement<object, [number, number]>(
  'case_lock_pool',
  'select pg_advisory_xact_lock($1, (select product_id::int from orders where id = $2))',
);
// Without names it is all that the order shows.
const nameBad = statement<object, [number, number, number[] | null]>(
  'case_name_bad',
  `insert into case_cards (case_id, card_id)
   select $1, c.id from goods_of_orders c join orders o on o.id = c.order_id
   where c.order_id = $2 and o.released_at is not null
     and case when $3::bigint[] is null then not exists (select from case_cards where case_id = $1) else c.id = any ($3) end
   on conflict do nothing`,
);
const replace = statement<
  { taken: number; wanted: number; messageId: number | null },
  [number, number, number[] | null]
>(
  'case_replace',
  `with bad as materialized (
     select cc.card_id, row_number() over (order by cc.card_id) as n, c.product_id, c.mode, coalesce(c.surcharge_minor, 0) as surcharge,
       -- 循环卡密: the key that the order shows stays in the pool, and so does the one that takes its place.
       coalesce(c.id = (select loop_card_id from orders where id = $2), false) as loop
     from case_cards cc join cards c on c.id = cc.card_id 
     where cc.case_id = $1 and cc.replaced_by is null and ($3::bigint[] is null or c.id = any ($3))
       and c.id in (select id from goods_of_orders where order_id = $2)
   ), picked as materialized (
     select id, row_number() over (order by seq) as n from (
       select c.id, c.seq from cards c
       where c.product_id = (select product_id from bad limit 1) and c.mode = (select mode from bad limit 1) and c.state = 'available'
         and (c.expires_at is null or c.expires_at > now())
         and not exists (select from products p where p.id = c.product_id and p.quarantined_at is not null)
         and c.id not in (select card_id from bad) and coalesce(c.surcharge_minor, 0) <= (select max(surcharge) from bad)
       order by c.seq limit (select count(*) from bad) for update
     ) free
   ), enough as materialized (
     select (select count(*) from picked) = (select count(*) from bad) and exists (select from bad) as ok
   ), given as (
     update cards set state = 'sold', order_id = $2, sold_at = now()
     where id in (select id from picked) and (select ok from enough) and not (select bool_or(loop) from bad)
   ), shown as (
     update orders set loop_card_id = (select id from picked)
     where id = $2 and (select ok from enough) and (select bool_and(loop) from bad)
   ), voided as (
     update cards set state = 'void' where id in (select card_id from bad) and (select ok from enough)
   ), linked as (
     update case_cards cc set replaced_by = p.id from bad b join picked p on p.n = b.n
     where cc.case_id = $1 and cc.card_id = b.card_id and (select ok from enough)
   ), mail as (
     insert into messages (order_id, kind) select id, 'mail' from orders where id = $2 and contact is not null and (select ok from enough)
     returning id
   )
   select (select count(*) from picked)::int as taken, (select count(*) from bad)::int as wanted, (select id from mail) as "messageId"`,
);

export interface CaseDone {
  readonly outcome: string | null;
  readonly failure: ErrorCode | null;
  /** A mail with the new keys is to be sent. */
  readonly messageId: number | null;
}

async function replaceKeys(
  tx: Transaction,
  { caseId, detail }: Wanted,
  orderId: number,
): Promise<{ taken: number; wanted: number; messageId: number | null } | undefined> {
  const cards = Array.isArray(detail['cards']) ? (detail['cards'] as number[]) : null;
  await lockPool(tx, [advisory.product, orderId]);
  await nameBad(tx, [caseId, orderId, cards]);
  return (await replace(tx, [caseId, orderId, cards]))[0];
}

/** Carries a decision out, once. `refunded`: the money of a refund has really moved. */
export async function carryOut(pool: Pool, actionId: string, refunded: boolean): Promise<CaseDone | 'later'> {
  return transaction(pool, async (tx) => {
    await lockOrder(tx, [actionId]);
    const [wanted] = await lockAction(tx, [actionId]);
    if (!wanted) throw new KnownError('CASE_NOT_FOUND');
    // Done before, perhaps by a worker that died before its mail: the same mail, which goes out once.
    if (wanted.state !== 'wanted') return { outcome: null, failure: null, messageId: wanted.messageId };
    let messageId: number | null = null;
    if (wanted.kind === 'replace') {
      const done = wanted.orderId === null ? undefined : await replaceKeys(tx, wanted, wanted.orderId);
      const failure = !done?.wanted ? 'CASE_NO_KEYS' : done.taken < done.wanted ? 'POOL_TOO_FEW' : undefined;
      if (!done || failure) {
        await fail(tx, [actionId, failure ?? 'CASE_NO_KEYS']);
        return { outcome: null, failure: failure ?? 'CASE_NO_KEYS', messageId: null };
      }
      ({ messageId } = done);
    } else if (wanted.kind === 'refund' && !refunded) return 'later';
    await finish(tx, [actionId, caseOutcomes[wanted.kind], messageId]);
    return { outcome: caseOutcomes[wanted.kind], failure: null, messageId };
  });
}

export interface CaseRefund {
  readonly caseNo: string;
  readonly paymentId: number | null;
  readonly amountMinor: number | null;
  readonly actorId: number;
}

const refund = statement<CaseRefund, [string]>(
  'case_refund',
  `select c.no as "caseNo", x.actor_id as "actorId", (x.detail ->> 'amountMinor')::bigint as "amountMinor",
     coalesce(c.payment_id, (select y.id from payments y where y.order_id = c.order_id and y.standing in ('accepted', 'late', 'matched') order by y.id limit 1)) as "paymentId"
   from case_actions x join cases c on c.id = x.case_id where x.id = $1 and x.kind = 'refund' and x.state = 'wanted'`,
);

/** What is to be refunded by this decision; undefined if it is no refund, or is done. */
export async function refundOfCase(db: Queryable, actionId: string): Promise<CaseRefund | undefined> {
  return (await refund(db, [actionId]))[0];
}

/** The decision cannot be carried out: the case is open again, with the reason. */
export async function failDecision(db: Queryable, actionId: string, code: ErrorCode): Promise<void> {
  await fail(db, [actionId, code]);
}
