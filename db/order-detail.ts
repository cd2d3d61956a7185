/** An order as staff see it: what happened, and what waits. */
import { statement, type Queryable } from './sql.ts';

export interface TimelineEntry {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly detail: unknown;
}
const timeline = statement<TimelineEntry, [number]>(
  'order_timeline',
  `select a.at, c.name as actor, a.action, a.detail from audit a join actors c on c.id = a.actor_id
   where a.order_id = $1 order by a.id limit 500`,
);
const tasks = statement<{ code: string; openedAt: Date; closedAt: Date | null }, [number]>(
  'order_tasks',
  `select code, opened_at as "openedAt", closed_at as "closedAt" from tasks where order_id = $1 order by id limit 100`,
);

export function orderTimeline(db: Queryable, orderId: number): Promise<TimelineEntry[]> {
  return timeline(db, [orderId]);
}

export function orderTasks(
  db: Queryable,
  orderId: number,
): Promise<{ code: string; openedAt: Date; closedAt: Date | null }[]> {
  return tasks(db, [orderId]);
}
