/**
 * Buying from an upstream supplier: what an answer may mean, and what may follow it. It spends real money, so everything
 * that is not plainly "sold" or plainly "not sold" is unknown, and unknown is never bought again.
 */
import type { ErrorCode } from './errors.ts';

export const purchaseStates = [
  'planned', // the row is there, nothing has left this machine
  'placing', // on the wire
  'accepted', // the supplier has it, the goods come later
  'unknown', // may have been bought: asked about before anything else happens
  'review', // something came that does not look like the goods: a person looks
  'delivered', // the goods are ours
  'refused', // surely not bought, or a person said that nothing usable came
  'absent', // surely never arrived at the supplier
] as const;
export type PurchaseState = (typeof purchaseStates)[number];

const moves: Readonly<Record<PurchaseState, readonly PurchaseState[]>> = {
  planned: ['placing', 'refused'],
  placing: ['accepted', 'unknown', 'review', 'delivered', 'refused'],
  accepted: ['unknown', 'review', 'delivered', 'refused'],
  unknown: ['accepted', 'review', 'delivered', 'refused', 'absent'],
  review: ['delivered', 'refused'],
  delivered: [],
  refused: [],
  absent: ['planned'], // again, under the same reference
};

/** True if a purchase may go from one state to another. */
export function mayBecome(from: PurchaseState, to: PurchaseState): boolean {
  return moves[from].includes(to);
}

/** Not ended: while one purchase of an order is open, no other is begun and no money goes back by itself. */
export const openPurchaseStates: readonly PurchaseState[] = ['planned', 'placing', 'accepted', 'unknown', 'review'];

/** Why a supplier surely did not sell. `retry`: the same may work in some minutes. */
export const refusals = {
  NOT_SENT: { code: 'SUPPLIER_SILENT', retry: true },
  NO_STOCK: { code: 'SUPPLIER_NO_STOCK', retry: true },
  NO_BALANCE: { code: 'SUPPLIER_NO_BALANCE', retry: true },
  BUSY: { code: 'SUPPLIER_BUSY', retry: true },
  PRICE: { code: 'SUPPLIER_PRICE', retry: false },
  PRODUCT: { code: 'SUPPLIER_PRODUCT', retry: false },
  ACCOUNT: { code: 'SUPPLIER_ACCOUNT', retry: false },
  TARGET: { code: 'SUPPLIER_TARGET', retry: false },
  FAILED: { code: 'SUPPLIER_FAILED', retry: true }, // it took the order and gave it up later: the money is back
  CANCELLED: { code: 'SUPPLIER_CANCELLED', retry: false }, // called off by us, because the order had ended
  REJECTED: { code: 'SUPPLIER_REJECTED', retry: false }, // by a person, after a look at what came
} as const satisfies Record<string, { code: ErrorCode; retry: boolean }>;
export type Refusal = keyof typeof refusals;

/** Pauses before each question about a purchase of unknown fate, in milliseconds; the last one repeats. */
const questionPauses = [2_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000] as const;

/** When to ask again after `asked` questions, never sooner than the supplier can know. */
export function nextQuestionMs(asked: number, minMs: number): number {
  const pause = questionPauses[Math.min(Math.max(asked, 0), questionPauses.length - 1)] ?? 3_600_000;
  return Math.max(pause, minMs);
}

/** "No such order" counts only if it was read at least twice, so far apart, in milliseconds. */
export const sureAbsence = { reads: 2, apartMs: 10 * 60_000 } as const;
