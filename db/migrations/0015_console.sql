-- What the console looks up: orders by time of payment and by what they wait for, tasks by time.
create index orders_paid on orders (mode, paid_at) where paid_at is not null;
create index orders_of_product on orders (product_id, id);
create index orders_in_trouble on orders (id) where state in ('attention', 'waiting_confirmation');
create index orders_ended on orders (id) where state in ('refunded', 'closed');
create index tasks_opened on tasks (opened_at);
