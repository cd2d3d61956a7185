-- Keys of a provider that change by themselves (微信支付's platform certificates) are fetched again on a timer; a callback
-- check knows when its keys were last typed, and when the provider was last asked about its payment.
alter table payment_accounts
  add column keys_refresh_at timestamptz not null default now(),
  add column keys_failure text,
  add column keys_changed_at timestamptz not null default '-infinity';
create index payment_accounts_keys_due on payment_accounts (keys_refresh_at);
alter table callback_checks
  add column asked_at timestamptz,
  add column quote jsonb not null default '{}'; -- what the provider fixed, for asking it
