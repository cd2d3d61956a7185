/** Trouble climbs the ladder (C6): deadlines are rows, so nothing is forgotten when a process or Temporal is. */
import type { ErrorCode } from '../domain/errors.ts';
import { nextRung, parseLadder, soonestRung, type Ladder, type Rung } from '../domain/ladder.ts';
import { isUnderWay, type Mode, type OrderState } from '../domain/order.ts';
import { zoneOf } from '../domain/settings.ts';
import { actors } from './locks.ts';
import { addNotice } from './notices.ts';
import { statement, transaction, type Pool, type Transaction } from './sql.ts';

interface DueTask {
  readonly id: number;
  readonly code: ErrorCode;
  readonly climbed: number;
  readonly openedAt: Date;
  readonly due: boolean;
  readonly orderId: number | null;
  readonly state: OrderState | null;
  readonly productId: number | null;
  readonly mode: Mode | null;
  readonly incidentId: number | null;
}
// climbed 0 with next_at at the opening: the first rung is yet to be found.
const due = statement<DueTask, [number]>(
  'ladder_due',
  `select t.id, t.code, t.rung as climbed, t.opened_at as "openedAt", t.next_at > t.opened_at as due, t.order_id as "orderId", o.state,
     o.product_id as "productId", coalesce(o.mode, y.mode) as mode, t.incident_id as "incidentId"
   from tasks t left join orders o on o.id = t.order_id left join payments y on y.id = t.payment_id
   where t.closed_at is null and t.next_at <= now() order by t.next_at limit $1 for update of t skip locked`,
);
const climb = statement<object, [number, number, Date | null, boolean]>(
  'ladder_climb',
  `update tasks set rung = $2, next_at = $3, proposal = case when $4 then 'refund' else proposal end where id = $1`,
);
const noteRung = statement<object, [number | null, Rung, ErrorCode, number]>(
  'ladder_audit',
  `insert into audit (actor_id, action, order_id, detail)
   values (${actors.automation}, 'escalated', $1, jsonb_build_object('to', $2::text, 'code', $3::text, 'task', $4::bigint))`,
);
// One word to the owner per incident and rung, however many orders are in it.
const told = statement<object, [number, Rung]>(
  'ladder_told',
  `select from notices where kind = 'escalation' and (detail ->> 'incident')::bigint = $1 and detail ->> 'rung' = $2
     and at > now() - interval '30 days' limit 1`,
);
const tellBuyer = statement<object, [number]>(
  'ladder_tell_buyer',
  `insert into messages (order_id, kind) select o.id, 'trouble' from orders o
   where o.id = $1 and o.contact is not null and not exists (select from messages m where m.order_id = o.id and m.kind = 'trouble')`,
);

/** Lets tasks climb whose time has come. True if there may be more. */
export async function climbLadder(pool: Pool, ladder: Ladder, limit = 100): Promise<boolean> {
  return transaction(pool, async (tx) => {
    const tasks = await due(tx, [limit]);
    const heard = new Set<string>();
    for (const task of tasks) {
      const rung = nextRung(ladder, task.climbed, task.openedAt);
      if (!rung) {
        await climb(tx, [task.id, task.climbed, null, false]);
      } else if (!task.due || rung.at.getTime() > Date.now()) {
        await climb(tx, [task.id, task.climbed, rung.at, false]);
      } else {
        await take(tx, task, rung.rung, heard);
        const after = nextRung(ladder, rung.n, task.openedAt);
        await climb(tx, [task.id, rung.n, after?.at ?? null, rung.rung === 'refund' && waits(task)]);
      }
    }
    return tasks.length === limit;
  });
}

/** The order is paid for and not delivered: only then a buyer is told, and a refund proposed. */
function waits(task: DueTask): boolean {
  return task.orderId !== null && task.state !== null && isUnderWay(task.state);
}

/** `heard`: incidents and rungs of which this transaction knows that the owner has heard, for ten thousand tasks may climb together. */
async function take(tx: Transaction, task: DueTask, rung: Rung, heard: Set<string>): Promise<void> {
  if (rung !== 'owner' && !waits(task)) return;
  await noteRung(tx, [task.orderId, rung, task.code, task.id]);
  if (rung === 'buyer') {
    if (task.orderId !== null) await tellBuyer(tx, [task.orderId]);
    return;
  }
  const incident = task.incidentId ?? 0;
  const name = `${incident}:${rung}`;
  if (incident > 0) {
    if (heard.has(name) || (await told(tx, [incident, rung])).length > 0) {
      heard.add(name);
      return;
    }
    heard.add(name);
  }
  const { code, orderId, productId, mode } = task;
  await addNotice(tx, { kind: 'escalation', audience: 'owner', code, orderId, productId, mode, detail: { incident, rung } }); // prettier-ignore
}

const ahead = statement<{ climbed: number; openedAt: Date; ladder: unknown; zone: unknown }, [number]>(
  'ladder_ahead',
  `select t.rung as climbed, t.opened_at as "openedAt", (select value from settings where key = 'escalation') as ladder,
     (select value from settings where key = 'time_zone') as zone
   from tasks t where t.order_id = $1 and t.closed_at is null and t.next_at is not null`,
);
/** What the ladder does next about an order if nobody acts, and the shop's time zone. */
export async function ladderAhead(
  tx: Transaction,
  orderId: number,
): Promise<{ rung: Rung; at: Date; zone: string } | undefined> {
  const tasks = await ahead(tx, [orderId]);
  const soonest = soonestRung(parseLadder(tasks[0]?.ladder), tasks);
  return soonest && { ...soonest, zone: zoneOf(tasks[0]?.zone) };
}
