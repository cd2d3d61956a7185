-- Goods: products whole, templates, expiring and held keys, imports, exports, rotation of keys.

-- What buyers read beside the goods (发货模板). A version is never edited; an order keeps the text it was sold with.
create table templates (
  id bigint generated always as identity primary key,
  name text not null unique,
  version integer not null default 1, -- the current one
  archived_at timestamptz,
  created_at timestamptz not null default now()
);
create table template_versions (
  template_id bigint not null references templates,
  version integer not null,
  content jsonb not null,
  actor_id bigint not null references actors,
  created_at timestamptz not null default now(),
  primary key (template_id, version)
);
-- Template and product's own words merged, kept once per different text.
create table delivery_texts (
  id bigint generated always as identity primary key,
  hash bytea not null unique,
  content jsonb not null,
  created_at timestamptz not null default now()
);

alter table products drop constraint products_kind_check;
alter table products
  add constraint products_kind_check check (kind in ('card', 'link', 'supplier', 'topup', 'manual')),
  add column min_quantity integer not null default 1 check (min_quantity between 1 and 1000),
  add column max_quantity integer not null default 1000 check (max_quantity between 1 and 1000),
  add column buyer_limit integer check (buyer_limit > 0), -- units per buyer, for ever; null: none
  add column stock_limit integer check (stock_limit > 0), -- 库存上限: keys in the pool, or units for sale without keys
  add column warn_below integer check (warn_below >= 0), -- null: the setting for all
  add column hold_minutes integer check (hold_minutes between 1 and 1440), -- 下单锁库存; null: keys are taken when paid
  add column card_use text not null default 'single' check (card_use in ('single', 'loop', 'chosen')),
  add column part_labels text[] not null default '{}', -- 账号, 密码, 邮箱: names of the parts of a key
  add column template_id bigint references templates,
  add column texts jsonb not null default '{}', -- the product's own words, over those of the template
  add column tags text[] not null default '{}',
  add column note text not null default '',
  add column name_type text, -- parts of a standard name (类型-品牌-面额-有效期)
  add column name_brand text,
  add column name_face text,
  add column name_validity text,
  add column version integer not null default 1, -- an edit names the version it was made from
  add column import_id bigint, -- the product import that made it
  add constraint products_quantities check (min_quantity <= max_quantity);
create index products_by_tag on products using gin (tags);
create index audit_of_product on audit (((detail ->> 'product')::bigint), id) where detail ? 'product';

alter table card_batches
  add column cost_minor bigint check (cost_minor >= 0), -- of one key
  add column currency char(3),
  add column expires_at timestamptz, -- of keys that name no date of their own
  add column import_id bigint,
  add column undone_at timestamptz,
  add column undone_by bigint references actors;
create index batches_of_product on card_batches (product_id, id);

-- `seq` is the place in the queue: the minute of expiry (26 bits) before the number (36 bits), so that the claim's one
-- index gives the key that expires soonest, and keys without a date last.
alter table cards
  add column expires_at timestamptz,
  add column held_until timestamptz,
  add column label text, -- 自选卡号: what the buyer sees before paying
  add column surcharge_minor bigint check (surcharge_minor >= 0);
update cards set seq = seq + (67108863::bigint << 36) where seq < (1::bigint << 36);
alter table cards alter column seq set default (67108863::bigint << 36) + nextval('card_seq');
create function card_place(expires timestamptz) returns bigint language sql volatile
  return (coalesce(least(greatest(floor(extract(epoch from expires) / 60), 0), 67108863)::bigint, 67108863) << 36) + nextval('card_seq');

alter table cards drop constraint cards_state_check, drop constraint cards_check;
alter table cards
  add constraint cards_state_check check (state in ('available', 'held', 'sold', 'expired', 'void')),
  add constraint cards_sold_check check (state <> 'sold' or (order_id is not null and sold_at is not null)),
  add constraint cards_held_check check (state <> 'held' or (order_id is not null and held_until is not null)),
  add constraint cards_free_check check (state not in ('available', 'expired') or (order_id is null and sold_at is null));
-- With cards_available these hold each card once: the stock is counted from them, and from nothing else.
create index cards_sold on cards (product_id, mode, sold_at) where state = 'sold';
create index cards_aside on cards (product_id, mode, state) where state in ('held', 'expired', 'void');
create index cards_of_batch on cards (batch_id, id);
create index cards_to_expire on cards (expires_at) where expires_at is not null and state = 'available';
create index cards_to_free on cards (held_until) where state = 'held';

