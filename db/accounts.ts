/** Payment accounts as the console sets them up. Every change is audited by field names, never by values. */
import type { StoredAccount } from './access.ts';
import { statement, type Queryable } from './sql.ts';

export interface AccountRow extends StoredAccount {
  readonly lastPaidAt: Date | null;
  /** Why the provider's own keys could not be fetched lately. */
  readonly keysFailure: string | null;
}

const list = statement<AccountRow, []>(
  'account_list',
  `select a.id, a.provider, a.mode, a.name, a.config, a.confirm_by_query as "confirmByQuery",
     a.confirm_above_minor as "confirmAboveMinor", a.queries_per_minute as "queriesPerMinute", a.enabled, a.keys_failure as "keysFailure",
     (select n.received_at from payments y join notifications n on n.id = y.notification_id
      where y.account_id = a.id and n.source = 'notify' order by y.id desc limit 1) as "lastPaidAt"
   from payment_accounts a order by a.id`,
);
export function listAccounts(db: Queryable): Promise<AccountRow[]> {
  return list(db, []);
}

export interface AccountChange {
  readonly name: string;
  readonly config: Buffer;
  readonly confirmByQuery: boolean;
  readonly confirmAboveMinor: number | null;
  readonly queriesPerMinute: number;
  readonly enabled: boolean;
}

const update = statement<object, [number, string, Buffer, boolean, number | null, number, boolean, number, string[]]>(
  'account_update',
  `with changed as (
     update payment_accounts set name = $2, config = $3, confirm_by_query = $4, confirm_above_minor = $5, queries_per_minute = $6,
       enabled = $7, updated_at = now(), keys_refresh_at = now(), keys_failure = null,
       keys_changed_at = case when cardinality($9::text[]) > 0 then now() else keys_changed_at end
     where id = $1 returning id
   )
   insert into audit (actor_id, action, detail)
   select $8, 'account_changed', jsonb_build_object('account', id, 'fields', $9::text[], 'enabled', $7::boolean) from changed`,
);

/** `fields`: names of the configuration fields that changed. */
export async function updateAccount(
  db: Queryable,
  id: number,
  change: AccountChange,
  fields: readonly string[],
  actorId: number,
): Promise<void> {
  const { name, config, confirmByQuery, confirmAboveMinor, queriesPerMinute, enabled } = change;
  await update(db, [
    id,
    name,
    config,
    confirmByQuery,
    confirmAboveMinor,
    queriesPerMinute,
    enabled,
    actorId,
    [...fields],
  ]);
}

const limits = statement<object, [number, number | null, number]>(
  'account_limits',
  'update payment_accounts set confirm_above_minor = $2, queries_per_minute = $3 where id = $1',
);
/** Of an account that was just made. */
export async function setAccountLimits(
  db: Queryable,
  id: number,
  confirmAboveMinor: number | null,
  queriesPerMinute: number,
): Promise<void> {
  await limits(db, [id, confirmAboveMinor, queriesPerMinute]);
}
