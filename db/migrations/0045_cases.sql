-- A chargeback of a payment is a case beside the one of its oddity.
drop index cases_of_payment;
create unique index cases_of_payment on cases (payment_id, kind) where payment_id is not null and closed_at is null;
create index cases_by_payment on cases (payment_id, id) where payment_id is not null;
-- A rule may want that a case is taken up beside the stop: an invoice outlives the order's delivery.
alter table exception_rules add column case_kind text check (case_kind in ('bad_key', 'invoice', 'other'));
