-- A retired data key seals nothing any more. Its row stays: backups and late writers may still need it.
alter table data_keys add column retired_at timestamptz;
