/** A day's books of a provider: which day, and what a line of them tells. */

/** One paid trade of a statement. */
export interface FoundLine {
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly currency: string;
}

const beijingMs = 8 * 3_600_000;

/**
 * The day whose books can be fetched at `now`, YYYY-MM-DD in Beijing: providers make yesterday's in the course of the
 * morning, so it changes at 10:00 there.
 */
export function statementDay(now: Date): string {
  return new Date(now.getTime() + beijingMs - 34 * 3_600_000).toISOString().slice(0, 10);
}
