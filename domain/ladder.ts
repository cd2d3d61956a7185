/**
 * How trouble climbs (C6): staff hear of it at once (as an incident), then the owner, then the buyer is told that it
 * takes longer, then a refund is proposed. Deadlines are rows; the times count from the opening of the task.
 */
import { whole } from './settings.ts';

export interface Ladder {
  /** Minutes after the opening; null leaves the rung out. */
  readonly ownerMinutes: number | null;
  readonly buyerMinutes: number | null;
  readonly refundMinutes: number | null;
  /** Pause between two reminders of an incident that goes on. */
  readonly remindMinutes: number;
}

export const defaultLadder: Ladder = { ownerMinutes: 30, buyerMinutes: 120, refundMinutes: 1440, remindMinutes: 240 };

const span = [1, 43_200] as const;

export function parseLadder(raw: unknown): Ladder {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const rung = (key: 'ownerMinutes' | 'buyerMinutes' | 'refundMinutes'): number | null =>
    given[key] === null ? null : whole(given[key], defaultLadder[key] ?? span[1], span);
  return {
    ownerMinutes: rung('ownerMinutes'),
    buyerMinutes: rung('buyerMinutes'),
    refundMinutes: rung('refundMinutes'),
    remindMinutes: whole(given['remindMinutes'], defaultLadder.remindMinutes, span),
  };
}

export const rungs = ['owner', 'buyer', 'refund'] as const;
export type Rung = (typeof rungs)[number];

/** The rung that comes after `climbed` of them, and when; undefined at the top. */
export function nextRung(
  ladder: Ladder,
  climbed: number,
  openedAt: Date,
): { rung: Rung; at: Date; n: number } | undefined {
  const minutes = { owner: ladder.ownerMinutes, buyer: ladder.buyerMinutes, refund: ladder.refundMinutes };
  for (const [i, rung] of rungs.entries()) {
    const after = minutes[rung];
    if (i >= climbed && after !== null) return { rung, at: new Date(openedAt.getTime() + after * 60_000), n: i + 1 };
  }
  return undefined;
}

/** The earliest rung of an order's open tasks; undefined if none climbs any more. */
export function soonestRung(
  ladder: Ladder,
  tasks: readonly { readonly climbed: number; readonly openedAt: Date }[],
): { rung: Rung; at: Date } | undefined {
  const found = tasks.map((task) => nextRung(ladder, task.climbed, task.openedAt)).filter((one) => one !== undefined);
  return found.sort((a, b) => a.at.getTime() - b.at.getTime())[0];
}
