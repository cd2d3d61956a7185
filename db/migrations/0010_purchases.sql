-- On the order's own row, because only that is read anew after waiting for its lock: a subquery beside it still sees what
-- was there before, and would buy or claim twice.
alter table orders
  add column held integer not null default 0 check (held >= 0), -- pieces that a supplier delivered and that do not show yet
  add column purchase_id bigint references purchases; -- the one that is not ended
