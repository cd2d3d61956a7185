-- What was bought for an order that has ended is called off, where the supplier can: once, and what came of it.
alter table purchases add column called_off text check (called_off in ('cancelled', 'too-late'));
alter table supplier_calls drop constraint supplier_calls_call_check;
alter table supplier_calls add constraint supplier_calls_call_check
  check (call in ('place', 'find', 'fetch', 'cancel', 'quote', 'balance', 'catalogue'));
