-- Lists of the console at a million rows: each filter finds its page, newest first, in an index.
create index audit_of_actor on audit (actor_id, id);
create index audit_of_action on audit (action, id);
create index audit_by_time on audit (at, id);

create index notifications_by_provider on notifications (provider, id);
create index notifications_accepted on notifications (id) where verdict = 'accepted';
create index notifications_refused on notifications (id) where verdict <> 'accepted';
create index notifications_refused_of_account on notifications (account_id, id) where verdict <> 'accepted';
create index notifications_refused_of_provider on notifications (provider, id) where verdict <> 'accepted';

create index orders_of_account on orders (account_id, id);
create index orders_by_failure on orders (failure_code, id) where failure_code is not null;
create index orders_by_time on orders (created_at, id);
create index orders_in_test on orders (id) where mode = 'test';
create index orders_to_deliver on orders (id) where state = 'paid';

-- What became of a batch is counted without its keys.
drop index cards_of_batch;
create index cards_of_batch on cards (batch_id, id) include (state);
