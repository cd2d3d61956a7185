/** What suppliers did with the purchases of a window (E3, E7). */
import type { Mode } from '../domain/order.ts';
import { statement, type Queryable } from './sql.ts';

export interface SupplierFigures {
  readonly id: number;
  readonly name: string;
  readonly bought: number;
  readonly delivered: number;
  /** Refused, or never arrived. */
  readonly failed: number;
  /** On the wire, pending, unknown or in review. */
  readonly open: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}
const ms = (share: number): string =>
  `round((percentile_cont(${share}) within group (order by extract(epoch from p.settled_at - p.created_at)::float8 * 1000) filter (where p.state = 'delivered'))::numeric)::int`;
const figures = statement<SupplierFigures, [Mode, Date, Date]>(
  'supplier_figures',
  `select s.id, s.name, count(*)::int as bought, (count(*) filter (where p.state = 'delivered'))::int as delivered,
     (count(*) filter (where p.state in ('refused', 'absent')))::int as failed,
     (count(*) filter (where p.state in ('planned', 'placing', 'accepted', 'unknown', 'review')))::int as open,
     ${ms(0.5)} as "p50Ms", ${ms(0.99)} as "p99Ms"
   from purchases p join supplier_accounts s on s.id = p.supplier_id
   where p.mode = $1 and p.created_at >= $2 and p.created_at < $3 group by s.id, s.name order by count(*) desc limit 20`,
);
export function supplierFigures(db: Queryable, mode: Mode, from: Date, to: Date): Promise<SupplierFigures[]> {
  return figures(db, [mode, from, to]);
}
