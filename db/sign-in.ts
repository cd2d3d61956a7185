/** Signing in: secrets of an account, failures and locks, second factor. */
import type { Lockout } from '../domain/lockout.ts';
import { actors } from './locks.ts';
import { one, statement, type Queryable } from './sql.ts';

export interface StaffSecrets {
  readonly id: number;
  readonly actorId: number;
  readonly login: string;
  readonly name: string;
  readonly passwordHash: string | null;
  readonly totpSecret: Buffer | null;
  readonly totpPending: Buffer | null;
  readonly totpLastStep: number;
}
const secretColumns = `t.id, t.actor_id as "actorId", t.login, a.name, t.password_hash as "passwordHash", t.totp_secret as "totpSecret",
  t.totp_pending as "totpPending", t.totp_last_step as "totpLastStep"`;
const byLogin = statement<StaffSecrets, [string]>(
  'staff_secrets_by_login',
  `select ${secretColumns} from staff t join actors a on a.id = t.actor_id where t.login = $1 and t.disabled_at is null`,
);
const byId = statement<StaffSecrets, [number]>(
  'staff_secrets_by_id',
  `select ${secretColumns} from staff t join actors a on a.id = t.actor_id where t.id = $1 and t.disabled_at is null`,
);
export async function secretsByLogin(db: Queryable, login: string): Promise<StaffSecrets | undefined> {
  return (await byLogin(db, [login]))[0];
}
export async function secretsById(db: Queryable, id: number): Promise<StaffSecrets | undefined> {
  return (await byId(db, [id]))[0];
}

// An attempt is charged before the password is looked at: a hundred at once cannot slip past the count. While a key is
// closed, attempts do not lengthen the lock, so nobody can shut a person out for ever.
const charge = statement<{ wait: number; failures: number }, [string, number, number, number]>(
  'sign_in_charge',
  `with old as (select locked_until from sign_in_failures where key = $1 for update),
   shut as (select ceil(extract(epoch from locked_until - now()))::int as wait from old where locked_until > now()),
   charged as (
     insert into sign_in_failures as f (key, failures, last_at) select $1, 1, now() where not exists (select from shut)
     on conflict (key) do update set last_at = now(),
       failures = case when f.last_at < now() - interval '1 hour' then 1 else f.failures + 1 end,
       locked_until = case when f.last_at >= now() - interval '1 hour' and f.failures + 1 > $2
         then now() + least($3 * power(2, least(f.failures - $2, 20)), $4) * interval '1 second' end
     returning failures
   )
   select coalesce((select wait from shut), 0) as wait, coalesce((select failures from charged), 0) as failures`,
);
const note = statement<object, [number | null, string, number]>(
  'sign_in_note_failure',
  `insert into audit (actor_id, action, detail)
   values (${actors.notSignedIn}, 'sign_in_failed', jsonb_strip_nulls(jsonb_build_object('staff', $1::bigint, 'from', $2::text, 'attempt', $3::int)))`,
);
const forget = statement<object, [string[]]>(
  'sign_in_forget',
  'delete from sign_in_failures where key = any ($1::text[])',
);

/** Charges one attempt to a key; `wait` is 0, or the seconds for which it is closed. */
export async function chargeAttempt(
  db: Queryable,
  key: string,
  lockout: Lockout,
): Promise<{ wait: number; failures: number }> {
  return one(await charge(db, [key, lockout.free, lockout.first, lockout.max]));
}
export async function noteFailure(db: Queryable, staffId: number | null, from: string, attempt: number): Promise<void> {
  await note(db, [staffId, from, attempt]);
}
/** The person is in: nothing is held against these keys. */
export async function forgetAttempts(db: Queryable, keys: readonly string[]): Promise<void> {
  await forget(db, [[...keys]]);
}

// One code opens once, also when two requests bring it at the same moment.
const useStep = statement<{ id: number }, [number, number]>(
  'totp_use_step',
  'update staff set totp_last_step = $2 where id = $1 and totp_last_step < $2 returning id',
);
const useRecovery = statement<{ left: number }, [number, Buffer]>(
  'recovery_use',
  `with used as (
     update staff set recovery_hashes = array_remove(recovery_hashes, $2) where id = $1 and $2 = any (recovery_hashes)
     returning actor_id, cardinality(recovery_hashes) as left
   ), noted as (
     insert into audit (actor_id, action, detail) select actor_id, 'recovery_code_used', jsonb_build_object('left', used.left) from used
   )
   select used.left from used`,
);
const pending = statement<object, [number, Buffer]>('totp_pending', 'update staff set totp_pending = $2 where id = $1');
const enable = statement<object, [number, number, Buffer[]]>(
  'totp_enable',
  `with on_now as (
     update staff set totp_secret = totp_pending, totp_pending = null, totp_last_step = $2, recovery_hashes = $3
     where id = $1 and totp_pending is not null returning actor_id
   ) insert into audit (actor_id, action, detail) select actor_id, 'totp_on', jsonb_build_object('staff', $1::bigint) from on_now`,
);
const disable = statement<object, [number, number]>(
  'totp_disable',
  `with off as (
     update staff set totp_secret = null, totp_pending = null, recovery_hashes = '{}' where id = $1 and totp_secret is not null returning id
   ) insert into audit (actor_id, action, detail) select $2, 'totp_off', jsonb_build_object('staff', $1::bigint) from off`,
);
/** False if this or a later code was used before. */
export async function useTotpStep(db: Queryable, staffId: number, step: number): Promise<boolean> {
  return (await useStep(db, [staffId, step])).length > 0;
}
/** How many codes are left, or undefined if this is none. */
export async function useRecoveryCode(db: Queryable, staffId: number, hash: Buffer): Promise<number | undefined> {
  return (await useRecovery(db, [staffId, hash]))[0]?.left;
}
export async function setPendingTotp(db: Queryable, staffId: number, sealed: Buffer): Promise<void> {
  await pending(db, [staffId, sealed]);
}
export async function enableTotp(
  db: Queryable,
  staffId: number,
  step: number,
  recovery: readonly Buffer[],
): Promise<void> {
  await enable(db, [staffId, step, [...recovery]]);
}
export async function disableTotp(db: Queryable, staffId: number, by: number): Promise<void> {
  await disable(db, [staffId, by]);
}
