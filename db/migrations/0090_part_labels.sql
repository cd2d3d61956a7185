-- The names of the parts of its keys as an order was sold; null for orders from before: they show the product's.
alter table orders add column part_labels text[];
