/**
 * What an order does when something fails, as sold: a snapshot on the order, clamped here before it is taken.
 * `maximumAttempts: 0` in workflow code hangs an order for ever, so a number of attempts is never below 1 (rule 9).
 */
import { isErrorCode, type ErrorCode } from './errors.ts';

export interface Retrying {
  /** Tries after the first one (发货失败时自动重试). */
  readonly retries: number;
  /** Constant pause between two tries, in milliseconds. */
  readonly intervalMs: number;
}

export interface DeliveryPolicy extends Retrying {
  /** Failures that are treated otherwise. */
  readonly kinds?: Readonly<Partial<Record<ErrorCode, Retrying>>>;
}

export const defaultDeliveryPolicy: DeliveryPolicy = { retries: 3, intervalMs: 5 * 60_000 };

/** Trying again cannot help: straight to people, unless a policy says otherwise. */
const helpless: ReadonlySet<ErrorCode> = new Set([
  'ORDER_NOT_FOUND',
  'ACCOUNT_NOT_FOUND',
  'ACCOUNT_CONFIG_INVALID',
  'KEY_UNREADABLE',
]);

const limits = { retries: [0, 20], intervalMs: [1_000, 24 * 3_600_000] } as const;

function clamp(value: unknown, fallback: number, [low, high]: readonly [number, number]): number {
  const number = typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : fallback;
  return Math.min(high, Math.max(low, number));
}

function clampRetrying(raw: unknown, fallback: Retrying): Retrying {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  return {
    retries: clamp(given['retries'], fallback.retries, limits.retries),
    intervalMs: clamp(given['intervalMs'], fallback.intervalMs, limits.intervalMs),
  };
}

/** Values out of range are brought into it, missing or malformed ones become the default, unknown kinds are dropped. */
export function clampDeliveryPolicy(raw: unknown): DeliveryPolicy {
  const base = clampRetrying(raw, defaultDeliveryPolicy);
  const given = typeof raw === 'object' && raw !== null ? (raw as { kinds?: unknown }).kinds : undefined;
  const kinds = Object.entries(typeof given === 'object' && given !== null ? given : {})
    .filter(([code]) => isErrorCode(code))
    .map(([code, value]) => [code, clampRetrying(value, base)] as const);
  return kinds.length > 0 ? { ...base, kinds: Object.fromEntries(kinds) } : base;
}

/** A product's policy over the global one; the kinds of both count, the product's first. */
export function mergePolicies(global: unknown, product: unknown): DeliveryPolicy {
  const [over, under] = [product, global].map((raw) =>
    typeof raw === 'object' && raw !== null ? (raw as { kinds?: object }) : {},
  );
  return clampDeliveryPolicy({ ...under, ...over, kinds: { ...under?.kinds, ...over?.kinds } });
}

/** How a failure of this kind is tried again. */
export function retryingOf(policy: DeliveryPolicy, code: ErrorCode): Retrying {
  const { kinds, ...base } = clampDeliveryPolicy(policy);
  return kinds?.[code] ?? (helpless.has(code) ? { ...base, retries: 0 } : base);
}

function everyRetrying(policy: DeliveryPolicy): Retrying[] {
  const { kinds, ...base } = clampDeliveryPolicy(policy);
  return [base, ...Object.values(kinds ?? {})];
}

/** First try + retries of the most patient kind; at least 1 whatever came in. */
export function attemptsOf(policy: DeliveryPolicy): number {
  return Math.max(...everyRetrying(policy).map((each) => each.retries)) + 1;
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
  const slowest = Math.max(...everyRetrying(policy).map((each) => each.intervalMs));
  return attemptsOf(policy) * (slowest + 30_000);
}
