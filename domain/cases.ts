/** Cases: what comes up around an order and outlives its story. */

export const caseKinds = ['bad_key', 'invoice', 'chargeback', 'payment', 'other'] as const;
export type CaseKind = (typeof caseKinds)[number];

export const caseStates = [
  'open', // waits for staff: the clock runs
  'asked', // waits for the buyer: the clock stands still
  'working', // an outcome is being carried out
  'resolved',
  'refused',
] as const;
export type CaseState = (typeof caseStates)[number];

/** What staff may decide, and the outcome that the case ends with. */
export const caseOutcomes = {
  replace: 'replaced', // other keys from the pool
  refund: 'refunded',
  refuse: 'refused',
  answer: 'answered',
  invoice: 'invoiced',
  note: 'noted', // nothing to do
} as const;
export type CaseAction = keyof typeof caseOutcomes;
export const caseActions = Object.keys(caseOutcomes) as readonly CaseAction[];

const fits: Readonly<Record<CaseKind, readonly CaseAction[]>> = {
  bad_key: ['replace', 'refund', 'refuse', 'answer'],
  invoice: ['invoice', 'refuse', 'answer'],
  chargeback: ['note', 'refund'],
  payment: ['refund', 'note', 'answer'],
  other: ['answer', 'refund', 'refuse', 'note'],
};

/** True if that decision makes sense for that kind. */
export function mayDecide(kind: CaseKind, action: CaseAction): boolean {
  return fits[kind].includes(action);
}

export function isClosed(state: CaseState): boolean {
  return state === 'resolved' || state === 'refused';
}
