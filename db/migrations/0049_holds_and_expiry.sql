-- What unpaid orders of one address hold is counted from here, not from all keys that anybody holds.
create index orders_unpaid_by_address on orders (address_index) where state = 'unpaid' and address_index is not null;

-- Keys that will expire soon are told about once each, and at most once a day for a product.
create table expiry_warnings (
  product_id bigint not null references products,
  mode text not null check (mode in ('live', 'test')),
  told_until timestamptz not null, -- keys that expire up to here are told
  told_at timestamptz not null default now(),
  primary key (product_id, mode)
);
alter table notices drop constraint notices_kind_check;
alter table notices add constraint notices_kind_check
  check (kind in ('incident', 'digest', 'reminder', 'escalation', 'stock', 'restocked', 'expiring', 'test'));
