/** What was told to people leaves after its time, a few rows at a time: notices with their dispatches, and old incidents. */
import { statement, type Queryable } from './sql.ts';

// Ids go up with time, so the oldest rows are the first of the key: nothing is read when nothing is old.
const notices = statement<{ n: number }, [number, number]>(
  'retention_notices',
  `with old as materialized (
     select id from (select id, at from notices order by id limit $2) x where at < now() - $1 * interval '1 day'
   ), sent as (
     delete from dispatches where notice_id in (select id from old)
   ), heard as (
     delete from notice_reads where notice_id in (select id from old)
   )
   select count(*)::int as n from old`,
);
const bare = statement<object, [number, number]>(
  'retention_notices_bare',
  `delete from notices n where n.id in (
     select id from (select id, at from notices order by id limit $2) x where at < now() - $1 * interval '1 day')
   and not exists (select from dispatches where notice_id = n.id) and not exists (select from notice_reads where notice_id = n.id)`,
);
const incidents = statement<{ n: number }, [number, number]>(
  'retention_incidents',
  `with old as materialized (
     select i.id from incidents i where i.closed_at < now() - $1 * interval '1 day'
       and not exists (select from tasks t where t.incident_id = i.id and t.closed_at is null) limit $2
   ), let_go as (
     update tasks set incident_id = null where incident_id in (select id from old)
   )
   select count(*)::int as n from old`,
);
const gone = statement<object, [number, number]>(
  'retention_incidents_gone',
  `delete from incidents where id in (
     select i.id from incidents i where i.closed_at < now() - $1 * interval '1 day'
       and not exists (select from tasks t where t.incident_id = i.id) limit $2)`,
);

/** True if there may be more. What points at a row goes a statement before it. */
export async function dropOldNotices(db: Queryable, days: number, limit = 500): Promise<boolean> {
  const told = (await notices(db, [days, limit]))[0]?.n ?? 0;
  if (told > 0) await bare(db, [days, limit]);
  const ended = (await incidents(db, [days, 100]))[0]?.n ?? 0;
  if (ended > 0) await gone(db, [days, 100]);
  return told === limit || ended === 100;
}
