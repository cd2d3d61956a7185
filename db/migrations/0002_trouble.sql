-- What an order needs beyond the straight road: a place in line for stock, triggers, exception rules, people who act,
-- and messages to them.

-- Rule 7. A row is written under the product's advisory lock and leaves with the order's state `waiting_stock`, except
-- for a retry by staff, who keep the order's place.
create table stock_waits (
  order_id bigint primary key references orders,
  product_id bigint not null references products,
  mode text not null check (mode in ('live', 'test')),
  quantity integer not null,
  paid_at timestamptz not null,
  blocked_at timestamptz -- since when it is first and what there is does not suffice
);
create index stock_waits_line on stock_waits (product_id, mode, paid_at, order_id);
insert into stock_waits (order_id, product_id, mode, quantity, paid_at)
  select id, product_id, mode, quantity, paid_at from orders where state = 'waiting_stock' and paid_at is not null;

-- "See who can be served": one row per import, released hold or lifted stop; the granter removes those that it has seen.
create table stock_turns (
  id bigint generated always as identity primary key,
  product_id bigint not null references products,
  mode text not null check (mode in ('live', 'test')),
  due_at timestamptz not null default now()
);
create index stock_turns_due on stock_turns (due_at);
insert into stock_turns (product_id, mode) select distinct product_id, mode from stock_waits;

alter table products add column trigger jsonb; -- Trigger; null = the global one

alter table orders
  alter column account_id drop not null, -- an order that was made by hand has none
  add column trigger jsonb not null default '{"when":"paid"}', -- Trigger as sold
  add column cleared_at timestamptz, -- 已确认 (A2)
  add column rules_checked_at timestamptz, -- the exception rules have spoken (C5): a retry by staff passes
  add column source text; -- chosen by staff: `pool` or a supplier; null = automation chooses

alter table payments
  add column confirmations integer not null default 0,
  add column confirmed_at timestamptz; -- the provider says that it is final

alter table order_actions add column detail jsonb not null default '{}';

-- `trouble`: the buyer is told that it takes longer; sent by a loop, which takes it by moving available_at.
alter table messages add column available_at timestamptz not null default now();
alter table messages drop constraint messages_kind_check;
alter table messages add constraint messages_kind_check check (kind in ('mail', 'webhook', 'trouble'));
create index messages_trouble on messages (available_at) where kind = 'trouble' and state = 'pending';

-- Tasks: who works on one, and when the ladder goes on (rung 0 = nobody has been told yet).
alter table tasks
  add column claimed_by bigint references actors,
  add column claimed_at timestamptz,
  add column proposal text, -- what the ladder has come to propose, e.g. `refund`
  add column rung integer not null default 0,
  add column next_at timestamptz default now(),
  add column incident_id bigint;
create index tasks_ladder on tasks (next_at) where closed_at is null and next_at is not null;
create index tasks_of_incident on tasks (incident_id) where closed_at is null;

-- Exception rules (C5), in the order of `position`.
create table exception_rules (
  id bigint generated always as identity primary key,
  position integer not null,
  name text not null,
  enabled boolean not null default true,
  condition jsonb not null,
  updated_at timestamptz not null default now()
);

-- The same trouble of the same product is one incident: one message, then digests.
create table incidents (
  id bigint generated always as identity primary key,
  code text not null,
  product_id bigint references products,
  mode text,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  count integer not null default 0, -- tasks that belong to it
  told integer not null default 0, -- of them, how many the last message counted
  digests integer not null default 0,
  digest_at timestamptz not null default now() -- when the next message may go
);
create unique index incidents_open on incidents (code, coalesce(product_id, 0), coalesce(mode, '')) where closed_at is null;
create index incidents_digest on incidents (digest_at) where closed_at is null and count > told;
alter table tasks add foreign key (incident_id) references incidents;

-- A thing to be told to people: the in-app message (站内信), and what channels carry outside.
create table notices (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  kind text not null check (kind in ('incident', 'digest', 'reminder', 'escalation', 'stock', 'restocked', 'test')),
  audience text not null check (audience in ('staff', 'owner')),
  code text not null, -- error catalogue
  order_id bigint references orders,
  product_id bigint references products,
  mode text,
  detail jsonb not null default '{}'
);
create table notice_reads (
  actor_id bigint not null references actors,
  notice_id bigint not null references notices,
  at timestamptz not null default now(),
  primary key (actor_id, notice_id)
);

create table channels (
  id bigint generated always as identity primary key,
  kind text not null,
  name text not null,
  audience text not null default 'staff' check (audience in ('staff', 'owner')), -- an owner's channel hears only the owner's
  config bytea not null, -- sealed JSON, ring `secret`
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  last_ok_at timestamptz,
  last_failed_at timestamptz,
  last_failure text,
  failures integer not null default 0 -- in a row
);

-- One notice on one channel. Taken by moving available_at; sent at least once.
create table dispatches (
  id bigint generated always as identity primary key,
  notice_id bigint not null references notices,
  channel_id bigint not null references channels,
  state text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
  attempts integer not null default 0,
  available_at timestamptz not null default now(),
  failure text,
  sent_at timestamptz,
  unique (notice_id, channel_id)
);
create index dispatches_due on dispatches (available_at) where state = 'pending';
create index dispatches_rate on dispatches (channel_id, sent_at) where state = 'sent';

-- Products whose stock is below their threshold (D7): one warning per crossing, reminders until restocked.
create table stock_warnings (
  product_id bigint not null references products,
  mode text not null,
  since timestamptz not null default now(),
  remind_at timestamptz not null,
  primary key (product_id, mode)
);
