/**
 * Orders that waited only for somebody to lift something. They are set going in batches, oldest paid first: the first at
 * once, the others by a loop, so that ten thousand do not come in one statement.
 */
import type { ErrorCode } from '../domain/errors.ts';
import { actors } from './locks.ts';
import { everyTurn } from './stock-line.ts';
import { statement, type Queryable } from './sql.ts';

const batch = 200;

// What still holds them is asked again, or the lifting of one stop would send those of another round in circles.
const lifted = `state = 'attention' and failure_code = any ($1) and case failure_code
       when 'AUTO_DELIVERY_OFF' then coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true)
       when 'POOL_QUARANTINED' then exists (select from products p where p.id = product_id and p.quarantined_at is null)
       else true end`;

const resume = statement<{ id: number }, [string[], number]>(
  'orders_resume',
  `with due as materialized (
     select id from orders where ${lifted} order by paid_at, id limit $2 for no key update skip locked
   ), back as (
     update orders set state = 'paid', failure_code = null, next_deadline = now() + interval '30 seconds'
     where id = any (array(select id from due)) returning id, paid_at
   ), eased as (
     update tasks set closed_at = now(), closed_by = ${actors.automation}
     where order_id in (select id from back) and closed_at is null and code = any ($1)
   )
   insert into outbox (kind, order_id) select 'wake', id from back order by paid_at, id returning order_id as id`,
);
const ask = statement<object, [string[]]>(
  'resume_ask',
  `insert into settings (key, value) values ('resume', to_jsonb($1::text[]))
   on conflict (key) do update set updated_at = now(),
     value = (select jsonb_agg(distinct c) from jsonb_array_elements(settings.value || excluded.value) c)`,
);
const asked = statement<{ codes: string[] }, []>(
  'resume_asked',
  `select array(select jsonb_array_elements_text(value)) as codes from settings where key = 'resume' and value <> '[]'`,
);
const left = statement<{ left: boolean }, [string[]]>(
  'resume_left',
  `select exists (select from orders where ${lifted}) as left`,
);
const settled = statement<object, [string[]]>(
  'resume_settled',
  `update settings set value = '[]' where key = 'resume' and value = to_jsonb($1::text[])`,
);

/**
 * Sets the first batch going in the caller's transaction, and promises the rest: also those whose rows somebody holds
 * just now.
 */
export async function resumeOrders(tx: Queryable, codes: readonly ErrorCode[]): Promise<void> {
  await everyTurn(tx);
  await resume(tx, [[...codes], batch]);
  if ((await left(tx, [[...codes]]))[0]?.left) await ask(tx, [[...codes]]);
}

/** The next batch of what was promised; true if there may be more. */
export async function resumeMore(db: Queryable): Promise<boolean> {
  const codes = (await asked(db, []))[0]?.codes;
  if (!codes) return false;
  if ((await resume(db, [codes, batch])).length === batch) return true;
  // The promise is kept when nobody is left; one whose row is held comes with the next run.
  if (!(await left(db, [codes]))[0]?.left) await settled(db, [codes]);
  return false;
}
