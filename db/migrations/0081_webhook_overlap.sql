-- For a day after a shop's webhook secret was replaced both sign, so that the shop can change over without losing a word.
alter table shops add column webhook_secret_before bytea; -- sealed, ring `secret`
alter table shops add column webhook_before_until timestamptz;
