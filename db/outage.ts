/** That PostgreSQL was away, said once by whichever process comes first when it is back. */
import { advisory } from './locks.ts';
import { addNotice } from './notices.ts';
import { statement, transaction, type Pool } from './sql.ts';

const said = statement<object, [number]>(
  'outage_said',
  `select from notices where code = 'DATABASE_TROUBLE' and at > now() - interval '1 minute' - $1 * interval '1 second' limit 1`,
);

export async function noteOutage(pool: Pool, seconds: number): Promise<void> {
  await transaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [advisory.outage]);
    if ((await said(tx, [seconds])).length > 0) return;
    const detail = { seconds };
    await addNotice(tx, { kind: 'over', audience: 'staff', code: 'DATABASE_TROUBLE', detail });
  });
}
