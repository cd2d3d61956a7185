-- What was told to people leaves after its time. An incident can go only when no task points at it: looked up by all of
-- them, not only the open ones.
create index tasks_incident on tasks (incident_id) where incident_id is not null;
create index notice_reads_notice on notice_reads (notice_id);
-- "Has the owner heard of this incident?" is asked for each of its tasks.
create index notices_escalation on notices (((detail ->> 'incident')::bigint)) where kind = 'escalation';
