/**
 * What an order does when something fails, as sold: a snapshot on the order, clamped here before it is taken.
 * `maximumAttempts: 0` in workflow code hangs an order for ever, so a number of attempts is never below 1 (rule 9).
 */

export interface DeliveryPolicy {
  /** Tries after the first one (发货失败时自动重试). */
  readonly retries: number;
  /** Constant pause between two tries, in milliseconds. */
  readonly intervalMs: number;
}

export const defaultDeliveryPolicy: DeliveryPolicy = { retries: 3, intervalMs: 5 * 60_000 };

const limits = { retries: [0, 20], intervalMs: [1_000, 24 * 3_600_000] } as const;

function clamp(value: unknown, fallback: number, [low, high]: readonly [number, number]): number {
  const number = typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : fallback;
  return Math.min(high, Math.max(low, number));
}

/** Values out of range are brought into it, missing or malformed ones become the default. */
export function clampDeliveryPolicy(raw: unknown): DeliveryPolicy {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  return {
    retries: clamp(given['retries'], defaultDeliveryPolicy.retries, limits.retries),
    intervalMs: clamp(given['intervalMs'], defaultDeliveryPolicy.intervalMs, limits.intervalMs),
  };
}

/** First try + retries; at least 1 whatever came in. */
export function attemptsOf(policy: DeliveryPolicy): number {
  return clampDeliveryPolicy(policy).retries + 1;
}

/** How long an order may stand still before reconcile looks at it, in milliseconds. */
export const deadlines = {
  /** Automation is at work: seconds are usual. */
  working: 30_000,
  /** A person or a delivery of stock is awaited. */
  waiting: 3_600_000,
  /** The story itself looks again a little earlier, so that reconcile finds only those that really stand still. */
  look: 3_300_000,
} as const;

/** How long a step under this policy may take with all its retries, in milliseconds. */
export function spanOf(policy: DeliveryPolicy): number {
  return attemptsOf(policy) * (clampDeliveryPolicy(policy).intervalMs + 30_000);
}
