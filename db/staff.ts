/** Accounts of the console. Every change is audited in its own statement. */
import type { Right, Role } from '../domain/rights.ts';
import { statement, type Queryable } from './sql.ts';

export type StaffRole = Role | 'custom';

export interface StaffAccount {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly actorId: number;
  readonly role: StaffRole;
  /** Of role `custom`. */
  readonly rights: readonly Right[];
  readonly totp: boolean;
  /** A password was set: the person has been here. */
  readonly ready: boolean;
  readonly disabledAt: Date | null;
  readonly lastLoginAt: Date | null;
  readonly createdAt: Date;
}

export const staffColumns = `t.id, t.login, a.name, t.actor_id as "actorId", t.role, t.rights, t.totp_secret is not null as totp,
  t.password_hash is not null as ready, t.disabled_at as "disabledAt", t.last_login_at as "lastLoginAt", t.created_at as "createdAt"`;

const all = statement<StaffAccount & { sessions: number }, []>(
  'staff_list',
  `select ${staffColumns}, (select count(*)::int from staff_sessions s where s.staff_id = t.id and s.expires_at > now()) as sessions
   from staff t join actors a on a.id = t.actor_id order by t.disabled_at is not null, t.id limit 500`,
);
const byId = statement<StaffAccount, [number]>(
  'staff_by_id',
  `select ${staffColumns} from staff t join actors a on a.id = t.actor_id where t.id = $1`,
);
const anyOwner = statement<{ owner: boolean }, []>(
  'staff_any_owner',
  `select exists (select from staff where role = 'owner' and password_hash is not null and disabled_at is null) as owner`,
);

export function listStaff(db: Queryable): Promise<(StaffAccount & { sessions: number })[]> {
  return all(db, []);
}
export async function staffById(db: Queryable, id: number): Promise<StaffAccount | undefined> {
  return (await byId(db, [id]))[0];
}
/** False on a fresh installation: then there is no account at all, and no default one. */
export async function hasOwner(db: Queryable): Promise<boolean> {
  return (await anyOwner(db, []))[0]?.owner ?? false;
}

// The actor of a new person; a name that somebody has gives no row.
const insert = statement<{ id: number; actorId: number }, [string, string, StaffRole, string[], number | null]>(
  'staff_insert',
  `with who as (
     insert into actors (kind, name) select 'staff', $2 where not exists (select from staff where login = $1)
     on conflict (kind, name) do nothing returning id
   ), fresh as (
     insert into staff (login, actor_id, role, rights) select $1, id, $3, $4 from who
     on conflict (login) do nothing returning id, actor_id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select coalesce($5, actor_id), 'staff_created', jsonb_build_object('staff', id, 'login', $1::text, 'role', $3::text, 'rights', $4::text[]) from fresh
   )
   select id, actor_id as "actorId" from fresh`,
);

/** Undefined if the login or the name is taken. Without `by`, the person is the first and acts for itself. */
export async function insertStaff(
  db: Queryable,
  person: { login: string; name: string; role: StaffRole; rights: readonly Right[] },
  by: number | null,
): Promise<{ id: number; actorId: number } | undefined> {
  return (await insert(db, [person.login, person.name, person.role, [...person.rights], by]))[0];
}

// Locks all owners: two owners who remove each other at once would leave none.
const lockOwners = statement<{ id: number }, []>(
  'staff_lock_owners',
  `select id from staff where role = 'owner' and disabled_at is null order by id for update`,
);
const change = statement<{ id: number }, [number, string, StaffRole, string[], boolean, number]>(
  'staff_change',
  `with old as (select t.*, a.name from staff t join actors a on a.id = t.actor_id where t.id = $1),
   named as (update actors set name = $2 where id = (select actor_id from old) and name <> $2),
   changed as (
     update staff set role = $3, rights = $4, disabled_at = case when $5 then coalesce(disabled_at, now()) end where id = $1 returning id
   ), ended as (
     delete from staff_sessions where staff_id = $1 and $5
   ), unlinked as (
     delete from staff_links where staff_id = $1 and $5
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $6, 'staff_changed', jsonb_build_object('staff', $1::bigint,
       'before', jsonb_build_object('name', name, 'role', role, 'rights', rights, 'disabled', disabled_at is not null),
       'after', jsonb_build_object('name', $2::text, 'role', $3::text, 'rights', $4::text[], 'disabled', $5::boolean)) from old
   )
   select id from changed`,
);

/** Ids of the owners in force, locked until the transaction ends. */
export async function lockActiveOwners(db: Queryable): Promise<number[]> {
  return (await lockOwners(db, [])).map((row) => row.id);
}

/** A disabled person's sessions end in the same statement. */
export async function changeStaff(
  db: Queryable,
  person: { id: number; name: string; role: StaffRole; rights: readonly Right[]; disabled: boolean },
  by: number,
): Promise<void> {
  await change(db, [person.id, person.name, person.role, [...person.rights], person.disabled, by]);
}

const link = statement<object, [Buffer, number | null, number, number]>(
  'staff_link_insert',
  `with fresh as (
     insert into staff_links (hash, staff_id, expires_at) values ($1, $2, now() + $3 * interval '1 hour')
   )
   insert into audit (actor_id, action, detail) values ($4, 'staff_link_made', jsonb_build_object('staff', $2::bigint))`,
);
const unlink = statement<object, [number | null]>(
  'staff_link_drop',
  'delete from staff_links where staff_id is not distinct from $1',
);
/** A new link takes the place of the person's old one. Run it in a transaction. */
export async function issueLink(
  db: Queryable,
  hash: Buffer,
  staffId: number | null,
  hours: number,
  by: number,
): Promise<void> {
  await unlink(db, [staffId]);
  await link(db, [hash, staffId, hours, by]);
}

export interface LinkState {
  readonly staffId: number | null;
  readonly login: string | null;
  readonly name: string | null;
}
const linkState = statement<LinkState, [Buffer]>(
  'staff_link_state',
  `select l.staff_id as "staffId", t.login, a.name from staff_links l left join staff t on t.id = l.staff_id left join actors a on a.id = t.actor_id
   where l.hash = $1 and l.expires_at > now()`,
);
const takeLink = statement<{ staffId: number | null }, [Buffer]>(
  'staff_link_take',
  'delete from staff_links where hash = $1 and expires_at > now() returning staff_id as "staffId"',
);
export async function readLink(db: Queryable, hash: Buffer): Promise<LinkState | undefined> {
  return (await linkState(db, [hash]))[0];
}
/** The link is gone with the transaction that uses it. */
export async function useLink(db: Queryable, hash: Buffer): Promise<{ staffId: number | null } | undefined> {
  return (await takeLink(db, [hash]))[0];
}

const password = statement<object, [number, string, string, number]>(
  'staff_set_password',
  `with changed as (
     update staff set password_hash = $2 where id = $1 returning actor_id
   ), ended as (
     delete from staff_sessions where staff_id = $1 and id <> $4
   )
   insert into audit (actor_id, action, detail) select actor_id, $3, jsonb_build_object('staff', $1::bigint) from changed`,
);
/** Ends all sessions of the person but `keepSession`. */
export async function setPassword(
  db: Queryable,
  staffId: number,
  hash: string,
  how: 'password_set_by_link' | 'password_changed',
  keepSession = 0,
): Promise<void> {
  await password(db, [staffId, hash, how, keepSession]);
}
