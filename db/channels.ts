/** Channels that carry notices outside, and what is on its way on them. */
import { KnownError } from '../domain/errors.ts';
import { advisory } from './locks.ts';
import { noticeColumns, noticeJoins, type Notice } from './notices.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export interface StoredChannel {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly audience: 'staff' | 'owner';
  readonly config: Buffer;
  readonly enabled: boolean;
}
export interface ChannelHealth {
  readonly lastOkAt: Date | null;
  readonly lastFailedAt: Date | null;
  readonly lastFailure: string | null;
  readonly failures: number;
  readonly waiting: number;
}

const columns = 'c.id, c.kind, c.name, c.audience, c.config, c.enabled';
const list = statement<StoredChannel & ChannelHealth, []>(
  'channels_list',
  `select ${columns}, c.last_ok_at as "lastOkAt", c.last_failed_at as "lastFailedAt", c.last_failure as "lastFailure", c.failures,
     (select count(*)::int from dispatches d where d.channel_id = c.id and d.state = 'pending') as waiting
   from channels c order by c.id limit 200`,
);
const byId = statement<StoredChannel, [number]>('channel_by_id', `select ${columns} from channels c where c.id = $1`);
const nextId = statement<{ id: number }, []>(
  'channel_next_id',
  `select nextval(pg_get_serial_sequence('channels', 'id')) as id`,
);
const insert = statement<object, [number, string, string, string, Buffer, boolean, number]>(
  'channel_insert',
  `with fresh as (
     insert into channels (id, kind, name, audience, config, enabled) overriding system value values ($1, $2, $3, $4, $5, $6) returning id
   )
   insert into audit (actor_id, action, detail) select $7, 'channel_created', jsonb_build_object('channel', id) from fresh`,
);
const update = statement<{ id: number }, [number, string, string, Buffer, boolean, number]>(
  'channel_update',
  `with changed as (
     update channels set name = $2, audience = $3, config = $4, enabled = $5, failures = 0 where id = $1 returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $6, 'channel_changed', jsonb_build_object('channel', id) from changed
   ) select id from changed`,
);
const remove = statement<{ id: number }, [number, number]>(
  'channel_remove',
  `with gone as (delete from channels where id = $1 returning id, name, kind
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $2, 'channel_removed', jsonb_build_object('channel', id, 'name', name, 'kind', kind) from gone
   ) select id from gone`,
);

export function listChannels(db: Queryable): Promise<(StoredChannel & ChannelHealth)[]> {
  return list(db, []);
}
/** Throws CHANNEL_NOT_FOUND. */
export async function channelById(db: Queryable, id: number): Promise<StoredChannel> {
  const row = (await byId(db, [id]))[0];
  if (!row) throw new KnownError('CHANNEL_NOT_FOUND');
  return row;
}
/** The id comes first: the sealed configuration is bound to it. */
export async function reserveChannelId(db: Queryable): Promise<number> {
  const row = (await nextId(db, []))[0];
  if (!row) throw new Error('channel_next_id gave no row');
  return row.id;
}
export async function insertChannel(db: Queryable, c: StoredChannel, actorId: number): Promise<void> {
  await insert(db, [c.id, c.kind, c.name, c.audience, c.config, c.enabled, actorId]);
}
export async function updateChannel(db: Queryable, c: StoredChannel, actorId: number): Promise<void> {
  await update(db, [c.id, c.name, c.audience, c.config, c.enabled, actorId]);
}
/** What was on its way on it is dropped. */
export async function removeChannel(pool: Pool, id: number, actorId: number): Promise<void> {
  await transaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.channel, id]);
    // Two statements: a channel can go only once nothing points at it.
    await tx.query('delete from dispatches where channel_id = $1', [id]);
    if ((await remove(tx, [id, actorId])).length === 0) throw new KnownError('CHANNEL_NOT_FOUND');
  });
}

