/** Single keys, for people: found, looked at with a reason, taken out of the pool; many of them leave as a file. */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import { one, statement, transaction, type Pool, type Queryable } from './sql.ts';

export const cardStates = ['available', 'held', 'sold', 'expired', 'void'] as const;
export type CardState = (typeof cardStates)[number];

export interface CardRow {
  readonly id: number;
  readonly productId: number;
  readonly batchId: number;
  readonly mode: Mode;
  readonly state: CardState;
  readonly orderNo: string | null;
  readonly soldAt: Date | null;
  readonly expiresAt: Date | null;
  readonly heldUntil: Date | null;
  readonly number: string | null;
  readonly surchargeMinor: number | null;
}
const columns = `c.id, c.product_id as "productId", c.batch_id as "batchId", c.mode, c.state, o.no as "orderNo", c.sold_at as "soldAt",
  c.expires_at as "expiresAt", nullif(c.held_until, 'infinity') as "heldUntil", c.label as number, c.surcharge_minor as "surchargeMinor"`;

const find = statement<CardRow, [number, CardState | null, number | null, number | null, number]>(
  'cards_find',
  `select ${columns} from cards c left join orders o on o.id = c.order_id
   where c.product_id = $1 and ($2::text is null or c.state = $2) and ($3::bigint is null or c.batch_id = $3)
     and ($4::bigint is null or c.id < $4) order by c.id desc limit $5`,
);
/** Keys of a product without their texts, newest first. */
export function findCards(
  db: Queryable,
  productId: number,
  filter: { state?: CardState | undefined; batchId?: number | undefined; after?: number | undefined; limit: number },
): Promise<CardRow[]> {
  return find(db, [productId, filter.state ?? null, filter.batchId ?? null, filter.after ?? null, filter.limit]);
}

const byFingerprint = statement<CardRow, [number, Buffer]>(
  'card_by_fingerprint',
  `select ${columns} from cards c left join orders o on o.id = c.order_id where c.product_id = $1 and c.fingerprint = $2`,
);
/** Where a product's key is that somebody has in hand. */
export async function cardByFingerprint(
  db: Queryable,
  productId: number,
  fingerprint: Buffer,
): Promise<CardRow | undefined> {
  // prettier-ignore
  return (await byFingerprint(db, [productId, fingerprint]))[0];
}

export interface OpenableCard {
  readonly id: number;
  readonly productId: number;
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
}
/** `labels`: names of its parts, of a sold key as they were when it was sold. */
export interface RevealedCard extends OpenableCard {
  readonly labels: readonly string[];
}
const reveal = statement<RevealedCard, [number, number, string]>(
  'card_reveal',
  `with shown as (
     select id, product_id, order_id, ciphertext, fingerprint from cards where id = $1
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $2, 'card_revealed', order_id, jsonb_build_object('card', id, 'product', product_id, 'reason', $3::text) from shown
   )
   select s.id, s.product_id as "productId", s.ciphertext, s.fingerprint, coalesce(o.part_labels, p.part_labels) as labels
   from shown s join products p on p.id = s.product_id left join orders o on o.id = s.order_id`,
);
/** A key for a person who says why; audited by the statement that reads it. */
export async function revealCard(db: Queryable, id: number, actorId: number, reason: string): Promise<RevealedCard> {
  const card = (await reveal(db, [id, actorId, reason]))[0];
  if (!card) throw new KnownError('CARD_NOT_FOUND');
  return card;
}

const voidOne = statement<{ id: number }, [number, number, string]>(
  'card_void',
  `with gone as (
     update cards set state = 'void' where id = $1 and state in ('available', 'expired') returning id, product_id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $2, 'card_voided', jsonb_build_object('card', id, 'product', product_id, 'reason', $3::text) from gone
   )
   select id from gone`,
);
const stateOf = statement<{ state: CardState }, [number]>('card_state', 'select state from cards where id = $1');
/** 作废: a bad key leaves the pool for good. Throws CARD_NOT_FOUND, or CARD_STATE if it is held or sold. */
export async function voidCard(db: Queryable, id: number, actorId: number, reason: string): Promise<void> {
  if ((await voidOne(db, [id, actorId, reason])).length > 0) return;
  const [card] = await stateOf(db, [id]);
  throw card ? new KnownError('CARD_STATE', { state: card.state }) : new KnownError('CARD_NOT_FOUND');
}

// ---- export: many keys, by a right of its own, approved by a second person where the setting says so ----

export interface ExportRow {
  readonly id: number;
  readonly productId: number;
  readonly mode: Mode;
  readonly batchId: number | null;
  readonly cardState: CardState;
  readonly reason: string;
  readonly state: 'asked' | 'approved' | 'refused' | 'taken' | 'expired';
  readonly askedBy: string;
  readonly decidedBy: string | null;
  readonly createdAt: Date;
  readonly cards: number | null;
}
const exportColumns = `e.id, e.product_id as "productId", e.mode, e.batch_id as "batchId", e.card_state as "cardState", e.reason, e.state,
  a.name as "askedBy", d.name as "decidedBy", e.created_at as "createdAt", e.cards
  from card_exports e join actors a on a.id = e.asked_by left join actors d on d.id = e.decided_by`;

