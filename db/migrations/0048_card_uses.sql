-- 循环卡密 and 自选卡号: how an order names the number it wants, and what is counted of keys that stay in the pool.

-- A number stands for one key while it is for sale; what buyers choose from is read from this index alone.
create unique index cards_number on cards (product_id, mode, label collate "C")
  where label is not null and state in ('available', 'held');

-- No foreign key: the key of an order that was never paid may be removed, and then the number is gone.
alter table orders
  add column chosen_card_id bigint,
  add column chosen_number text;

-- Sales of 循环卡密: their keys stay available, so the orders are counted.
create index orders_by_loop_sale on orders (product_id, mode, released_at) where loop_card_id is not null;
