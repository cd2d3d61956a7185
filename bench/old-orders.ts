/** Orders of the past, by one statement: paid evenly over some days, most delivered within a second, some late, a few waiting. */
import type { Pool } from '../db/sql.ts';

export interface OldOrders {
  readonly orders: number;
  readonly days: number;
  readonly products: number;
  readonly accounts: number;
}

export async function insertOldOrders(pool: Pool, { orders, days, products, accounts }: OldOrders): Promise<void> {
  const tag = `old-${Date.now().toString(36)}`;
  await pool.query(
    `with shop as (
       insert into actors (kind, name) values ('shop', $1) returning id
     ), own as (
       insert into shops (name, actor_id) select $1, id from shop returning id
     ), goods as (
       insert into products (sku, name, price_minor, currency) select $1 || '-' || i, '商品 ' || i, 100, 'CNY' from generate_series(1, $4) i returning id
     ), paying as (
       insert into payment_accounts (provider, mode, name, config, confirm_by_query)
       select 'epay', 'live', '账户 ' || i, '', false from generate_series(1, $5) i returning id
     ), placed as (
       insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency, account_id,
         confirm_by_query, policy, token_hash, token, state, expires_at, paid_at, released_at, done_at)
       select $1 || '-' || i, 'live', own.id, $1 || '-' || i, '', g.ids[1 + (i::bigint * 7919) % $4], 1, 100, 'CNY', p.ids[1 + i % $5],
         false, '{}', sha256(($1 || i)::bytea), '', case when i % 1000 = 0 then 'attention' else 'delivered' end, t.at, t.at, r.at, r.at
       from generate_series(1, $2) i, own, (select array_agg(id) as ids from goods) g, (select array_agg(id) as ids from paying) p,
         lateral (select now() - random() * $3 * interval '1 day' + i * interval '0 s' as at) t,
         lateral (select case when i % 1000 > 0 then t.at + case when i % 90 = 0 then 90 else 0.05 + random() end * interval '1 second' end as at) r
       returning id, state, paid_at
     )
     insert into tasks (order_id, code, opened_at) select id, 'POOL_EMPTY', paid_at from placed where state = 'attention'`,
    [tag, orders, days, products, accounts],
  );
  await pool.query('analyze orders, tasks');
}
