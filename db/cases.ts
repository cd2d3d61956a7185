/** Cases and what is said in them. Each change locks the case's row; the order's row, where it is needed, comes first. */
import type { CaseAction, CaseKind, CaseState } from '../domain/cases.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { dueOf } from './payment-cases.ts';
import { statement, type Queryable, type Transaction } from './sql.ts';

export interface CaseRow {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly kind: CaseKind;
  readonly source: string;
  readonly state: CaseState;
  readonly outcome: string | null;
  readonly code: ErrorCode | null;
  readonly orderId: number | null;
  readonly orderNo: string | null;
  readonly paymentId: number | null;
  readonly openedAt: Date;
  readonly openedBy: string;
  readonly dueAt: Date | null;
  readonly overdue: boolean;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
  /** What was tried last and did not work. */
  readonly failure: ErrorCode | null;
}

const columns = `c.id, c.no, c.mode, c.kind, c.source, c.state, c.outcome, c.code, c.order_id as "orderId", o.no as "orderNo", c.payment_id as "paymentId",
  c.opened_at as "openedAt", a.name as "openedBy", c.due_at as "dueAt", c.overdue_at is not null as overdue,
  c.closed_at as "closedAt", b.name as "closedBy",
  (select failure_code from case_actions x where x.case_id = c.id order by x.at desc limit 1) as failure`;
const joined = `cases c left join orders o on o.id = c.order_id join actors a on a.id = c.opened_by left join actors b on b.id = c.closed_by`;

const byNo = statement<CaseRow, [string]>('case_by_no', `select ${columns} from ${joined} where c.no = $1`);
const lockByNo = statement<CaseRow, [string]>(
  'case_lock',
  `select ${columns} from ${joined} where c.no = $1 for update of c`,
);
export interface CaseKey {
  readonly id: number;
  /** As the buyer counts them, 1 first. */
  readonly line: number;
  /** The case is about this one. */
  readonly named: boolean;
}
const keys = statement<CaseKey, [number]>(
  'case_keys',
  `select c.id, (row_number() over (order by c.seq))::int as line, cc.card_id is not null as named
   from cases k join orders o on o.id = k.order_id join goods_of_orders c on c.order_id = k.order_id
     left join case_cards cc on cc.case_id = k.id and cc.card_id = c.id and cc.replaced_by is null
   where k.id = $1 and o.released_at is not null order by c.seq limit 1000`,
);
const nameLines = statement<object, [number, number[]]>(
  'case_name_lines',
  `insert into case_cards (case_id, card_id)
   select $1, g.id from (
     select c.id, row_number() over (order by c.seq) as line from cases k join orders o on o.id = k.order_id
       join goods_of_orders c on c.order_id = k.order_id
     where k.id = $1 and o.released_at is not null) g
   where g.line = any ($2::int[]) on conflict do nothing`,
);
export interface CasePayment {
  readonly id: number;
  readonly tradeNo: string;
  readonly account: string;
  readonly provider: string;
  readonly claimedOrderNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly standing: string;
  readonly refundedMinor: number;
}
const payment = statement<CasePayment, [number]>(
  'case_payment',
  `select y.id, y.trade_no as "tradeNo", a.name as account, a.provider, y.order_no as "claimedOrderNo",
     y.amount_minor as "amountMinor", y.currency, y.standing, y.refunded_minor as "refundedMinor"
   from cases c join payments y on y.id = coalesce(c.payment_id,
       (select p.id from payments p where p.order_id = c.order_id and p.standing in ('accepted', 'late', 'matched') order by p.id limit 1))
     join payment_accounts a on a.id = y.account_id where c.id = $1`,
);
const ofOrder = statement<CaseRow, [number]>('cases_of_order', `select ${columns} from ${joined} where c.order_id = $1 order by c.id desc limit 50`); // prettier-ignore
const queue = (open: boolean, order: string): string => `select ${columns} from ${joined}
   where c.closed_at is ${open ? '' : 'not '}null and ($1::text is null or c.kind = $1)
     and ($2::text is null or c.order_id = (select id from orders where no = $2)) order by ${order} limit $3 offset $4`;
type PageParams = [CaseKind | null, string | null, number, number];
// What is overdue first; the buyer is asked in those without a date.
const openPage = statement<CaseRow, PageParams>('cases_open', queue(true, 'c.due_at nulls last, c.id'));
const closedPage = statement<CaseRow, PageParams>('cases_closed', queue(false, 'c.id desc'));
const insert = statement<
  { id: number; no: string; fresh: boolean },
  [string, Mode, CaseKind, string, number, ErrorCode | null, number, Buffer | null, string]
