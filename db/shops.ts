/** Shops as the operator administers them: their API keys, their webhook and what was delivered to it. */
import { KnownError, type ErrorCode } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { webhookSecretColumns, type WebhookSecrets } from './access.ts';
import { sqlState, statement, type Queryable } from './sql.ts';

export interface ShopKey {
  readonly id: number;
  readonly mode: Mode;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}
export interface ShopRow {
  readonly id: number;
  readonly name: string;
  readonly webhookUrl: string | null;
  readonly createdAt: Date;
  readonly keys: readonly ShopKey[];
}

const shopSql = `select s.id, s.name, s.webhook_url as "webhookUrl", s.created_at as "createdAt",
     coalesce((select jsonb_agg(jsonb_build_object('id', k.id, 'mode', k.mode, 'label', k.label, 'scopes', k.scopes, 'createdAt', k.created_at,
                 'lastUsedAt', k.last_used_at, 'revokedAt', k.revoked_at) order by k.revoked_at is not null, k.id desc)
               from api_keys k where k.shop_id = s.id), '[]') as keys
   from shops s`;
const all = statement<ShopRow, []>('shops_list', `${shopSql} order by s.id limit 200`);
const one = statement<ShopRow & WebhookSecrets, [number]>(
  'shop_by_id',
  shopSql.replace('select s.id,', `select s.id, ${webhookSecretColumns},`) + ' where s.id = $1',
);

export function listShops(db: Queryable): Promise<ShopRow[]> {
  return all(db, []);
}
export async function shopById(db: Queryable, id: number): Promise<ShopRow & WebhookSecrets> {
  const found = (await one(db, [id]))[0];
  if (!found) throw new KnownError('SHOP_NOT_FOUND');
  return found;
}

const insert = statement<{ id: number }, [string, number]>(
  'shop_insert',
  `with who as (
     insert into actors (kind, name) select 'shop', $1 where not exists (select from shops where name = $1)
     on conflict (kind, name) do update set name = excluded.name returning id
   ), fresh as (
     insert into shops (name, actor_id) select $1, id from who returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $2, 'shop_created', jsonb_build_object('shop', id, 'name', $1::text) from fresh
   )
   select id from fresh`,
);
/** Throws SHOP_NAME_TAKEN. */
export async function createShop(db: Queryable, name: string, by: number): Promise<number> {
  try {
    const made = (await insert(db, [name, by]))[0];
    if (!made) throw new KnownError('SHOP_NAME_TAKEN');
    return made.id;
  } catch (error) {
    throw sqlState(error) === '23505' ? new KnownError('SHOP_NAME_TAKEN') : error;
  }
}

const webhook = statement<{ id: number }, [number, string | null, Buffer | null, number, boolean]>(
  'shop_webhook',
  `with old as (
     select id, webhook_url from shops where id = $1 for update
   ), changed as (
     update shops s set webhook_url = $2, webhook_secret = case when $2::text is null then null else coalesce($3, s.webhook_secret) end,
       webhook_secret_before = case when $5 then s.webhook_secret when $2::text is not null and $3::bytea is null then s.webhook_secret_before end,
       webhook_before_until = case when $5 then now() + interval '24 hours' when $2::text is not null and $3::bytea is null then s.webhook_before_until end
     from old where s.id = old.id returning s.id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $4, 'shop_webhook', jsonb_build_object('shop', id, 'from', webhook_url, 'to', $2::text, 'newSecret', $3::bytea is not null) from old
   )
   select id from changed`,
);
/**
 * No address: none is told any more. A secret is replaced only by another; with `overlap` the one before signs beside it
 * for 24 hours.
 */
export async function setShopWebhook(
  db: Queryable,
  shopId: number,
  url: string | null,
  secret: Buffer | null,
  by: number,
  overlap: boolean,
): Promise<void> {
  if ((await webhook(db, [shopId, url, secret, by, overlap])).length === 0) throw new KnownError('SHOP_NOT_FOUND');
}

const revoke = statement<{ id: number }, [number, number]>(
  'api_key_revoke',
  `with gone as (
     update api_keys set revoked_at = now() where id = $1 and revoked_at is null returning id, shop_id, label
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $2, 'api_key_revoked', jsonb_build_object('key', id, 'shop', shop_id, 'label', label) from gone
   )
   select id from gone`,
);
/** From this commit on the key opens nothing. */
export async function revokeApiKey(db: Queryable, keyId: number, by: number): Promise<void> {
  if ((await revoke(db, [keyId, by])).length === 0) throw new KnownError('API_KEY_NOT_FOUND');
}

export interface WebhookDelivery {
  readonly orderNo: string;
  readonly mode: Mode;
  readonly state: 'pending' | 'sent' | 'failed';
  readonly failureCode: ErrorCode | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
}
// The newest messages of all shops are looked through: bounded, however many there are, and no index to pay for.
const deliveries = statement<WebhookDelivery, [number, number]>(
  'shop_webhook_deliveries',
  `select o.no as "orderNo", o.mode, m.state, m.failure_code as "failureCode", m.created_at as "createdAt", m.sent_at as "sentAt"
   from messages m join orders o on o.id = m.order_id
   where m.id > (select coalesce(max(id), 0) - 20000 from messages) and m.kind = 'webhook' and o.shop_id = $1
   order by m.id desc limit $2`,
);
export function webhookDeliveries(db: Queryable, shopId: number, limit = 50): Promise<WebhookDelivery[]> {
  return deliveries(db, [shopId, limit]);
}
