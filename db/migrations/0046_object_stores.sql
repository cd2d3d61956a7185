-- Object stores that speak S3: files that are goods lie there, and a download gets an address that is signed for minutes.
create table object_stores (
  id bigint generated always as identity primary key,
  mode text not null check (mode in ('live', 'test')),
  name text not null,
  config bytea not null, -- sealed JSON, ring `secret`
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (mode, name)
);
-- With a store the target is the key of an object there. Only our door leads to it: it counts, and signs anew each time.
alter table product_links
  add column store_id bigint references object_stores,
  add constraint product_links_store check (store_id is null or signed);
alter table order_links add column store_id bigint references object_stores;