alter table orders
  add column text_id bigint references delivery_texts,
  add column address_index bytea, -- blind index of the buyer's address, for caps on holds
  add column loop_card_id bigint references cards; -- 循环卡密: the key that was shown, and stays

-- Removing keys looks here for each of them.
create index orders_by_loop_card on orders (loop_card_id) where loop_card_id is not null;

-- The goods of an order, whatever kind they are of.
create view goods_of_orders as
  select c.order_id, c.id, c.product_id, c.ciphertext, c.fingerprint, c.seq from cards c where c.state = 'sold'
  union all
  select o.id, c.id, c.product_id, c.ciphertext, c.fingerprint, c.seq
  from orders o join cards c on c.id = o.loop_card_id where o.released_at is not null;

-- A file on its way into the system: received, checked, waiting for its confirmation, imported.
create table imports (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('cards', 'products')),
  mode text not null check (mode in ('live', 'test')),
  source text not null check (source in ('upload', 'paste', 'directory')),
  state text not null default 'receiving' check (state in ('receiving', 'received', 'ready', 'confirmed', 'done', 'failed',
    'cancelled', 'expired')),
  product_id bigint references products, -- null: the file names the products
  file_name text not null default '',
  options jsonb not null default '{}',
  bytes bigint not null default 0,
  encoding text,
  format text,
  lines integer not null default 0, -- read so far
  good integer not null default 0,
  bad integer not null default 0,
  in_file integer not null default 0, -- duplicates, in three classes
  in_stock integer not null default 0,
  sold integer not null default 0,
  added integer not null default 0,
  late integer not null default 0, -- duplicates that appeared between check and commit
  summary jsonb not null default '{}',
  failure_code text,
  failure_detail jsonb,
  actor_id bigint not null references actors,
  created_at timestamptz not null default now(),
  checked_at timestamptz,
  confirmed_at timestamptz,
  ended_at timestamptz,
  expires_at timestamptz not null default now() + interval '24 hours',
  next_look_at timestamptz not null default now() -- when its workflow is started or woken again
);
create index imports_open on imports (next_look_at) where state in ('received', 'ready', 'confirmed');
create index imports_recent on imports (kind, id);
alter table products add foreign key (import_id) references imports;
alter table card_batches add foreign key (import_id) references imports;
create index batches_of_import on card_batches (import_id) where import_id is not null;

-- The bytes as received, sealed; gone when the import ends.
create table import_chunks (
  import_id bigint not null references imports,
  n integer not null,
  sealed bytea not null, -- ring `card`
  primary key (import_id, n)
);
alter table import_chunks alter column sealed set storage external;

-- Lines that were checked, some thousands together, and what is wrong with the others.
create table import_blocks (
  import_id bigint not null references imports,
  n integer not null,
  lines integer[] not null, -- of the good ones, in their order
  fingerprints bytea[] not null,
  product_ids bigint[] not null,
  sealed bytea not null, -- the good lines' texts, ring `card`
  problems jsonb not null default '[]', -- [line, code] of the others
  added integer,
  late integer,
  imported_at timestamptz,
  primary key (import_id, n)
);
alter table import_blocks alter column sealed set storage external;

-- Many keys leave as a file: asked for with a reason, approved by a second person where the setting says so.
create table card_exports (
  id bigint generated always as identity primary key,
  product_id bigint not null references products,
  mode text not null check (mode in ('live', 'test')),
  batch_id bigint references card_batches,
  card_state text not null check (card_state in ('available', 'sold', 'expired', 'void')),
  reason text not null,
  state text not null check (state in ('asked', 'approved', 'refused', 'taken', 'expired')),
  asked_by bigint not null references actors,
  decided_by bigint references actors,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  taken_at timestamptz,
  cards integer
);

-- Re-encryption of all rows of a ring under its newest key, or of the data keys under another master key (rule 18).
create table key_rotations (
  id bigint generated always as identity primary key,
  ring text not null check (ring in ('card', 'contact', 'secret', 'codec', 'master')),
  key_id integer references data_keys, -- the new one
  state text not null default 'running' check (state in ('running', 'done')),
  place jsonb not null default '{}', -- where it goes on after a stop
  done bigint not null default 0,
  total bigint not null default 0,
  actor_id bigint not null references actors,
  started_at timestamptz not null default now(),
  ended_at timestamptz
);
create unique index key_rotations_one on key_rotations (ring) where state = 'running';

insert into settings (key, value) values
  ('stock_warning', '{"below": 10, "expiryDays": 7}'),
  ('card_export', '{"secondPerson": false}'),
  ('holds', '{"perBuyer": 5, "perAddress": 10}');
