/**
 * Purchases: a row before each call to a supplier, and where it stands. Locks are always taken in this order: the order's
 * row, the supplier's advisory lock, the purchase's row.
 */
import type { Mode } from '../domain/order.ts';
import type { PurchaseState, Refusal } from '../domain/supplier.ts';
import type { PaidOrder } from './delivery.ts';
import { actors, advisory } from './locks.ts';
import { statement, type Queryable, type Transaction } from './sql.ts';

export interface StoredPurchase {
  readonly id: number;
  readonly ref: string;
  readonly orderId: number;
  readonly orderNo: string;
  readonly productId: number;
  readonly sourceId: number;
  readonly supplierId: number;
  readonly mode: Mode;
  readonly quantity: number;
  readonly state: PurchaseState;
  readonly supplierRef: string | null;
  readonly asked: number;
  readonly absentForMs: number | null;
  /** Until the next question may be asked; null if none is planned. */
  readonly askInMs: number | null;
  /** Since the call went out. */
  readonly placedForMs: number | null;
  readonly held: Buffer | null;
  /** Its order has ended without goods. */
  readonly orderEnded: boolean;
  /** What came of calling it off; null: not tried, or without an answer. */
  readonly calledOff: 'cancelled' | 'too-late' | null;
  readonly supplierSku: string;
  readonly options: Readonly<Record<string, string>>;
  readonly unitCeilingMinor: number | null;
  readonly pattern: string | null;
  readonly target: Buffer | null;
  readonly supplier: {
    readonly id: number;
    readonly kind: string;
    readonly mode: Mode;
    readonly currency: string;
    readonly config: Buffer;
  };
}

const since = (column: string): string => `(extract(epoch from now() - p.${column}) * 1000)::float`;
const columns = `p.id, p.ref, p.order_id as "orderId", o.no as "orderNo", o.product_id as "productId",
    p.source_id as "sourceId", p.supplier_id as "supplierId", p.mode, p.quantity, p.state, p.supplier_ref as "supplierRef", p.asked,
    ${since('absent_since')} as "absentForMs", -${since('next_ask_at')} as "askInMs", ${since('placed_at')} as "placedForMs",
    p.held, p.called_off as "calledOff", o.done_at is not null and o.released_at is null as "orderEnded", s.supplier_sku as "supplierSku", s.options, s.unit_ceiling_minor as "unitCeilingMinor", s.pattern, o.target,
    a.kind, a.currency, encode(a.config, 'base64') as config`;
const joined = `purchases p join orders o on o.id = p.order_id join product_sources s on s.id = p.source_id
    join supplier_accounts a on a.id = p.supplier_id`;
type Row = Omit<StoredPurchase, 'supplier'> & { kind: string; currency: string; config: string };

const openOf = statement<Row, [number]>(
  'purchase_open_of_order',
  `select ${columns} from ${joined}
   where p.order_id = $1 and p.state in ('planned', 'placing', 'accepted', 'unknown', 'review')`,
);
const lockById = statement<Row, [number]>(
  'purchase_lock',
  `select ${columns} from ${joined} where p.id = $1 for update of p`,
);
const orderOf = statement<{ orderId: number }, [number]>(
  'purchase_order',
  'select order_id as "orderId" from purchases where id = $1',
);
// Nobody drives these: their order has ended, or waits for people while the supplier can still be asked.
const orphans = statement<Row, [number]>(
  'purchases_orphaned',
  `select ${columns} from ${joined}
   where p.state in ('planned', 'placing', 'accepted', 'unknown') and (o.done_at is not null or o.state = 'attention')
     and (p.next_ask_at <= now() or (p.next_ask_at is null and p.state in ('planned', 'placing') and p.created_at < now() - interval '1 minute'))
   order by p.next_ask_at limit $1`,
);

function made({ kind, currency, config, ...row }: Row): StoredPurchase {
  const supplier = { id: row.supplierId, kind, mode: row.mode, currency, config: Buffer.from(config, 'base64') };
  return { ...row, supplier };
}

