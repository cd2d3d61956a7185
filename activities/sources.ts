/** Where goods come from besides the own pool. */
import type { PaidOrder } from '../db/delivery.ts';
import type { Transaction } from '../db/sql.ts';

/** The source that is asked first unless staff chose another. */
export const ownPool = 'pool';

type FindSources = (tx: Transaction, order: PaidOrder) => Promise<readonly string[]>;

/** Further sources of an order, best first, asked under its row lock when the own pool cannot serve it. None yet. */
export const otherSources: FindSources = () => Promise.resolve([]);
