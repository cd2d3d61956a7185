-- Looked for each second: tasks that belong to no incident yet. Ten thousand that do are not read.
create index tasks_fresh on tasks (id) where closed_at is null and incident_id is null;