>(
  'case_open',
  `with fresh as (
     insert into cases (no, mode, kind, source, order_id, code, opened_by, due_at)
     select $1, $2, $3, $4, $5, $6, $7, ${dueOf('$3')}
     on conflict (order_id, kind) where closed_at is null and payment_id is null do nothing
     returning id, no
   ), found as (
     select id, no, true as fresh from fresh
     union all select id, no, false from cases where order_id = $5 and kind = $3 and closed_at is null and payment_id is null and not exists (select from fresh)
   ), said as (
     insert into case_messages (case_id, side, actor_id, body) select id, $9, $7, $8 from found where $8::bytea is not null
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $7, 'case_opened', $5, jsonb_build_object('case', id, 'kind', $3::text, 'source', $4::text) from fresh
   )
   select * from found`,
);
const say = statement<object, [number, 'buyer' | 'staff' | 'internal', number, Buffer, boolean]>(
  'case_say',
  `with said as (
     insert into case_messages (case_id, side, actor_id, body) values ($1, $2, $3, $4)
   )
   update cases set next_look_at = now(),
     state = case when $2 = 'staff' and $5 and state = 'open' then 'asked' when $2 = 'buyer' and state = 'asked' then 'open' else state end,
     left_ms = case when $2 = 'staff' and $5 and state = 'open' then greatest(extract(epoch from due_at - now()) * 1000, 0)::bigint else left_ms end,
     due_at = case when $2 = 'staff' and $5 and state = 'open' then null
                   when $2 = 'buyer' and state = 'asked' then now() + coalesce(left_ms, 0) * interval '1 millisecond' else due_at end
   where id = $1`,
);
const messages = statement<{ side: string; by: string; body: Buffer; at: Date }, [number, boolean]>(
  'case_messages',
  `select m.side, a.name as by, m.body, m.at from case_messages m join actors a on a.id = m.actor_id
   where m.case_id = $1 and ($2 or m.side <> 'internal') order by m.id limit 500`,
);
const earlier = statement<{ caseId: number; kind: CaseAction; by: string }, [string, number]>(
  'case_action_earlier',
  `select x.case_id as "caseId", x.kind, a.name as by from case_actions x join actors a on a.id = x.actor_id
   where x.id = $1::uuid or (x.case_id = $2 and x.state <> 'failed') order by (x.id = $1::uuid) desc limit 1`,
);
const want = statement<object, [string, number, CaseAction, number, string]>(
  'case_want',
  `with wanted as (
     insert into case_actions (id, case_id, kind, actor_id, detail) values ($1, $2, $3, $4, $5::jsonb)
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $4, 'case_' || $3::text, order_id, jsonb_build_object('case', id, 'action', $1::uuid) from cases where id = $2
   )
   update cases set state = 'working', next_look_at = now() where id = $2`,
);
const due = statement<{ id: number; no: string }, []>(
  'cases_due',
  `with due as (select id from cases where next_look_at <= now() order by next_look_at limit 50 for update skip locked)
   update cases c set next_look_at = now() + interval '30 seconds' from due where c.id = due.id returning c.id, c.no`,
);

export interface NewCase {
  readonly no: string;
  readonly mode: Mode;
  readonly kind: CaseKind;
  readonly source: 'buyer' | 'staff' | 'provider' | 'rule' | 'system';
  readonly orderId: number;
  readonly code?: ErrorCode;
  readonly actorId: number;
  /** First words, sealed. */
  readonly body?: Buffer;
}

/** Opens a case, or finds the open one of that kind: the words are added to it. */
export async function openCase(db: Queryable, c: NewCase): Promise<{ id: number; no: string; fresh: boolean }> {
  const side = c.source === 'buyer' ? 'buyer' : 'internal';
  const [row] = await insert(db, [c.no, c.mode, c.kind, c.source, c.orderId, c.code ?? null, c.actorId, c.body ?? null, side]); // prettier-ignore
  if (!row) throw new Error('a case was neither opened nor found');
  return row;
}

export async function caseByNo(db: Queryable, no: string): Promise<CaseRow | undefined> {
  return (await byNo(db, [no]))[0];
}

export async function lockCase(tx: Transaction, no: string): Promise<CaseRow | undefined> {
  return (await lockByNo(tx, [no]))[0];
}

export function casesOfOrder(db: Queryable, orderId: number): Promise<CaseRow[]> {
  return ofOrder(db, [orderId]);
}

/** The keys that its order shows now. */
export function caseKeys(db: Queryable, caseId: number): Promise<CaseKey[]> {
  return keys(db, [caseId]);
}

/** The buyer says which: by the lines on the page. */
export async function nameCaseLines(db: Queryable, caseId: number, lines: readonly number[]): Promise<void> {
  await nameLines(db, [caseId, [...lines]]);
}

/** The payment that a case is about: its own, else the one that carries its order. */
export async function casePayment(db: Queryable, caseId: number): Promise<CasePayment | undefined> {
  return (await payment(db, [caseId]))[0];
}

/** Open ones by what is due first, closed ones newest first. */
export function casePage(
  db: Queryable,
  wanted: {
    open: boolean;
    kind?: CaseKind | undefined;
    orderNo?: string | undefined;
    limit: number;
    offset: number;
  },
): Promise<CaseRow[]> {
  const page = wanted.open ? openPage : closedPage;
  return page(db, [wanted.kind ?? null, wanted.orderNo ?? null, wanted.limit, wanted.offset]);
}

/** `ask`: the buyer must answer before staff can go on; the clock stands still. */
export async function sayInCase(
  tx: Transaction,
  caseId: number,
  message: { side: 'buyer' | 'staff' | 'internal'; actorId: number; body: Buffer; ask?: boolean },
): Promise<void> {
  await say(tx, [caseId, message.side, message.actorId, message.body, message.ask ?? false]);
}

export function caseMessages(
  db: Queryable,
  caseId: number,
  internal: boolean,
): Promise<{ side: string; by: string; body: Buffer; at: Date }[]> {
  return messages(db, [caseId, internal]);
}

/** The action with this id, else the decision that stands. */
export async function earlierDecision(
  tx: Transaction,
  actionId: string,
  caseId: number,
): Promise<{ caseId: number; kind: CaseAction; by: string } | undefined> {
  return (await earlier(tx, [actionId, caseId]))[0];
}

/** A decision: a row first, carried out by the story of the case. */
export async function wantOutcome(
  tx: Transaction,
  action: { id: string; caseId: number; kind: CaseAction; actorId: number; detail: object },
): Promise<void> {
  await want(tx, [action.id, action.caseId, action.kind, action.actorId, JSON.stringify(action.detail)]);
}

/** Cases whose story is to be started or woken; nobody else gets them for half a minute. */
export function dueCases(db: Queryable): Promise<{ id: number; no: string }[]> {
  return due(db, []);
}
