/** Buying what the own pool does not have. */
import type { ActivityDeps } from './deps.ts';
import { deliveryFailure } from './failures.ts';
import type { Outcome } from './outcome.ts';

type Purchase = (deps: ActivityDeps, orderId: number, source: string) => Promise<Outcome>;

/** One attempt at one source. There is no source but the own pool yet, so any other is unknown. */
export const purchase: Purchase = () => Promise.reject(deliveryFailure('SOURCE_UNKNOWN', false));
