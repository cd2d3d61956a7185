/**
 * Cases of money that came wrong (rule 10), as parts of the statements that see it: the case is there in the commit that
 * stores the payment, whether or not an order is known. One open case per payment and kind.
 */
import { randomBytes } from 'node:crypto';
import { makeCaseNo, orderNoBytes } from '../domain/ids.ts';
import { actors } from './locks.ts';

export function newCaseNo(): string {
  return makeCaseNo(new Date(), randomBytes(orderNoBytes));
}

/** SQL for when a case of this kind is due. */
export const dueOf = (kind: string): string =>
  `now() + coalesce((select (value ->> ${kind})::int from settings where key = 'case_sla_minutes'), 1440) * interval '1 minute'`;

/**
 * CTEs that open a case for each row of `from (order_id, payment_id, code)`, the tasks that were just opened. `no` is SQL
 * for the number, `mode` for the payment's; one
 * statement opens one case.
 */
export function opensCase(from: string, no: string, mode: string): string {
  return `taken_up as (
     insert into cases (no, mode, kind, source, order_id, payment_id, code, opened_by, due_at)
     select ${no}, ${mode}, k.kind, 'provider', t.order_id, t.payment_id, t.code, ${actors.notification}, ${dueOf('k.kind')}
     from (${from} limit 1) t
       cross join lateral (select case when t.code = 'PAYMENT_DISPUTED' then 'chargeback' else 'payment' end as kind) k
     on conflict do nothing returning id, order_id, kind
   ), taken_up_noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.notification}, 'case_opened', order_id, jsonb_build_object('case', id, 'kind', kind, 'source', 'provider') from taken_up
   )`;
}

/**
 * CTE that ends the cases of a payment which was settled elsewhere in the console: of `from (payment_id)`. Not one that a
 * decision is being carried out for, and no chargeback: those end by their own decision.
 */
export function endsCase(from: string, outcome: 'refunded' | 'noted', actor: string): string {
  return `case_ended as (
     update cases c set state = 'resolved', outcome = '${outcome}', closed_at = now(), closed_by = ${actor}, next_look_at = now()
     from (${from}) settled
     where c.payment_id = settled.payment_id and c.kind = 'payment' and c.closed_at is null and c.state in ('open', 'asked')
     returning c.id, c.order_id
   ), case_ended_noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actor}, 'case_closed', order_id, jsonb_build_object('case', id, 'outcome', '${outcome}') from case_ended
   )`;
}
