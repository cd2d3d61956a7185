/** Settings that the operator changes while everything runs. */
import { advisory } from './locks.ts';
import { resumeOrders } from './resume.ts';
import { statement, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

const read = statement<{ value: unknown }, [string]>('setting_read', 'select value from settings where key = $1');
const write = statement<object, [string, string]>(
  'setting_write',
  `insert into settings (key, value) values ($1, $2::jsonb)
   on conflict (key) do update set value = excluded.value, updated_at = now()`,
);

/** A setting's JSON value, or undefined. */
export async function readSetting(db: Queryable, key: string): Promise<unknown> {
  return (await read(db, [key]))[0]?.value;
}

export async function writeSetting(db: Queryable, key: string, value: unknown): Promise<void> {
  await write(db, [key, JSON.stringify(value)]);
}

const noteSwitch = statement<object, [number, string]>(
  'switch_audit',
  `insert into audit (actor_id, action, detail) values ($1, 'auto_delivery', $2::jsonb)`,
);

/**
 * 全局自动发货. Turning it off waits for the allocations under way: once this has returned, none commits (rule 13).
 * Turning it on lets the orders go that waited for it, oldest paid first, if `resume`.
 */
export async function setAutoDelivery(pool: Pool, on: boolean, actorId: number, resume = true): Promise<void> {
  await transaction(pool, (tx) => switchAutoDelivery(tx, on, actorId, resume));
}

/** The same inside a transaction. */
export async function switchAutoDelivery(
  tx: Transaction,
  on: boolean,
  actorId: number,
  resume: boolean,
): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [advisory.deliverySwitch]);
  await writeSetting(tx, 'auto_delivery', on);
  if (on && resume) await resumeOrders(tx, ['AUTO_DELIVERY_OFF']);
  await noteSwitch(tx, [actorId, JSON.stringify({ on })]);
}

const merge = statement<object, [string, string]>(
  'setting_merge',
  `insert into settings (key, value) values ($1, $2::jsonb)
   on conflict (key) do update set updated_at = now(),
     value = case when jsonb_typeof(settings.value) = 'object' then settings.value || excluded.value else excluded.value end`,
);
const noteChange = statement<object, [number, string]>(
  'settings_audit',
  `insert into audit (actor_id, action, detail) values ($1, 'settings_changed', $2::jsonb)`,
);
/** Of settings that are objects the given fields are changed, others of the same setting stay. */
export async function changeSettings(
  pool: Pool,
  changes: readonly { readonly key: string; readonly value: unknown }[],
  actorId: number,
): Promise<void> {
  await transaction(pool, async (tx) => {
    for (const { key, value } of changes) await merge(tx, [key, JSON.stringify(value)]);
    await noteChange(tx, [actorId, JSON.stringify(Object.fromEntries(changes.map(({ key, value }) => [key, value])))]);
  });
}