const ask = statement<{ id: number }, [number, Mode, number | null, CardState, string, boolean, number]>(
  'export_ask',
  `with asked as (
     insert into card_exports (product_id, mode, batch_id, card_state, reason, state, asked_by)
     values ($1, $2, $3, $4, $5, case when $6 then 'asked' else 'approved' end, $7) returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $7, 'export_asked', jsonb_build_object('export', id, 'product', $1::bigint, 'reason', $5::text) from asked
   )
   select id from asked`,
);
export async function askExport(
  db: Queryable,
  given: { productId: number; mode: Mode; batchId: number | null; cardState: CardState; reason: string },
  needsSecond: boolean,
  actorId: number,
): Promise<number> {
  const { productId, mode, batchId, cardState, reason } = given;
  return one(await ask(db, [productId, mode, batchId, cardState, reason, needsSecond, actorId])).id;
}

const exportById = statement<ExportRow & { askedById: number }, [number]>(
  'export_by_id',
  `select e.asked_by as "askedById", ${exportColumns} where e.id = $1`,
);
const exports = statement<ExportRow, [number]>('exports_recent', `select ${exportColumns} order by e.id desc limit $1`);
export async function exportRow(db: Queryable, id: number): Promise<ExportRow> {
  const row = (await exportById(db, [id]))[0];
  if (!row) throw new KnownError('EXPORT_NOT_FOUND');
  return row;
}
export function recentExports(db: Queryable, limit = 50): Promise<ExportRow[]> {
  return exports(db, [limit]);
}

const lockExport = statement<{ askedById: number; state: ExportRow['state'] }, [number]>(
  'export_lock',
  'select asked_by as "askedById", state from card_exports where id = $1 for update',
);
const decide = statement<object, [number, 'approved' | 'refused', number]>(
  'export_decide',
  `with decided as (
     update card_exports set state = $2, decided_by = $3, decided_at = now() where id = $1 returning id, product_id
   )
   insert into audit (actor_id, action, detail)
   select $3, 'export_' || $2, jsonb_build_object('export', id, 'product', product_id) from decided`,
);
/** A second person says yes or no. Throws EXPORT_NOT_FOUND, EXPORT_STATE, EXPORT_SAME_PERSON. */
export async function decideExport(pool: Pool, id: number, to: 'approved' | 'refused', actorId: number): Promise<void> {
  await transaction(pool, async (tx) => {
    const row = (await lockExport(tx, [id]))[0];
    if (!row) throw new KnownError('EXPORT_NOT_FOUND');
    if (row.state !== 'asked') throw new KnownError('EXPORT_STATE', { state: row.state });
    if (to === 'approved' && row.askedById === actorId) throw new KnownError('EXPORT_SAME_PERSON');
    await decide(tx, [id, to, actorId]);
  });
}

const take = statement<{ id: number }, [number, number]>(
  'export_take',
  `with taken as (
     update card_exports set state = 'taken', taken_at = now()
     where id = $1 and asked_by = $2 and state = 'approved' and created_at > now() - interval '24 hours' returning id, product_id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $2, 'export_taken', jsonb_build_object('export', id, 'product', product_id) from taken
   )
   select id from taken`,
);
/** The file is handed out once, to the person who asked, within a day; audited before the first key leaves. */
export async function takeExport(db: Queryable, id: number, actorId: number): Promise<ExportRow> {
  const row = await exportRow(db, id);
  if ((await take(db, [id, actorId])).length === 0) throw new KnownError('EXPORT_STATE', { state: row.state });
  return row;
}

const page =
  statement<OpenableCard & { soldAt: Date | null; orderNo: string | null }, [number, Mode, CardState, number | null, number]> // prettier-ignore
  (
    'export_page',
    `select c.id, c.product_id as "productId", c.ciphertext, c.fingerprint, c.sold_at as "soldAt", o.no as "orderNo"
   from cards c left join orders o on o.id = c.order_id
   where c.product_id = $1 and c.mode = $2 and c.state = $3 and ($4::bigint is null or c.batch_id = $4) and c.id > $5
   order by c.id limit 1000`,
  );
export function exportPage(
  db: Queryable,
  row: ExportRow,
  after: number,
): Promise<(OpenableCard & { soldAt: Date | null; orderNo: string | null })[]> {
  return page(db, [row.productId, row.mode, row.cardState, row.batchId, after]);
}
const counted = statement<object, [number, number]>('export_counted', 'update card_exports set cards = $2 where id = $1'); // prettier-ignore
export async function countExport(db: Queryable, id: number, cards: number): Promise<void> {
  await counted(db, [id, cards]);
}