const enabled = statement<StoredChannel, []>(
  'channels_enabled',
  `select ${columns} from channels c where c.enabled limit 200`,
);
/** All that carry messages now. */
export function enabledChannels(db: Queryable): Promise<StoredChannel[]> {
  return enabled(db, []);
}

const busy = statement<StoredChannel, []>(
  'channels_busy',
  `select ${columns} from channels c where c.enabled
     and exists (select from dispatches d where d.channel_id = c.id and d.state = 'pending' and d.available_at <= now())`,
);
/** Channels with something to send now. */
export function busyChannels(db: Queryable): Promise<StoredChannel[]> {
  return busy(db, []);
}

export interface Dispatch extends Omit<Notice, 'id'> {
  readonly id: number;
  readonly noticeId: number;
  readonly attempts: number;
}
const take = statement<Dispatch, [number, number]>(
  'dispatches_take',
  `with room as (
     select greatest(0, $2 - count(*))::int as n from dispatches
     where channel_id = $1 and ((state = 'sent' and sent_at > now() - interval '1 minute')
       or (state = 'pending' and attempts > 0 and available_at > now()))
   ), mine as (
     update dispatches set attempts = attempts + 1, available_at = now() + interval '1 minute'
     where id = any (array(select id from dispatches where channel_id = $1 and state = 'pending' and available_at <= now()
                           order by available_at limit least((select n from room), 10) for update skip locked))
     returning id, notice_id, attempts
   )
   select d.id, d.notice_id as "noticeId", d.attempts, ${noticeColumns.replace('n.id, ', '')}
   from mine d join ${noticeJoins} on n.id = d.notice_id order by d.id`,
);
/** Due dispatches of a channel, within its rate; nobody else gets them for a minute. */
export async function takeDispatches(pool: Pool, channelId: number, perMinute: number): Promise<Dispatch[]> {
  return transaction(pool, async (tx) => {
    // One at a time counts: two would each see room for all.
    await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.channel, channelId]);
    return take(tx, [channelId, perMinute]);
  });
}

const sent = statement<object, [number, number]>(
  'dispatch_sent',
  `with done as (update dispatches set state = 'sent', sent_at = now(), failure = null where id = $1)
   update channels set last_ok_at = now(), failures = 0 where id = $2`,
);
const failed = statement<object, [number, number, string, number | null]>(
  'dispatch_failed',
  `with done as (
     update dispatches set failure = $3, state = case when $4::float is null then 'failed' else 'pending' end,
       available_at = now() + coalesce($4, 0) * interval '1 second' where id = $1
   )
   update channels set last_failed_at = now(), last_failure = $3, failures = failures + 1 where id = $2`,
);
export async function dispatchSent(db: Queryable, id: number, channelId: number): Promise<void> {
  await sent(db, [id, channelId]);
}
/** `retryInSeconds` null: given up. */
export async function dispatchFailed(
  db: Queryable,
  id: number,
  channelId: number,
  failure: string,
  retryInSeconds: number | null,
): Promise<void> {
  await failed(db, [id, channelId, failure.slice(0, 200), retryInSeconds]);
}

const shut = statement<object, [number, number]>(
  'dispatches_shut',
  `update dispatches set available_at = greatest(available_at, now() + $2 * interval '1 second') where channel_id = $1 and state = 'pending'`,
);
/** Nothing goes out on the channel for so long: the other side would only shut it for longer. */
export async function shutChannel(db: Queryable, channelId: number, seconds: number): Promise<void> {
  await shut(db, [channelId, seconds]);
}

const back = statement<object, [number[]]>(
  'dispatches_back',
  `update dispatches set attempts = attempts - 1,
     available_at = case when available_at > now() + interval '1 minute' then available_at else now() + interval '15 seconds' end where id = any ($1::bigint[]) and state = 'pending'`,
);
/** Taken, but not tried: the channel did not take the one before them. */
export async function dispatchesBack(db: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await back(db, [[...ids]]);
}
