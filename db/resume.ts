/** Orders that waited only for somebody to lift something. */
import type { ErrorCode } from '../domain/errors.ts';
import { statement, type Queryable } from './sql.ts';

const resume = statement<object, [string[]]>(
  'orders_resume',
  `with back as (
     update orders set state = 'paid', failure_code = null, next_deadline = now() + interval '30 seconds'
     where state = 'attention' and failure_code = any ($1) returning id, paid_at
   )
   insert into outbox (kind, order_id) select 'wake', id from back order by paid_at, id`,
);

/** Sets orders going again that waited only for one of these reasons to end; oldest paid first. */
export async function resumeOrders(db: Queryable, codes: readonly ErrorCode[]): Promise<void> {
  await resume(db, [[...codes]]);
}
