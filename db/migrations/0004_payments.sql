-- Payments beyond the notification: what providers fixed, money that goes back, asking at a rate, books of a day.

alter table payment_accounts
  add column confirm_above_minor bigint check (confirm_above_minor > 0), -- orders from this amount on are confirmed by query
  add column queries_per_minute integer not null default 60 check (queries_per_minute between 1 and 600),
  -- A bucket of tokens, one per query: shared by all processes.
  add column query_tokens double precision not null default 5,
  add column query_filled_at timestamptz not null default now(),
  add column updated_at timestamptz not null default now();
drop index orders_to_query;
create index orders_to_query on orders (account_id, next_query_at) where next_query_at is not null;

-- What a provider fixed when a payment was created: created once, given out again, compared when money comes.
create table pay_requests (
  order_id bigint not null references orders,
  method text not null, -- channel inside the provider; '' = its default
  account_id bigint not null references payment_accounts,
  kind text not null check (kind in ('redirect', 'qr')),
  url text not null,
  quote jsonb not null default '{}',
  created_at timestamptz not null default now(),
  primary key (order_id, method)
);

alter table notifications
  drop constraint notifications_source_check,
  add constraint notifications_source_check check (source in ('notify', 'query', 'statement', 'replay')),
  add column replay_of bigint references notifications on delete set null,
  add column replayed_by bigint references actors,
  add column purged_at timestamptz; -- past retention: the raw bytes are gone, a payment still points here
create index notifications_by_account on notifications (account_id, id);
create index notifications_old on notifications (received_at) where purged_at is null;

alter table payments
  add column receipt text unique, -- a transfer on a chain pays one order, ever
  add column refunded_minor bigint not null default 0 check (refunded_minor >= 0), -- as the provider says
  add column disputed_at timestamptz;
create index payments_unmatched on payments (id) where order_id is null;

-- Money that goes back. The row is written before the provider is asked; `no` is the provider's idempotency key.
create table refunds (
  id bigint generated always as identity primary key,
  no text not null unique,
  request_id uuid not null unique, -- idempotency key of who wants it
  payment_id bigint not null references payments,
  account_id bigint not null references payment_accounts,
  order_id bigint references orders,
  mode text not null check (mode in ('live', 'test')),
  amount_minor bigint not null check (amount_minor > 0),
  currency char(3) not null,
  -- wanted → asked → done | failed (nothing moved) | abnormal (a person must act at the provider)
  state text not null default 'wanted' check (state in ('wanted', 'asked', 'done', 'failed', 'abnormal')),
  code text, -- the provider's own
  reason text not null default '',
  actor_id bigint not null references actors,
  attempts integer not null default 0,
  next_at timestamptz default now(),
  created_at timestamptz not null default now(),
  done_at timestamptz,
  check ((state in ('wanted', 'asked')) = (next_at is not null)),
  check ((state = 'done') = (done_at is not null))
);
create index refunds_due on refunds (next_at) where next_at is not null;
create index refunds_of_payment on refunds (payment_id);
create index refunds_of_order on refunds (order_id) where order_id is not null;

-- The books of a day, matched once per account that can give them.
create table statement_days (
  account_id bigint not null references payment_accounts,
  day date not null,
  lines integer,
  found integer, -- payments that no notification had brought
  failure text,
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  done_at timestamptz,
  primary key (account_id, day)
);
create index statement_days_due on statement_days (next_at) where done_at is null;

-- 支付回调检测 (A6): a small real payment that must come back by notification. Its number belongs to no order.
create table callback_checks (
  id bigint generated always as identity primary key,
  account_id bigint not null references payment_accounts,
  order_no text not null unique,
  amount_minor bigint not null check (amount_minor > 0),
  currency char(3) not null,
  kind text not null,
  url text not null,
  actor_id bigint not null references actors,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  payment_id bigint references payments,
  seen_at timestamptz -- the notification came
);
create index callback_checks_of_account on callback_checks (account_id, id);

insert into settings (key, value) values ('notification_retention_days', '180');
