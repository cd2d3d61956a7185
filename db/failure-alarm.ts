/**
 * The alarm above 2 % failures (E3): a task while it lasts, so that it is told, reminded of and escalated like any other
 * trouble; and one word when it is over.
 */
import { rings, type FailureAlarm, type Judged } from '../domain/failure-rate.ts';
import { failuresOf } from './figures.ts';
import { actors, advisory } from './locks.ts';
import { addNotice } from './notices.ts';
import { one, statement, transaction, type Pool, type Queryable } from './sql.ts';
import type { Mode } from '../domain/order.ts';
import { noFailure } from '../domain/failure-rate.ts';

/** What the alarm looks at: live orders paid in the window that ends now. */
export function failuresNow(db: Queryable, mode: Mode, alarm: FailureAlarm): Promise<Judged> {
  const now = new Date();
  return failuresOf(db, mode, new Date(now.getTime() - alarm.windowMinutes * 60_000), now);
}

const lock = statement<{ mine: boolean }, [number]>('alarm_lock', 'select pg_try_advisory_xact_lock($1) as mine');
const reasons = statement<{ code: string; count: number }, [number]>(
  'alarm_reasons',
  `select k.code, count(distinct k.order_id)::int as count from tasks k join orders o on o.id = k.order_id
   where o.mode = 'live' and k.opened_at >= now() - $1 * interval '1 minute' and k.code !~ '${noFailure}'
   group by 1 order by 2 desc limit 3`,
);
const open = statement<{ id: number; lasted: boolean }, []>(
  'alarm_open',
  `select id, opened_at < now() - interval '10 minutes' as lasted from tasks where code = 'FAILURE_RATE' and closed_at is null`,
);
const ring = statement<object, [string]>(
  'alarm_ring',
  `insert into tasks (code, detail) values ('FAILURE_RATE', $1::jsonb)`,
);
const still = statement<object, [number, string]>('alarm_still', 'update tasks set detail = $2::jsonb where id = $1');
const end = statement<object, [number]>(
  'alarm_end',
  `update tasks set closed_at = now(), closed_by = ${actors.automation} where id = $1`,
);

/** One watcher at a time. It rings at once, and ends when the rate is well, ten minutes after it rang at the soonest. */
export async function watchFailures(pool: Pool, alarm: FailureAlarm): Promise<void> {
  await transaction(pool, async (tx) => {
    if (!one(await lock(tx, [advisory.failureAlarm])).mine) return;
    const judged = await failuresNow(tx, 'live', alarm);
    const [known] = await open(tx, []);
    if (!rings(alarm, judged)) {
      if (!known?.lasted) return;
      await end(tx, [known.id]);
      await addNotice(tx, { kind: 'over', audience: 'staff', code: 'FAILURE_RATE', mode: 'live', detail: {} });
      return;
    }
    const detail = JSON.stringify({ ...judged, minutes: alarm.windowMinutes, reasons: await reasons(tx, [alarm.windowMinutes]) }); // prettier-ignore
    if (known) await still(tx, [known.id, detail]);
    else await ring(tx, [detail]);
  });
}
