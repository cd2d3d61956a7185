/** The audit log as people read it. */
import { statement, type Queryable } from './sql.ts';
import { unionAll, Where } from './where.ts';

export interface AuditLine {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly actorKind: string;
  readonly action: string;
  readonly orderNo: string | null;
  readonly detail: unknown;
  readonly sealed: boolean;
}
export interface AuditFilter {
  /** Name of an actor, of whatever kind. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly orderNo?: string | undefined;
  readonly from?: Date | undefined;
  /** Not with it. */
  readonly to?: Date | undefined;
  /** Id of the last row of the page before. */
  readonly before?: number | undefined;
}

/**
 * Newest first. By the time where a time is asked for, else by the id: each has an index that gives this order.
 * `actors` are those of the name asked for: one of each kind at most.
 */
export function auditListSql(
  filter: AuditFilter,
  limit: number,
  actors?: readonly number[],
): { text: string; values: unknown[] } {
  const byTime = filter.from !== undefined || filter.to !== undefined;
  const newest = byTime ? 'a.at desc, a.id desc' : 'a.id desc';
  const where = new Where()
    .add('a.action = ?', filter.action)
    .add('a.order_id = (select id from orders where no = ?)', filter.orderNo)
    .add('a.at >= ?', filter.from)
    .add('a.at < ?', filter.to)
    .add(byTime ? '(a.at, a.id) < (select at, id from audit where id = ?)' : 'a.id < ?', filter.before);
  const most = where.put(limit);
  const pages = where.each('a.actor_id', actors).map((is) => `select * from audit a ${is} order by ${newest} limit ${most}`); // prettier-ignore
  return {
    text: `select a.id, a.at, c.name as actor, c.kind as "actorKind", a.action, o.no as "orderNo", a.detail, a.sealed
     from (select * from (${unionAll(pages)}) a order by ${newest} limit ${most}) a join actors c on c.id = a.actor_id left join orders o on o.id = a.order_id order by ${newest}`,
    values: where.values,
  };
}
const actorsOf = statement<{ id: number }, [string]>('audit_list_actors', 'select id from actors where name = $1');
export async function listAudit(db: Queryable, filter: AuditFilter, limit: number): Promise<AuditLine[]> {
  const { actor } = filter;
  const ids = actor === undefined ? undefined : (await actorsOf(db, [actor])).map(({ id }) => id);
  return (await db.query<AuditLine>(auditListSql(filter, limit, ids))).rows;
}
const who = statement<{ name: string }, []>(
  'audit_actors',
  `select name from actors where kind in ('staff', 'ops', 'system', 'shop') order by kind, name limit 300`,
);
export async function auditActors(db: Queryable): Promise<string[]> {
  return (await who(db, [])).map((row) => row.name);
}
