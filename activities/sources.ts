/** Where goods come from besides the own pool. */
import type { PaidOrder } from '../db/delivery.ts';
import { purchaseCandidates } from '../db/purchases.ts';
import type { Transaction } from '../db/sql.ts';

/** The source that is asked first unless staff or the product say otherwise. */
export const ownPool = 'pool';
/** All suppliers of the product, by priority. */
export const suppliers = 'suppliers';

/** `supplier:7`: only this one, as staff chose. */
export function supplierSource(supplierId: number): string {
  return `supplier:${supplierId}`;
}

/** The supplier that a source names; undefined for all of them, null for what is no source of purchases. */
export function supplierOf(source: string): number | undefined | null {
  if (source === suppliers) return undefined;
  const id = /^supplier:(\d{1,15})$/.exec(source)?.[1];
  return id === undefined ? null : Number(id);
}

/** Further sources of an order, best first, asked under its row lock when the own pool cannot serve it. */
export async function otherSources(tx: Transaction, order: PaidOrder): Promise<readonly string[]> {
  const found = await purchaseCandidates(tx, order);
  return found.length === 0 ? [] : [suppliers, ...new Set(found.map((c) => supplierSource(c.supplierId)))];
}
