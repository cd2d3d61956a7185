/** Purchases as people see them. */
import type { Mode } from '../domain/order.ts';
import type { PurchaseState, Refusal } from '../domain/supplier.ts';
import { statement, type Queryable } from './sql.ts';

export interface PurchaseRow {
  readonly id: number;
  readonly ref: string;
  readonly orderNo: string;
  readonly sku: string;
  readonly productName: string;
  readonly supplierId: number;
  readonly supplier: string;
  readonly kind: string;
  readonly mode: Mode;
  readonly quantity: number;
  readonly state: PurchaseState;
  readonly refusal: Refusal | null;
  readonly evidence: string | null;
  readonly problems: readonly { line: number; problem: string }[];
  readonly supplierRef: string | null;
  readonly costMinor: number | null;
  readonly currency: string;
  readonly createdAt: Date;
  readonly placedAt: Date | null;
  readonly settledAt: Date | null;
  readonly balanceBeforeMinor: number | null;
}

const text = (where: string): string => `select p.id, p.ref, o.no as "orderNo", r.sku, r.name as "productName",
    p.supplier_id as "supplierId", s.name as supplier, s.kind, p.mode, p.quantity, p.state, p.refusal, p.evidence, p.problems,
    p.supplier_ref as "supplierRef", p.cost_minor as "costMinor", p.currency, p.created_at as "createdAt",
    p.placed_at as "placedAt", p.settled_at as "settledAt", p.balance_before_minor as "balanceBeforeMinor"
  from purchases p join orders o on o.id = p.order_id join products r on r.id = o.product_id
  join supplier_accounts s on s.id = p.supplier_id where ${where}`;

const byId = statement<PurchaseRow, [number]>('purchase_view', text('p.id = $1'));
const page = statement<PurchaseRow, [string[] | null, number | null, string | null, number | null, number]>(
  'purchase_page',
  `${text(`($1::text[] is null or p.state = any ($1)) and ($2::bigint is null or p.supplier_id = $2)
    and ($3::text is null or p.order_id = (select id from orders where no = $3)) and ($4::bigint is null or p.id < $4)`)}
   order by p.id desc limit $5`,
);

export async function purchaseView(db: Queryable, id: number): Promise<PurchaseRow | undefined> {
  return (await byId(db, [id]))[0];
}

/** The newest first; `before` is the id of the last one of the page before. */
export function purchasePage(
  db: Queryable,
  wanted: {
    readonly states?: readonly PurchaseState[] | undefined;
    readonly supplierId?: number | undefined;
    readonly orderNo?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<PurchaseRow[]> {
  const { states, supplierId, orderNo, before, limit } = wanted;
  return page(db, [states ? [...states] : null, supplierId ?? null, orderNo ?? null, before ?? null, limit]);
}

const reveal = statement<{ held: Buffer }, [number, number, string]>(
  'purchase_reveal',
  `with noted as (
     insert into audit (actor_id, action, order_id, detail)
     select $2, 'purchase_revealed', order_id, jsonb_build_object('purchase', id, 'reason', $3::text)
     from purchases where id = $1 and held is not null
   )
   select held from purchases where id = $1 and held is not null`,
);

/** What is held for review, sealed; the look is audited with its reason. Undefined if nothing is held. */
export async function revealHeld(
  db: Queryable,
  id: number,
  actorId: number,
  reason: string,
): Promise<Buffer | undefined> {
  return (await reveal(db, [id, actorId, reason]))[0]?.held;
}
