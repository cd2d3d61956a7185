-- Where goods come from besides the pool: suppliers that are bought from, links, top-ups, people; and cases, which take
-- up what comes after an order has ended.

create table supplier_accounts (
  id bigint generated always as identity primary key,
  kind text not null, -- the adapter
  mode text not null check (mode in ('live', 'test')),
  name text not null,
  currency char(3) not null,
  config bytea not null, -- sealed JSON, ring `secret`
  enabled boolean not null default true,
  max_parallel integer not null default 4 check (max_parallel between 1 and 50),
  low_balance_minor bigint check (low_balance_minor > 0),
  balance_minor bigint,
  balance_at timestamptz,
  balance_due_at timestamptz not null default now(), -- when it is asked for again
  -- The circuit breaker of all processes. A supplier that has opened it is bought from by nobody until then.
  breaker_failures integer not null default 0,
  breaker_level integer not null default 0,
  breaker_until timestamptz,
  created_at timestamptz not null default now(),
  unique (mode, name)
);

-- One row per call: latency and error rate are read from them. Kept for a week.
create table supplier_calls (
  supplier_id bigint not null references supplier_accounts,
  call text not null check (call in ('place', 'find', 'fetch', 'quote', 'balance', 'catalogue')),
  verdict text not null check (verdict in ('ok', 'refused', 'trouble')),
  code text,
  ms integer not null,
  at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.05);
create index supplier_calls_recent on supplier_calls (supplier_id, at);
create index supplier_calls_old on supplier_calls (at);

-- Where a product's goods come from when the pool has none, in order of priority.
create table product_sources (
  id bigint generated always as identity primary key,
  product_id bigint not null references products,
  supplier_id bigint not null references supplier_accounts,
  priority integer not null,
  supplier_sku text not null,
  options jsonb not null default '{}',
  unit_ceiling_minor bigint check (unit_ceiling_minor > 0), -- in the supplier's currency
  pattern text, -- of a key, linear-time regular expression; null: anything that can be a key
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  unique (product_id, supplier_id, supplier_sku)
);
create index product_sources_of_product on product_sources (product_id, priority);
-- first: own pool, then suppliers; last: suppliers, then own pool; never: suppliers alone.
alter table products add column pool_use text not null default 'first' check (pool_use in ('first', 'last', 'never'));

-- A purchase is a row before it is a call. `ref` is what the supplier knows it by.
create table purchases (
  id bigint generated always as identity primary key,
  ref text not null unique check (ref ~ '^[A-Za-z0-9]{8,32}$'),
  order_id bigint not null references orders,
  source_id bigint not null references product_sources,
  supplier_id bigint not null references supplier_accounts,
  mode text not null check (mode in ('live', 'test')),
  quantity integer not null check (quantity > 0),
  state text not null default 'planned' check (state in
    ('planned', 'placing', 'accepted', 'unknown', 'review', 'delivered', 'refused', 'absent')),
  refusal text,
  evidence text, -- a closed word, or masked words of the supplier
  supplier_ref text,
  cost_minor bigint,
  currency char(3) not null,
  balance_before_minor bigint, -- evidence for a person, no proof: orders run in parallel
  calls integer not null default 0,
  asked integer not null default 0, -- questions since the answer was lost
  absent_since timestamptz, -- first "no such order"
  next_ask_at timestamptz,
  held bytea, -- what came and is in review; sealed, ring `card`
  problems jsonb not null default '[]', -- by line, without the keys
  placed_at timestamptz,
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  check ((held is not null) = (state = 'review'))
) with (fillfactor = 85);
-- Two purchases for one order are never under way at once, whatever runs twice.
create unique index purchases_open on purchases (order_id)
  where state in ('planned', 'placing', 'accepted', 'unknown', 'review');
create index purchases_of_order on purchases (order_id);
create index purchases_on_the_wire on purchases (supplier_id)
  where state in ('planned', 'placing', 'accepted', 'unknown', 'review');
create index purchases_list on purchases (id desc, supplier_id);
-- The purchase that a batch of cards came from.
alter table card_batches add column purchase_id bigint references purchases;
create unique index card_batches_of_purchase on card_batches (purchase_id) where purchase_id is not null;

