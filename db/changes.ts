/** What changed since: the console's stream of events. The audit table has a row for every change. */
import { statement, type Queryable } from './sql.ts';

export interface Change {
  readonly id: number;
  readonly action: string;
  readonly orderNo: string | null;
}

const since = statement<Change, [number, number]>(
  'changes_since',
  `select a.id, a.action, o.no as "orderNo" from audit a left join orders o on o.id = a.order_id
   where a.id > $1 order by a.id limit $2`,
);
const newest = statement<{ id: number | null }, []>('changes_newest', 'select max(id) as id from audit');

/** Rows after an id. Ids are not commit order: a later call may find a smaller id that was not there before. */
export function changesSince(db: Queryable, id: number, limit: number): Promise<Change[]> {
  return since(db, [id, limit]);
}
export async function newestChange(db: Queryable): Promise<number> {
  return (await newest(db, []))[0]?.id ?? 0;
}
