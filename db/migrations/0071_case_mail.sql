-- The mail that a decision sends: a story that carries it out again after a crash sends that one.
alter table case_actions add column message_id bigint references messages;
