/** Sessions of the console: idle for 8 hours or 7 days old, they end. */
import { statement, type Queryable } from './sql.ts';
import { staffColumns, type StaffAccount } from './staff.ts';

const open = statement<{ id: number }, [Buffer, number, string, string]>(
  'session_open',
  `with fresh as (
     insert into staff_sessions (hash, staff_id, address, agent, expires_at) values ($1, $2, $3, $4, now() + interval '7 days') returning id
   ), seen as (
     update staff set last_login_at = now() where id = $2 returning actor_id
   ), noted as (
     insert into audit (actor_id, action, detail) select actor_id, 'signed_in', jsonb_build_object('staff', $2::bigint, 'from', $3::text) from seen
   ), tidied as (
     delete from staff_sessions where expires_at < now() or seen_at < now() - interval '8 hours'
   )
   select id from fresh`,
);
const find = statement<StaffAccount & { sessionId: number }, [Buffer]>(
  'session_find',
  `with found as (
     select s.id as "sessionId", s.seen_at, ${staffColumns}
     from staff_sessions s join staff t on t.id = s.staff_id join actors a on a.id = t.actor_id
     where s.hash = $1 and s.expires_at > now() and s.seen_at > now() - interval '8 hours' and t.disabled_at is null
   ), touched as (
     update staff_sessions set seen_at = now() where id = (select "sessionId" from found where seen_at < now() - interval '1 minute')
   )
   select * from found`,
);
const end = statement<{ id: number }, [number, number | null, number, string]>(
  'session_end',
  `with ended as (
     delete from staff_sessions where staff_id = $1 and ($2::bigint is null or id = $2) returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $3, $4, jsonb_build_object('staff', $1::bigint, 'sessions', count(*)) from ended having count(*) > 0
   )
   select id from ended`,
);
export interface SessionRow {
  readonly id: number;
  readonly address: string;
  readonly agent: string;
  readonly createdAt: Date;
  readonly seenAt: Date;
}
const list = statement<SessionRow, [number]>(
  'session_list',
  `select id, address, agent, created_at as "createdAt", seen_at as "seenAt" from staff_sessions
   where staff_id = $1 and expires_at > now() and seen_at > now() - interval '8 hours' order by seen_at desc limit 100`,
);
export async function openSession(
  db: Queryable,
  s: { hash: Buffer; staffId: number; address: string; agent: string },
): Promise<void> {
  await open(db, [s.hash, s.staffId, s.address, s.agent]);
}
export async function sessionByHash(
  db: Queryable,
  hash: Buffer,
): Promise<(StaffAccount & { sessionId: number }) | undefined> {
  return (await find(db, [hash]))[0];
}
export function listSessions(db: Queryable, staffId: number): Promise<SessionRow[]> {
  return list(db, [staffId]);
}
/** Ends one session, or all of the person; how many. */
export async function endSessions(
  db: Queryable,
  staffId: number,
  sessionId: number | null,
  by: number,
  action: 'signed_out' | 'sessions_ended',
): Promise<number> {
  return (await end(db, [staffId, sessionId, by, action])).length;
}
