/** Trouble of the infrastructure that lasts (rule 9): after ten minutes it is one task, and so one incident. */
import { actors, advisory } from './locks.ts';
import { statement, type Queryable } from './sql.ts';

// Promises that are not kept are the sign: they are in PostgreSQL, whatever Temporal says.
const watch = statement<object, [number]>(
  'silence_watch',
  `with age as materialized (
     select coalesce(extract(epoch from now() - min(created_at)), 0) as seconds from outbox
   ), over as (
     update tasks set closed_at = now(), closed_by = ${actors.automation}
     where closed_at is null and code = 'TEMPORAL_SILENT' and (select seconds < $1 from age)
   )
   insert into tasks (code, detail) select 'TEMPORAL_SILENT', jsonb_build_object('seconds', floor(seconds)) from age
   where seconds >= $1 and pg_try_advisory_xact_lock(${advisory.silence})
     and not exists (select from tasks where closed_at is null and code = 'TEMPORAL_SILENT')`,
);

/** Opens the task when promises to Temporal have waited for so long, and closes it when none does. */
export async function watchForSilence(db: Queryable, seconds = 600): Promise<void> {
  await watch(db, [seconds]);
}
