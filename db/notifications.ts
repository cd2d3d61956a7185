/** 支付回调日志: each raw notification with its verdict and decision; old ones go, what a payment points to stays as a shell. */
import type { Mode } from '../domain/order.ts';
import { paymentStandings } from '../domain/payment.ts';
import { readSetting } from './settings.ts';
import { statement, type Pool, type Queryable } from './sql.ts';
import { Where } from './where.ts';

export interface NotificationRow {
  readonly id: number;
  readonly accountId: number | null;
  readonly account: string | null;
  readonly mode: Mode | null;
  readonly provider: string;
  readonly source: 'notify' | 'query' | 'statement' | 'replay';
  readonly method: string;
  readonly verdict: string;
  readonly decision: string | null;
  readonly orderNo: string | null;
  readonly tradeNo: string | null;
  readonly receivedAt: Date;
  readonly replayOf: number | null;
  readonly purgedAt: Date | null;
}
export interface RawRow extends NotificationRow {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly query: string;
  readonly body: Buffer;
}

const columns = `n.id, n.account_id as "accountId", a.name as account, a.mode, n.provider, n.source, n.method, n.verdict, n.decision,
  n.order_no as "orderNo", n.trade_no as "tradeNo", n.received_at as "receivedAt", n.replay_of as "replayOf", n.purged_at as "purgedAt"`;
const joins = 'notifications n left join payment_accounts a on a.id = n.account_id';

export interface NotificationFilter {
  readonly accountId?: number | undefined;
  readonly provider?: string | undefined;
  readonly verdict?: 'accepted' | 'refused' | undefined;
  readonly orderNo?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}
/** Newest first, before an id. */
export function notificationListSql(f: NotificationFilter): { text: string; values: unknown[] } {
  const where = new Where()
    .add('n.account_id = ?', f.accountId)
    .add('n.provider = ?', f.provider)
    .add('n.order_no = ?', f.orderNo)
    .add('n.id < ?', f.before);
  // As the partial indexes have it: refused ones are rare, or, in an attack, nearly all.
  if (f.verdict) where.always(f.verdict === 'accepted' ? `n.verdict = 'accepted'` : `n.verdict <> 'accepted'`);
  const most = where.put(f.limit);
  return {
    text: `select ${columns} from ${joins} ${where.toString()} order by n.id desc limit ${most}`,
    values: where.values,
  };
}
const one = statement<RawRow, [number]>('notification_raw', `select ${columns}, n.headers, n.query, n.body from ${joins} where n.id = $1`); // prettier-ignore

export async function listNotifications(db: Queryable, filter: NotificationFilter): Promise<NotificationRow[]> {
  return (await db.query<NotificationRow>(notificationListSql(filter))).rows;
}

export async function notificationById(db: Queryable, id: number): Promise<RawRow | undefined> {
  return (await one(db, [id]))[0];
}

// A payment points to the notification that brought it: that row stays, without its bytes.
const purge = statement<{ n: number }, [number, number]>(
  'notification_purge',
  `with old as (
     select n.id, exists (select from payments y where y.notification_id = n.id) as needed
     from notifications n where n.purged_at is null and n.received_at < now() - $1 * interval '1 day' order by n.received_at limit $2
   ), emptied as (
     update notifications set headers = '{}', query = '', body = '', purged_at = now()
     where id = any (array(select id from old where needed)) returning 1
   ), gone as (
     delete from notifications where id = any (array(select id from old where not needed)) returning 1
   )
   select (select count(*) from emptied)::int + (select count(*) from gone)::int as n`,
);

export const retentionKey = 'notification_retention_days';
const batch = 500;

/** Days that raw notifications are kept; between a month and ten years. */
export function retentionDays(value: unknown): number {
  return Math.min(3_650, Math.max(30, typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : 180));
}

const keepFor = statement<object, [number, number]>(
  'notification_retention',
  `with kept as (
     insert into settings (key, value) values ('${retentionKey}', to_jsonb($1::int))
     on conflict (key) do update set value = excluded.value, updated_at = now()
   )
   insert into audit (actor_id, action, detail) values ($2, 'notification_retention', jsonb_build_object('days', $1::int))`,
);
export async function setRetention(db: Queryable, days: number, actorId: number): Promise<void> {
  await keepFor(db, [days, actorId]);
}

/** Days that they are kept now. */
export async function keptDays(db: Queryable): Promise<number> {
  return retentionDays(await readSetting(db, retentionKey));
}

const replayed = statement<object, [number, number, string]>(
  'notification_replayed',
  `insert into audit (actor_id, action, order_id, detail)
   select $2, 'notification_replayed', (select id from orders o where o.no = n.order_no), jsonb_build_object('notification', n.id, 'note', $3::text)
   from notifications n where n.id = $1`,
);
/** Somebody takes one in again, and why. */
export async function noteReplay(db: Queryable, id: number, actorId: number, note: string): Promise<void> {
  await replayed(db, [id, actorId, note]);
}

/** True if there may be more. */
export async function purgeOldNotifications(pool: Pool): Promise<boolean> {
  const days = await keptDays(pool);
  return (await purge(pool, [days, batch]))[0]?.n === batch;
}

// Also one whose payment had been found by asking before: it came, which is the question.
const lastPaid = statement<{ at: Date }, [number, string[]]>(
  'notification_last_paid',
  `select n.received_at as at from notifications n join payment_accounts a on a.id = n.account_id
   where n.account_id = $1 and n.source = 'notify' and n.verdict = 'accepted' and n.decision = any ($2)
     and n.received_at > a.keys_changed_at order by n.id desc limit 1`,
);
/** When a real payment last came to the account by notification, with the keys that it has now. */
export async function lastPaidNotification(db: Queryable, accountId: number): Promise<Date | undefined> {
  return (await lastPaid(db, [accountId, ['duplicate', ...paymentStandings]]))[0]?.at;
}
