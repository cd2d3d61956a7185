-- The place in the queue of a key without a date is the last one: greatest() passes nulls over.
create or replace function card_place(expires timestamptz) returns bigint language sql volatile
  return (case when expires is null then 67108863::bigint
    else least(greatest(floor(extract(epoch from expires) / 60), 0), 67108862)::bigint end << 36) + nextval('card_seq');

-- A cancelled import's workflow is told once, so that it ends: its next look is then never.
drop index imports_open;
create index imports_open on imports (next_look_at) where state in ('received', 'ready', 'confirmed', 'cancelled');
