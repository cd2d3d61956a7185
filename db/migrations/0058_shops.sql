-- When a key of a shop last opened the door, to the minute: one that nobody uses can be revoked without fear.
alter table api_keys add column last_used_at timestamptz;
