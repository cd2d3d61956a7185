/** Who may call: shops and their API keys; payment accounts of the operator. */
import type { Mode } from '../domain/order.ts';
import { one, statement, type Queryable } from './sql.ts';

export interface ApiCaller {
  readonly keyId: number;
  readonly shopId: number;
  readonly actorId: number;
  readonly mode: Mode;
  readonly scopes: readonly string[];
  readonly webhook: boolean;
  /** Its last use is not noted yet for this minute. */
  readonly unnoted: boolean;
}

const caller = statement<ApiCaller, [Buffer]>(
  'api_caller',
  `select k.id as "keyId", s.id as "shopId", s.actor_id as "actorId", k.mode, k.scopes, s.webhook_url is not null as webhook,
     coalesce(k.last_used_at < now() - interval '1 minute', true) as unnoted
   from api_keys k join shops s on s.id = k.shop_id where k.hash = $1 and k.revoked_at is null`,
);
const addShop = statement<{ id: number }, [string, string | null]>(
  'shop_upsert',
  `with who as (
     insert into actors (kind, name) values ('shop', $1) on conflict (kind, name) do update set name = excluded.name returning id
   )
   insert into shops (name, actor_id, webhook_url) select $1, id, $2 from who
   on conflict (name) do update set webhook_url = coalesce(excluded.webhook_url, shops.webhook_url) returning id`,
);
/** Sealed secrets that sign what a shop is told: the present one, and for a day the one before. */
export interface WebhookSecrets {
  readonly webhookSecret: Buffer | null;
  readonly webhookSecretBefore: Buffer | null;
}
/** Of `shops s`. */
export const webhookSecretColumns = `s.webhook_secret as "webhookSecret",
  case when s.webhook_before_until > now() then s.webhook_secret_before end as "webhookSecretBefore"`;

const setSecret = statement<object, [number, Buffer]>(
  'shop_secret',
  `update shops set webhook_secret = $2, webhook_secret_before = webhook_secret, webhook_before_until = now() + interval '24 hours'
   where id = $1`,
);
const addKey = statement<{ id: number }, [number, Mode, Buffer, string[], string, number]>(
  'api_key_insert',
  `with fresh as (
     insert into api_keys (shop_id, mode, hash, scopes, label) values ($1, $2, $3, $4, $5) returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $6, 'api_key_created', jsonb_build_object('key', id, 'shop', $1::bigint) from fresh
   ) select id from fresh`,
);

// Once a minute, and never waiting for another request that notes the same.
const noteUse = statement<object, [number]>(
  'api_key_used',
  `update api_keys set last_used_at = now() where id = (select id from api_keys where id = $1 for update skip locked)`,
);
/** The caller behind an API key, by the key's sha-256. */
export async function apiCaller(db: Queryable, keyHash: Buffer): Promise<ApiCaller | undefined> {
  const found = (await caller(db, [keyHash]))[0];
  if (found?.unnoted) await noteUse(db, [found.keyId]);
  return found;
}

/** The shop of that name, made if missing. */
export async function ensureShop(db: Queryable, name: string, webhookUrl: string | null): Promise<number> {
  const row = (await addShop(db, [name, webhookUrl]))[0];
  if (!row) throw new Error('shop_upsert gave no row');
  return row.id;
}

const byShop = statement<{ shopId: number; actorId: number }, [number]>(
  'shop_caller',
  'select id as "shopId", actor_id as "actorId" from shops where id = $1',
);
/** The shop as one that orders, without a key. */
export async function shopCaller(db: Queryable, shopId: number): Promise<{ shopId: number; actorId: number }> {
  return one(await byShop(db, [shopId]));
}

export async function setWebhookSecret(db: Queryable, shopId: number, sealed: Buffer): Promise<void> {
  await setSecret(db, [shopId, sealed]);
}

export async function insertApiKey(
  db: Queryable,
  key: { shopId: number; mode: Mode; hash: Buffer; scopes: readonly string[]; label: string },
  actorId: number,
): Promise<number> {
  const rows = await addKey(db, [key.shopId, key.mode, key.hash, [...key.scopes], key.label, actorId]);
  return one(rows).id;
}

export interface StoredAccount {
  readonly id: number;
  readonly provider: string;
  readonly mode: Mode;
  readonly name: string;
  readonly config: Buffer;
  readonly confirmByQuery: boolean;
  /** Orders from this amount on are confirmed by query; null = as `confirmByQuery` says. */
  readonly confirmAboveMinor: number | null;
  readonly queriesPerMinute: number;
  readonly enabled: boolean;
}

const accountColumns =
  'id, provider, mode, name, config, confirm_by_query as "confirmByQuery", confirm_above_minor as "confirmAboveMinor", queries_per_minute as "queriesPerMinute", enabled';
const account = statement<StoredAccount, [number]>(
  'account_by_id',
  `select ${accountColumns} from payment_accounts where id = $1`,
);
const accountFor = statement<StoredAccount, [Mode, number | null, string | null]>(
  'account_for_order',
  `select ${accountColumns} from payment_accounts
   where mode = $1 and enabled and ($2::bigint is null or id = $2) and ($3::text is null or provider = $3) order by id limit 1`,
);
const nextAccountId = statement<{ id: number }, []>(
  'account_next_id',
  `select nextval(pg_get_serial_sequence('payment_accounts', 'id')) as id`,
);
const addAccount = statement<object, [number, string, Mode, string, Buffer, boolean, number]>(
  'account_insert',
  `with fresh as (
     insert into payment_accounts (id, provider, mode, name, config, confirm_by_query) overriding system value
     values ($1, $2, $3, $4, $5, $6) returning id
   )
   insert into audit (actor_id, action, detail) select $7, 'account_created', jsonb_build_object('account', id) from fresh`,
);

export async function accountById(db: Queryable, id: number): Promise<StoredAccount | undefined> {
  return (await account(db, [id]))[0];
}

/** The account that takes an order's money: the named one, the first of a provider, or the first of the mode. */
export async function accountForOrder(
  db: Queryable,
  mode: Mode,
  wanted: { id?: number | undefined; provider?: string | undefined },
): Promise<StoredAccount | undefined> {
  return (await accountFor(db, [mode, wanted.id ?? null, wanted.provider ?? null]))[0];
}

/** The id comes first: the sealed configuration is bound to it. */
export async function reserveAccountId(db: Queryable): Promise<number> {
  const row = (await nextAccountId(db, []))[0];
  if (!row) throw new Error('account_next_id gave no row');
  return row.id;
}

export async function insertAccount(
  db: Queryable,
  a: Omit<StoredAccount, 'enabled' | 'confirmAboveMinor' | 'queriesPerMinute'>,
  actorId: number,
): Promise<void> {
  await addAccount(db, [a.id, a.provider, a.mode, a.name, a.config, a.confirmByQuery, actorId]);
}
