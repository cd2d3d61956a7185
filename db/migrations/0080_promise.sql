-- Seconds from payment to delivery that buyers of a product are promised; null: the usual 60. An order keeps what it was
-- sold with, so that the figures of hours that are over stay true.
alter table products add column promise_seconds integer check (promise_seconds between 10 and 604800);
alter table orders add column promise_seconds integer;
