/** The queue of staff: what waits, who works on it, and how it ends. */
import type { ErrorCode } from '../domain/errors.ts';
import { KnownError } from '../domain/errors.ts';
import { isUnderWay, type Mode, type OrderState } from '../domain/order.ts';
import { endsCase } from './payment-cases.ts';
import { statement, type Queryable } from './sql.ts';
import { endsWithTrouble } from './task-kinds.ts';

export interface TaskRow {
  readonly id: number;
  readonly code: ErrorCode;
  readonly detail: unknown;
  readonly proposal: string | null;
  readonly mode: Mode | null;
  readonly orderNo: string | null;
  readonly state: OrderState | null;
  readonly sku: string | null;
  readonly productName: string | null;
  readonly quantity: number | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly paidAt: Date | null;
  readonly openedAt: Date;
  readonly nextAt: Date | null;
  readonly claimedBy: string | null;
  readonly claimedAt: Date | null;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
}

export interface TaskFilter {
  readonly open: boolean;
  readonly code?: string | undefined;
  readonly sku?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly orderNo?: string | undefined;
  readonly claimed?: 'mine' | 'nobody' | 'others' | undefined;
  readonly actorId: number;
  readonly after?: number | undefined;
  readonly limit: number;
}

const columns = `t.id, t.code, t.detail, t.proposal, coalesce(o.mode, y.mode) as mode, o.no as "orderNo", o.state, p.sku,
  p.name as "productName", o.quantity, o.amount_minor as "amountMinor", o.currency, o.paid_at as "paidAt",
  t.opened_at as "openedAt", t.next_at as "nextAt", c.name as "claimedBy", t.claimed_at as "claimedAt",
  t.closed_at as "closedAt", e.name as "closedBy"`;
const joins = `tasks t left join orders o on o.id = t.order_id left join products p on p.id = o.product_id
  left join payments y on y.id = t.payment_id left join actors c on c.id = t.claimed_by left join actors e on e.id = t.closed_by`;

// Open ones oldest first, as they are worked; closed ones newest first.
const list = (open: boolean): string => `select ${columns} from ${joins}
   where t.closed_at is ${open ? '' : 'not '}null and ($1::text is null or t.code = $1) and ($2::text is null or p.sku = $2)
     and ($3::text is null or coalesce(o.mode, y.mode) = $3) and ($4::text is null or o.no = $4)
     and case $5::text when 'mine' then t.claimed_by = $6 when 'nobody' then t.claimed_by is null
           when 'others' then t.claimed_by <> $6 else true end
     and ($7::bigint is null or t.id ${open ? '>' : '<'} $7)
   order by t.id ${open ? '' : 'desc'} limit $8`;
type ListParams = [
  string | null,
  string | null,
  Mode | null,
  string | null,
  string | null,
  number,
  number | null,
  number,
];
const openTasks = statement<TaskRow, ListParams>('tasks_open_list', list(true));
const closedTasks = statement<TaskRow, ListParams>('tasks_closed_list', list(false));

export function listTasks(db: Queryable, f: TaskFilter): Promise<TaskRow[]> {
  const run = f.open ? openTasks : closedTasks;
  return run(db, [f.code ?? null, f.sku ?? null, f.mode ?? null, f.orderNo ?? null, f.claimed ?? null, f.actorId, f.after ?? null, f.limit]); // prettier-ignore
}

const ofOrder = statement<TaskRow, [number]>(
  'tasks_of_order',
  `select ${columns} from ${joins} where t.order_id = $1 order by t.closed_at is not null, t.id desc limit 50`,
);
/** All tasks of one order, open ones first. */
export function tasksOfOrder(db: Queryable, orderId: number): Promise<TaskRow[]> {
  return ofOrder(db, [orderId]);
}

