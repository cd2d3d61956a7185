/** Messages to people: each is a row (站内信), and one dispatch per channel that hears it. */
import type { ErrorCode } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export type NoticeKind =
  'incident' | 'digest' | 'reminder' | 'escalation' | 'stock' | 'restocked' | 'expiring' | 'test' | 'over';

export interface NewNotice {
  readonly kind: NoticeKind;
  /** `owner`: the owner's own channels hear it as well. */
  readonly audience: 'staff' | 'owner';
  readonly code: ErrorCode;
  readonly orderId?: number | null;
  readonly productId?: number | null;
  readonly mode?: Mode | null;
  readonly detail?: object;
}

export interface Notice {
  readonly id: number;
  readonly at: Date;
  readonly kind: NoticeKind;
  readonly audience: 'staff' | 'owner';
  readonly code: ErrorCode;
  readonly orderNo: string | null;
  readonly sku: string | null;
  readonly productName: string | null;
  readonly mode: Mode | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export const noticeColumns = `n.id, n.at, n.kind, n.audience, n.code, o.no as "orderNo", p.sku, p.name as "productName", n.mode, n.detail`;
export const noticeJoins =
  'notices n left join orders o on o.id = n.order_id left join products p on p.id = n.product_id';

const insert = statement<
  { id: number },
  [NoticeKind, 'staff' | 'owner', ErrorCode, number | null, number | null, Mode | null, string]
>(
  'notice_insert',
  `with fresh as (
     insert into notices (kind, audience, code, order_id, product_id, mode, detail) values ($1, $2, $3, $4, $5, $6, $7::jsonb) returning id
   ), sent as (
     insert into dispatches (notice_id, channel_id)
     select fresh.id, c.id from fresh, channels c where c.enabled and (c.audience = 'staff' or $2 = 'owner')
   )
   select id from fresh`,
);

/** In the transaction of what it tells. */
export async function addNotice(tx: Queryable, notice: NewNotice): Promise<void> {
  const { kind, audience, code, orderId = null, productId = null, mode = null, detail = {} } = notice;
  await insert(tx, [kind, audience, code, orderId, productId, mode, JSON.stringify(detail)]);
}

const inbox = statement<Notice & { read: boolean }, [number, boolean, number | null, number]>(
  'notices_inbox',
  `select ${noticeColumns}, r.notice_id is not null as read
   from ${noticeJoins} left join notice_reads r on r.notice_id = n.id and r.actor_id = $1
   where (not $2 or r.notice_id is null) and ($3::bigint is null or n.id < $3) order by n.id desc limit $4`,
);
export function listNotices(
  db: Queryable,
  by: { actorId: number; unread: boolean; before?: number | undefined; limit: number },
): Promise<(Notice & { read: boolean })[]> {
  return inbox(db, [by.actorId, by.unread, by.before ?? null, by.limit]);
}

const unread = statement<{ n: number }, [number]>(
  'notices_unread',
  `select count(*)::int as n from (select from notices n where n.at > now() - interval '90 days'
     and not exists (select from notice_reads r where r.notice_id = n.id and r.actor_id = $1) limit 1000) x`,
);
/** Counted to 1000, of the last 90 days. */
export async function countUnread(db: Queryable, actorId: number): Promise<number> {
  return (await unread(db, [actorId]))[0]?.n ?? 0;
}

const read = statement<object, [number, number[] | null]>(
  'notices_read',
  `insert into notice_reads (actor_id, notice_id)
   select $1, n.id from notices n where case when $2::bigint[] is null then n.at > now() - interval '90 days' else n.id = any ($2) end
   on conflict do nothing`,
);
/** Marks these as read, or all. */
export async function markRead(db: Queryable, actorId: number, ids: readonly number[] | undefined): Promise<void> {
  await read(db, [actorId, ids ? [...ids] : null]);
}
