/** Exception rules (C5), asked once per order, before anything is allocated; the story learns only the verdict. */
import { markRuled, type PaidOrder } from '../db/delivery.ts';
import type { Transaction } from '../db/sql.ts';
import type { ActivityDeps } from './deps.ts';
import type { Outcome } from './outcome.ts';

/** An outcome if a rule sends the order to people. */
export async function exception(_deps: ActivityDeps, tx: Transaction, order: PaidOrder): Promise<Outcome | undefined> {
  await markRuled(tx, order.id);
  return undefined;
}
