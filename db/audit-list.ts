/** The audit log as people read it. */
import { statement, type Queryable } from './sql.ts';

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
type Filter = [
  before: number | null,
  actor: string | null,
  action: string | null,
  orderNo: string | null,
  from: Date | null,
  to: Date | null,
  limit: number,
];
const list = statement<AuditLine, Filter>(
  'audit_list',
  `select a.id, a.at, c.name as actor, c.kind as "actorKind", a.action, o.no as "orderNo", a.detail, a.sealed
   from audit a join actors c on c.id = a.actor_id left join orders o on o.id = a.order_id
   where ($1::bigint is null or a.id < $1) and ($2::text is null or a.actor_id = any (array(select id from actors where name = $2)))
     and ($3::text is null or a.action = $3) and ($4::text is null or a.order_id = (select id from orders where no = $4))
     and ($5::timestamptz is null or a.at >= $5) and ($6::timestamptz is null or a.at < $6)
   order by a.id desc limit $7`,
);
export function listAudit(db: Queryable, filter: Filter): Promise<AuditLine[]> {
  return list(db, filter);
}
const who = statement<{ name: string }, []>(
  'audit_actors',
  `select name from actors where kind in ('staff', 'ops', 'system', 'shop') order by kind, name limit 300`,
);
export async function auditActors(db: Queryable): Promise<string[]> {
  return (await who(db, [])).map((row) => row.name);
}