-- B2: the link of a product. It is delivered as a card of the order, so that page, mail and resend know one kind of goods.
create table product_links (
  product_id bigint not null references products,
  mode text not null check (mode in ('live', 'test')),
  target bytea not null, -- sealed address, ring `card`
  signed boolean not null, -- false: the address itself is delivered
  valid_minutes integer check (valid_minutes between 1 and 5256000),
  max_downloads integer check (max_downloads between 1 and 100000),
  updated_at timestamptz not null default now(),
  primary key (product_id, mode)
);
-- A signed link leads through our door, which counts and closes.
create table order_links (
  order_id bigint primary key references orders,
  token_hash bytea not null unique, -- sha-256 of a 128-bit token
  target bytea not null, -- sealed as sold, ring `card`
  expires_at timestamptz,
  max_downloads integer,
  downloads integer not null default 0,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);

-- B6: what the buyer must say for a top-up, and how it is checked.
create table product_topups (
  product_id bigint primary key references products,
  label_zh text not null,
  label_en text not null,
  pattern text not null, -- linear-time regular expression for the whole account number
  example text not null default '',
  updated_at timestamptz not null default now()
);
alter table orders add column target bytea; -- the account to top up, sealed, ring `contact`

-- What comes up around an order and outlives its workflow: bad keys, invoices, chargebacks, odd payments.
create table cases (
  id bigint generated always as identity primary key,
  no text not null unique,
  mode text not null check (mode in ('live', 'test')),
  kind text not null check (kind in ('bad_key', 'invoice', 'chargeback', 'payment', 'other')),
  source text not null check (source in ('buyer', 'staff', 'provider', 'rule', 'system')),
  order_id bigint references orders,
  payment_id bigint references payments,
  code text, -- error catalogue: why, where a machine opened it
  state text not null default 'open' check (state in ('open', 'asked', 'working', 'resolved', 'refused')),
  outcome text check (outcome in ('replaced', 'refunded', 'answered', 'invoiced', 'noted', 'refused')),
  claimed_by bigint references actors,
  opened_by bigint not null references actors,
  opened_at timestamptz not null default now(),
  due_at timestamptz, -- SLA; stands still while the buyer is asked
  left_ms bigint, -- what was left of it when the buyer was asked
  overdue_at timestamptz, -- people have been told
  next_look_at timestamptz default now(), -- when its workflow is started or woken again
  closed_at timestamptz,
  closed_by bigint references actors,
  check ((state in ('resolved', 'refused')) = (closed_at is not null and outcome is not null)),
  check (order_id is not null or payment_id is not null)
);
create unique index cases_open_of_order on cases (order_id, kind) where closed_at is null and payment_id is null;
create unique index cases_of_payment on cases (payment_id) where payment_id is not null and closed_at is null;
create index cases_queue on cases (due_at) where closed_at is null;
create index cases_to_look on cases (next_look_at) where next_look_at is not null;
create index cases_by_order on cases (order_id, id);

-- Both ways: what buyer and staff said, sealed like contacts.
create table case_messages (
  id bigint generated always as identity primary key,
  case_id bigint not null references cases,
  side text not null check (side in ('buyer', 'staff', 'system', 'internal')), -- internal: never shown to the buyer
  actor_id bigint not null references actors,
  body bytea not null,
  at timestamptz not null default now()
);
create index case_messages_of_case on case_messages (case_id, id);
-- The keys that a case is about.
create table case_cards (
  case_id bigint not null references cases,
  card_id bigint not null references cards,
  replaced_by bigint unique references cards,
  primary key (case_id, card_id)
);
-- An outcome is a row before it is done, and done once: the id is its idempotency key.
create table case_actions (
  id uuid primary key,
  case_id bigint not null references cases,
  kind text not null check (kind in ('replace', 'refund', 'refuse', 'answer', 'invoice', 'note')),
  actor_id bigint not null references actors,
  detail jsonb not null default '{}',
  state text not null default 'wanted' check (state in ('wanted', 'done', 'failed')),
  failure_code text,
  at timestamptz not null default now(),
  done_at timestamptz
);
create unique index case_actions_wanted on case_actions (case_id) where state = 'wanted';
insert into settings (key, value) values
  ('case_sla_minutes', '{"bad_key": 120, "invoice": 2880, "chargeback": 1440, "payment": 480, "other": 1440}');
