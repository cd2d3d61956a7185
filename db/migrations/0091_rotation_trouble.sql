-- A rotation that cannot go on says why and is tried again later, while the other rings go on.
alter table key_rotations
  add column failure text, -- the code of what went wrong, null while it goes on
  add column retry_at timestamptz;