/** The one purchase of an order that is not ended. */
export async function openPurchase(db: Queryable, orderId: number): Promise<StoredPurchase | undefined> {
  const row = (await openOf(db, [orderId]))[0];
  return row && made(row);
}

/** Under its row lock until the transaction ends. The order's lock comes first: {@link orderOfPurchase}. */
export async function lockPurchase(tx: Transaction, id: number): Promise<StoredPurchase | undefined> {
  const row = (await lockById(tx, [id]))[0];
  return row && made(row);
}

export async function orderOfPurchase(db: Queryable, id: number): Promise<number | undefined> {
  return (await orderOf(db, [id]))[0]?.orderId;
}

export async function orphanedPurchases(db: Queryable, limit: number): Promise<StoredPurchase[]> {
  return (await orphans(db, [limit])).map(made);
}

export interface Candidate {
  readonly sourceId: number;
  readonly supplierId: number;
  readonly kind: string;
  readonly sick: boolean;
  /** A purchase by this source that surely never arrived: it goes out again under the same reference. */
  readonly absentId: number | null;
}

const candidates = statement<Candidate, [number, number, Mode, number | null]>(
  'purchase_candidates',
  `select s.id as "sourceId", a.id as "supplierId", a.kind, coalesce(a.breaker_until > now(), false) as sick,
          (select p.id from purchases p where p.order_id = $1 and p.source_id = s.id and p.state = 'absent' order by p.id desc limit 1) as "absentId"
   from product_sources s join supplier_accounts a on a.id = s.supplier_id
   where s.product_id = $2 and a.mode = $3 and s.enabled and a.enabled and ($4::bigint is null or a.id = $4)
   order by s.priority, s.id`,
);
const lockSupplier = statement<object, [number, number]>(
  'purchase_lock_supplier',
  'select pg_advisory_xact_lock($1, $2)',
);
const plan = statement<
  { automatic: boolean; free: boolean; id: number | null },
  [number, number, number, number, number | null]
>(
  'purchase_plan',
  `with gate as materialized (
     select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true) as automatic,
            (select count(*) from purchases where supplier_id = $3 and state in ('planned', 'placing')) < a.max_parallel as free,
            a.mode, a.currency
     from supplier_accounts a where a.id = $3
   ), again as (
     update purchases set state = 'planned', absent_since = null, asked = 0, next_ask_at = null, evidence = null, settled_at = null
     where id = $5 and state = 'absent' and (select automatic and free from gate) returning id
   ), fresh as (
     insert into purchases (ref, order_id, source_id, supplier_id, mode, quantity, currency)
     select o.no || 'P' || (select count(*) + 1 from purchases where order_id = $1), $1, $2, $3, gate.mode, $4, gate.currency
     from gate join orders o on o.id = $1
     where $5::bigint is null and gate.automatic and gate.free
     returning id
   ), mine as (
     select id from again union all select id from fresh
   ), marked as (
     update orders set purchase_id = (select id from mine) where id = $1 and exists (select from mine)
   ), probe as (
     update supplier_accounts set breaker_until = now() + interval '30 seconds'
     where id = $3 and breaker_level > 0 and exists (select from mine)
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.automation}, 'purchase_planned', $1, jsonb_build_object('purchase', id, 'supplier', $3::bigint) from mine
   )
   select gate.automatic, gate.free, (select id from mine) as id from gate`,
);

/** The usable sources of an order, best first. `supplierId`: only this supplier, as staff chose. */
export function purchaseCandidates(tx: Transaction, order: PaidOrder, supplierId?: number): Promise<Candidate[]> {
  return candidates(tx, [order.id, order.productId, order.mode, supplierId ?? null]);
}

/**
 * Writes the row of a purchase that is about to be made, if the switch is on and the supplier has a free place (rule 13:
 * the switch is read here, in the transaction of the row). A sick supplier that is due for a probe gets one at a time.
 */
