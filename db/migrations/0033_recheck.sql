-- Orders that a restored backup calls unfinished may have been delivered since it was made (rule 19): a person looks
-- at each before it goes on.
alter table orders add column recheck boolean not null default false;
