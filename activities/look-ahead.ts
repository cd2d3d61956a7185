/** When a story that waits for people looks again: at the next rung of the ladder, so that its timer shows that deadline. */
import { ladderAhead } from '../db/ladder.ts';
import type { Transaction } from '../db/sql.ts';
import type { Outcome } from './outcome.ts';

/** The loop that climbs may be a moment late: a rung that is due already is looked for again after this, in milliseconds. */
const overdueMs = 60_000;

/** The same outcome; one that waits learns of the ladder's next deadline, which is a row: the timer only shows it. */
export async function withLadder<T>(tx: Transaction, orderId: number, value: T | Outcome): Promise<T | Outcome> {
  if (!waitsForPeople(value)) return value;
  const next = await ladderAhead(tx, orderId);
  if (!next) return value;
  const left = next.at.getTime() - Date.now();
  const at = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: next.zone }).format(next.at); // prettier-ignore
  return { ...value, forMs: Math.min(value.forMs, left > 0 ? left + 1_000 : overdueMs), rung: next.rung, at };
}

function waitsForPeople(value: unknown): value is Extract<Outcome, { next: 'wait' }> {
  const wait = value as Partial<Extract<Outcome, { next: 'wait' }>> | undefined;
  return typeof value === 'object' && value !== null && wait?.next === 'wait' && wait.state !== 'paid';
}
