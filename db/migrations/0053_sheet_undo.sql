-- What a product import changed of products that were there, so that it can be undone.
create table import_changes (
  import_id bigint not null references imports,
  product_id bigint not null references products,
  version integer not null, -- that the import made
  before jsonb not null,
  primary key (import_id, product_id)
);
