/** Accounts whose provider changes its own keys: which are due to be fetched again, and what came of it. */
import type { StoredAccount } from './access.ts';
import { actors } from './locks.ts';
import { statement, type Queryable } from './sql.ts';

const take = statement<StoredAccount, [string[]]>(
  'account_keys_take',
  `update payment_accounts set keys_refresh_at = now() + interval '10 minutes'
   where id = (select id from payment_accounts where provider = any ($1) and keys_refresh_at <= now()
     order by keys_refresh_at limit 1 for update skip locked)
   returning id, provider, mode, name, config, confirm_by_query as "confirmByQuery",
     confirm_above_minor as "confirmAboveMinor", queries_per_minute as "queriesPerMinute", enabled`,
);
// Not over what a person saved meanwhile: then it is simply fetched again.
const keep = statement<object, [number, Buffer, Buffer, string[]]>(
  'account_keys_keep',
  `with kept as (
     update payment_accounts set config = $3, keys_refresh_at = now() + interval '11 hours', keys_failure = null
     where id = $1 and config = $2 returning id
   )
   insert into audit (actor_id, action, detail)
   select ${actors.automation}, 'account_keys_refreshed', jsonb_build_object('account', id, 'fields', $4::text[]) from kept`,
);
const fine = statement<object, [number]>(
  'account_keys_fine',
  `update payment_accounts set keys_refresh_at = now() + interval '11 hours', keys_failure = null where id = $1`,
);
const failed = statement<object, [number, string]>(
  'account_keys_failed',
  'update payment_accounts set keys_failure = $2 where id = $1',
);

/** One that is due; it comes back after ten minutes unless {@link keepKeys} or {@link keysAreFine} say otherwise. */
export async function takeKeysDue(db: Queryable, providers: readonly string[]): Promise<StoredAccount | undefined> {
  return (await take(db, [[...providers]]))[0];
}

/** `fields`: names of those that changed. */
export async function keepKeys(
  db: Queryable,
  account: Pick<StoredAccount, 'id' | 'config'>,
  config: Buffer,
  fields: readonly string[],
): Promise<void> {
  await keep(db, [account.id, account.config, config, [...fields]]);
}

export async function keysAreFine(db: Queryable, id: number): Promise<void> {
  await fine(db, [id]);
}

/** Why they could not be fetched, for the console. */
export async function keysFailed(db: Queryable, id: number, why: string): Promise<void> {
  await failed(db, [id, why.slice(0, 200)]);
}
