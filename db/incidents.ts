/**
 * The same trouble of the same product is one incident: people get one message, then digests with the count, then
 * reminders while it goes on. Whatever opens a task gets here by itself.
 */
import type { ErrorCode } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { addNotice } from './notices.ts';
import { statement, transaction, type Pool } from './sql.ts';

// What usually ends by itself is told only if it does not; a queue is told by the trouble that made it.
const gather = statement<{ incidentId: number }, [number]>(
  'incidents_gather',
  `with fresh as materialized (
     select t.id, t.code, o.product_id, coalesce(o.mode, y.mode) as mode
     from tasks t left join orders o on o.id = t.order_id left join payments y on y.id = t.payment_id
     where t.closed_at is null and t.incident_id is null
       and (t.code not in ('WAITING_CONFIRMATION', 'STOCK_QUEUED') or t.opened_at < now() - interval '30 minutes')
     order by t.id limit $1 for update of t skip locked
   ), groups as materialized (
     select code, product_id, mode, count(*)::int as n from fresh group by code, product_id, mode
   ), reopened as (
     update incidents i set closed_at = null from groups g
     where i.id = (select max(x.id) from incidents x where x.code = g.code and x.product_id is not distinct from g.product_id
                     and x.mode is not distinct from g.mode and x.closed_at > now() - interval '10 minutes')
       and not exists (select from incidents x where x.closed_at is null and x.code = g.code
                         and x.product_id is not distinct from g.product_id and x.mode is not distinct from g.mode)
     returning i.id, i.code, i.product_id, i.mode
   ), opened as (
     insert into incidents (code, product_id, mode)
     select g.code, g.product_id, g.mode from groups g
     where not exists (select from reopened r where r.code = g.code and r.product_id is not distinct from g.product_id
                         and r.mode is not distinct from g.mode)
     on conflict (code, coalesce(product_id, 0), coalesce(mode, '')) where closed_at is null do update set told = incidents.told
     returning id, code, product_id, mode
   ), homes as (select * from reopened union all select * from opened
   )
   update tasks t set incident_id = h.id
   from fresh f join homes h on h.code = f.code and h.product_id is not distinct from f.product_id and h.mode is not distinct from f.mode
   where t.id = f.id returning t.incident_id as "incidentId"`,
);
const count = statement<object, [number[]]>(
  'incidents_count',
  `update incidents i set count = i.count + x.n
   from (select id, count(*)::int as n from unnest($1::bigint[]) as t (id) group by id) x where x.id = i.id`,
);
const end = statement<object, []>(
  'incidents_end',
  `update incidents i set closed_at = now() where closed_at is null
     and not exists (select from tasks t where t.incident_id = i.id and t.closed_at is null)`,
);

interface Due {
  readonly id: number;
  readonly code: ErrorCode;
  readonly productId: number | null;
  readonly mode: Mode | null;
  readonly count: number;
  readonly told: number;
  readonly open: number;
  readonly orderId: number | null;
  /** What the failure-rate alarm says of itself. */
  readonly rate: unknown;
}
// Ten minutes to the first digest, then twice as long each time, at most four hours.
const due = statement<Due, [number]>(
  'incidents_due',
  `with mine as (
     select id from incidents where closed_at is null
       and ((count > told and digest_at <= now()) or (count <= told and digest_at <= now() - $1 * interval '1 minute'))
     order by digest_at limit 50 for update skip locked
   ), told as (
     update incidents i set told = greatest(i.count, i.told), digests = i.digests + 1,
       digest_at = now() + least(10 * power(2, least(i.digests, 10)), 240) * interval '1 minute'
     from mine where i.id = mine.id
   )
   select i.id, i.code, i.product_id as "productId", i.mode, i.count, i.told,
     (select count(*)::int from tasks t where t.incident_id = i.id and t.closed_at is null) as open,
     (select t.order_id from tasks t where t.incident_id = i.id and t.closed_at is null order by t.id limit 1) as "orderId",
     case when i.code = 'FAILURE_RATE' then
       (select t.detail from tasks t where t.incident_id = i.id and t.closed_at is null order by t.id limit 1) end as rate
   from mine join incidents i on i.id = mine.id`,
);

/** New tasks find their incident, and what is due is told. Returns true if there may be more to gather. */
export async function tellIncidents(pool: Pool, remindMinutes: number, limit = 500): Promise<boolean> {
  return transaction(pool, async (tx) => {
    const gathered = await gather(tx, [limit]);
    if (gathered.length > 0) await count(tx, [gathered.map((row) => row.incidentId)]);
    await end(tx, []);
    for (const incident of await due(tx, [remindMinutes])) {
      if (incident.open === 0) continue;
      const { code, productId, mode, orderId, open } = incident;
      const kind = incident.told === 0 ? 'incident' : incident.count > incident.told ? 'digest' : 'reminder';
      const detail = { open, fresh: incident.count - incident.told, incident: incident.id, ...(incident.rate !== null && { rate: incident.rate }) }; // prettier-ignore
      await addNotice(tx, { kind, audience: 'staff', code, productId, mode, orderId, detail });
    }
    return gathered.length === limit;
  });
}
