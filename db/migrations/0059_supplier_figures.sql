-- Today's purchases by supplier, for the monitor.
create index purchases_created on purchases (created_at);
