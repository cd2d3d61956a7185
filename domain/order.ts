/**
 * The states of an order and the moves between them.
 * PostgreSQL holds the state; every step checks `mayMove` under the order's row lock before it changes one.
 */

export type Mode = 'live' | 'test';

export const orderStates = [
  'unpaid', // 待支付
  'expired', // 已过期: never paid in time; an exact late payment may still revive it
  'paid', // 已支付: automation is at work
  'waiting_confirmation', // 等待已确认
  'waiting_stock', // 等待补货
  'attention', // 人工处理: a task tells staff why
  'delivered', // 已发货 (automatically or by hand)
  'refunded', // 已退款
  'closed', // 已关闭 by a named person
] as const;

export type OrderState = (typeof orderStates)[number];

const moves: Readonly<Record<OrderState, readonly OrderState[]>> = {
  unpaid: ['paid', 'expired', 'closed'],
  expired: ['paid', 'closed'],
  paid: ['waiting_confirmation', 'waiting_stock', 'attention', 'delivered', 'refunded', 'closed'],
  waiting_confirmation: ['paid', 'attention', 'delivered', 'refunded', 'closed'],
  waiting_stock: ['paid', 'attention', 'delivered', 'refunded', 'closed'],
  attention: ['paid', 'waiting_stock', 'delivered', 'refunded', 'closed'],
  delivered: [],
  refunded: [],
  closed: [],
};

/** True if the order may go from one state to another. Staying where it is is no move. */
export function mayMove(from: OrderState, to: OrderState): boolean {
  return moves[from].includes(to);
}

/** The whole table, for the documentation and for property tests. */
export function orderMoves(): readonly (readonly [OrderState, OrderState])[] {
  return orderStates.flatMap((from) => moves[from].map((to) => [from, to] as const));
}

/** Delivered, refunded or closed by a named person: nothing else ends an order (design, "End"). */
export function isFinal(state: OrderState): boolean {
  return moves[state].length === 0;
}

/** Paid and not ended: the states in which an order needs a workflow. */
export function isUnderWay(state: OrderState): boolean {
  return !isFinal(state) && state !== 'unpaid' && state !== 'expired';
}
