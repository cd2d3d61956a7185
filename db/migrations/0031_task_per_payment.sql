-- Each payment that misbehaves is a task of its own: the second of two surplus payments would hide behind the first one's.
drop index tasks_open;
create unique index tasks_open on tasks (order_id, code, coalesce(payment_id, 0)) where closed_at is null and order_id is not null;
