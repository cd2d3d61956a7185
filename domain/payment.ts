/**
 * What a verified payment event means for an order (rules 10 and 11). Pure: intake runs it under the order's row lock,
 * on rows of that moment.
 */
import type { Mode, OrderState } from './order.ts';

export interface OrderForPayment {
  readonly state: OrderState;
  readonly mode: Mode;
  readonly accountId: number | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresAt: Date;
  readonly onSale: boolean;
  /** A person said that it is paid (确认收款), and no payment of it has come. */
  readonly paidByHand?: boolean;
}

export interface PaidEvent {
  readonly accountId: number;
  readonly mode: Mode;
  readonly amountMinor: number;
  readonly currency: string;
  /** What the provider had quoted for it is something else. */
  readonly offQuote?: boolean;
  /** The same transfer on a chain has paid another order. */
  readonly reused?: boolean;
}

/** How a payment stands to its order. Only `accepted` and `late` move the order. */
export const paymentStandings = [
  'accepted',
  'late', // the order had expired unpaid; delivers like any other
  'unmatched', // no order of ours, or one of another account
  'under',
  'over',
  'wrong_currency',
  'second', // another payment for an order already paid
  'after_end', // for an order closed or refunded by a person
  'too_late', // expired too long ago, or the product is off sale
  'matched', // the money of an order that a person had confirmed before
  'off_quote', // not what the provider had quoted
  'reused', // of a transfer that paid another order
  'check', // of a callback check (A6): belongs to no order
] as const;
export type PaymentStanding = (typeof paymentStandings)[number];

/** An expired order may be paid so much later and still deliver by itself. */
export const lateGraceMs = 24 * 3_600_000;

/** `mode_mismatch` is refused and alarmed: test money must not touch live orders, nor the other way round. */
export type PaymentDecision = PaymentStanding | 'mode_mismatch';

/** Decides on one *new* payment. A repeated notification never gets here: the unique key on the payment stops it. */
export function decidePayment(order: OrderForPayment | undefined, event: PaidEvent, now: Date): PaymentDecision {
  if (!order) return 'unmatched';
  if (order.mode !== event.mode) return 'mode_mismatch';
  if (order.accountId !== event.accountId) return 'unmatched';
  if (order.state === 'closed' || order.state === 'refunded') return 'after_end';
  if (event.reused) return 'reused';
  const exact = order.currency === event.currency && order.amountMinor === event.amountMinor && !event.offQuote;
  if (order.paidByHand && exact) return 'matched';
  if (order.state !== 'unpaid' && order.state !== 'expired') return 'second';
  if (order.currency !== event.currency) return 'wrong_currency';
  if (event.amountMinor < order.amountMinor) return 'under';
  if (event.amountMinor > order.amountMinor) return 'over';
  if (event.offQuote) return 'off_quote';
  const lateBy = now.getTime() - order.expiresAt.getTime();
  if (order.state === 'unpaid' && lateBy <= 0) return 'accepted';
  return lateBy <= lateGraceMs && order.onSale ? 'late' : 'too_late';
}

/** True if the payment sets the order going. */
export function startsDelivery(decision: PaymentDecision): boolean {
  return decision === 'accepted' || decision === 'late';
}
