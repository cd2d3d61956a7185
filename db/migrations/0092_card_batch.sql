-- A key is of its batch's product: one reference says both, and is looked up once for each key that comes in, not twice.
create unique index card_batches_product on card_batches (id, product_id);
alter table cards drop constraint cards_product_id_fkey, drop constraint cards_batch_id_fkey;
alter table cards add constraint cards_batch_fkey foreign key (batch_id, product_id) references card_batches (id, product_id) not valid;