export interface ReasonCount {
  readonly code: ErrorCode;
  readonly count: number;
  readonly mine: number;
  readonly oldest: Date;
}
const count = statement<ReasonCount, [number, Mode | null]>(
  'tasks_count',
  `select t.code, count(*)::int as count, count(*) filter (where t.claimed_by = $1)::int as mine, min(t.opened_at) as oldest
   from tasks t left join orders o on o.id = t.order_id left join payments y on y.id = t.payment_id
   where t.closed_at is null and ($2::text is null or coalesce(o.mode, y.mode) = $2) group by t.code order by count desc`,
);
export function countTasks(db: Queryable, actorId: number, mode: Mode | undefined): Promise<ReasonCount[]> {
  return count(db, [actorId, mode ?? null]);
}

const claim = statement<{ done: boolean; by: string | null }, [number, number, boolean]>(
  'task_claim',
  `with mine as (
     update tasks set claimed_by = $2, claimed_at = now()
     where id = $1 and closed_at is null and ($3 or claimed_by is null or claimed_by = $2) returning order_id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail) select $2, 'task_claimed', order_id, jsonb_build_object('task', $1::bigint) from mine
   )
   select exists (select from mine) as done, a.name as by
   from tasks t left join actors a on a.id = t.claimed_by where t.id = $1 and t.closed_at is null`,
);
const putBack = statement<{ done: boolean; by: string | null }, [number, number]>(
  'task_release',
  `with back as (
     update tasks set claimed_by = null, claimed_at = null
     where id = $1 and closed_at is null and (claimed_by is null or claimed_by = $2) returning order_id
   ), noted as (
     insert into audit (actor_id, action, order_id, detail) select $2, 'task_released', order_id, jsonb_build_object('task', $1::bigint) from back
   )
   select exists (select from back) as done, a.name as by
   from tasks t left join actors a on a.id = t.claimed_by where t.id = $1 and t.closed_at is null`,
);

function check(row: { done: boolean; by: string | null } | undefined): void {
  if (!row) throw new KnownError('TASK_NOT_FOUND');
  if (!row.done) throw new KnownError('TASK_CLAIMED', { by: row.by });
}

/** Throws TASK_NOT_FOUND, or TASK_CLAIMED with the name of who has it. */
export async function claimTask(db: Queryable, id: number, actorId: number, takeOver: boolean): Promise<void> {
  check((await claim(db, [id, actorId, takeOver]))[0]);
}

/** Throws TASK_NOT_FOUND, or TASK_CLAIMED if somebody else has it. */
export async function releaseTask(db: Queryable, id: number, actorId: number): Promise<void> {
  check((await putBack(db, [id, actorId]))[0]);
}

const close = statement<{ done: boolean; state: OrderState | null }, [number, number, string]>(
  'task_close',
  `with ended as (
     update tasks t set closed_at = now(), closed_by = $2
     where t.id = $1 and t.closed_at is null and (t.order_id is null or not (${endsWithTrouble})
       or exists (select from orders o where o.id = t.order_id and o.state in ('unpaid', 'expired', 'delivered', 'refunded', 'closed')))
     returning order_id, payment_id, code
   ), ${endsCase(`select payment_id from ended where code like 'PAYMENT\\_%'`, 'noted', '$2')}, noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $2, 'task_closed', order_id, jsonb_build_object('task', $1::bigint, 'note', $3::text) from ended
   )
   select exists (select from ended) as done, o.state
   from tasks t left join orders o on o.id = t.order_id where t.id = $1 and t.closed_at is null`,
);

/**
 * Marks a task as done. One that stands for an order's trouble cannot be: it ends with the trouble (C6, none is
 * forgotten). Throws TASK_NOT_FOUND or ORDER_STATE_CONFLICT.
 */
export async function closeTask(db: Queryable, id: number, actorId: number, note: string): Promise<void> {
  const row = (await close(db, [id, actorId, note]))[0];
  if (!row) throw new KnownError('TASK_NOT_FOUND');
  if (!row.done) throw new KnownError('ORDER_STATE_CONFLICT', { state: row.state, underWay: row.state !== null && isUnderWay(row.state) }); // prettier-ignore
}
