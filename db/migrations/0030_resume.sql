-- Orders that a stop holds up, oldest paid first: read when it is lifted, however many orders there are.
create index orders_held_up on orders (failure_code, paid_at, id) where state = 'attention';