export async function planPurchase(
  tx: Transaction,
  order: PaidOrder,
  candidate: Candidate,
  quantity: number,
): Promise<{ automatic: boolean; free: boolean; id: number | null }> {
  await lockSupplier(tx, [advisory.supplier, candidate.supplierId]);
  const [row] = await plan(tx, [order.id, candidate.sourceId, candidate.supplierId, quantity, candidate.absentId]);
  return row ?? { automatic: true, free: false, id: null };
}

const begin = statement<{ id: number }, [number]>(
  'purchase_begin',
  `update purchases p set state = 'placing', placed_at = now(), calls = calls + 1,
     balance_before_minor = (select balance_minor from supplier_accounts where id = p.supplier_id)
   where id = $1 and state = 'planned' returning id`,
);

/** From the commit of this on, the call may be on the wire. True for the one who may make it. */
export async function beginPlacing(tx: Transaction, id: number): Promise<boolean> {
  return (await begin(tx, [id])).length > 0;
}

const refusal = statement<{ refusal: Refusal | null }, [number]>(
  'purchase_refusal',
  'select refusal from purchases where id = $1',
);

/** Why a purchase was refused. */
export async function refusalOf(db: Queryable, id: number): Promise<Refusal> {
  return (await refusal(db, [id]))[0]?.refusal ?? 'NOT_SENT';
}

export interface Standing {
  readonly state: Exclude<PurchaseState, 'planned' | 'placing' | 'review' | 'delivered'>;
  readonly refusal?: Refusal;
  readonly evidence?: string;
  readonly supplierRef?: string;
  readonly costMinor?: number;
  /** Milliseconds until the next question. */
  readonly askInMs?: number;
}

const stand = statement<
  object,
  [number, PurchaseState, Refusal | null, string | null, string | null, number | null, number | null, number]
>(
  'purchase_stand',
  `with moved as (
     update purchases set state = $2, refusal = coalesce($3, refusal), evidence = coalesce($4, evidence), held = null,
       supplier_ref = coalesce($5, supplier_ref), cost_minor = coalesce($6, cost_minor),
       asked = case when state = $2 then asked + 1 else 0 end,
       next_ask_at = case when $7::float is not null then now() + $7 * interval '1 millisecond' end,
       absent_since = case when $2 = 'absent' then absent_since end,
       settled_at = case when $2 in ('refused', 'absent') then now() end
     where id = $1 returning order_id
   ), ended as (
     update orders set purchase_id = null where id = (select order_id from moved) and purchase_id = $1 and $2 in ('refused', 'absent')
   )
   insert into audit (actor_id, action, order_id, detail)
   select $8, 'purchase_' || $2::text, order_id, jsonb_strip_nulls(jsonb_build_object('purchase', $1::bigint, 'reason', $3::text, 'evidence', $4::text))
   from moved`,
);
const askLater = statement<object, [number, number, boolean]>(
  'purchase_ask_later',
  `update purchases set asked = asked + 1, next_ask_at = now() + $2 * interval '1 millisecond',
     absent_since = case when $3 then coalesce(absent_since, now()) else absent_since end
   where id = $1`,
);

/** Moves a purchase that this transaction has locked. The caller has checked that it may. */
export async function movePurchase(
  tx: Transaction,
  id: number,
  to: Standing,
  actorId: number = actors.automation,
): Promise<void> {
  const { state, refusal, evidence, supplierRef, costMinor, askInMs } = to;
  await stand(tx, [id, state, refusal ?? null, evidence ?? null, supplierRef ?? null, costMinor ?? null, askInMs ?? null, actorId]); // prettier-ignore
}

/** No answer that counts: the question comes again. `absent`: the supplier said that it knows nothing of it. */
export async function askAgain(tx: Transaction, id: number, ms: number, absent: boolean): Promise<void> {
  await askLater(tx, [id, ms, absent]);
}
