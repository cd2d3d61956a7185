-- Who sends the bytes of an import now: a second sender is told so; one that fell silent may be succeeded.
alter table imports
  add column sender uuid,
  add column sender_at timestamptz;

-- How far the removal of an undone batch is, and when it goes on; null: nothing unsold is left in it.
alter table card_batches
  add column undo_after bigint not null default 0,
  add column undo_look_at timestamptz;
update card_batches set undo_look_at = now() where undone_at is not null;
create index batches_to_undo on card_batches (undo_look_at) where undo_look_at is not null;
