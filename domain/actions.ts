/** What people may do to an order, from which states, and by which door (rules 1 and 2). */
import type { OrderState } from './order.ts';
import type { Right } from './rights.ts';

export const actionKinds = [
  'retry',
  'deliver_from_pool',
  'deliver_by_hand',
  'choose_source',
  'confirm_payment',
  'hand_over',
  'close',
] as const;
export type ActionKind = (typeof actionKinds)[number];

interface ActionRule {
  /** States in which the action makes sense. */
  readonly from: readonly OrderState[];
  /** The state that it leads to. */
  readonly to: OrderState;
  /** A Signal has no authenticated sender: only what is harmless may come that way. */
  readonly bySignal: boolean;
  readonly right: Right;
}

const waiting: readonly OrderState[] = ['paid', 'waiting_confirmation', 'waiting_stock', 'attention'];

export const actionRules: Readonly<Record<ActionKind, ActionRule>> = {
  /** Also of an order that pauses between two tries: it is tried at once. */
  retry: { from: ['paid', 'attention', 'waiting_stock'], to: 'paid', bySignal: true, right: 'orders.act' },
  /** Whatever the line and 全局自动发货 say; not before the payment is confirmed. */
  deliver_from_pool: { from: waiting, to: 'delivered', bySignal: true, right: 'orders.act' },
  /** With keys that were typed. */
  deliver_by_hand: { from: waiting, to: 'delivered', bySignal: false, right: 'orders.act' },
  choose_source: { from: ['paid', 'attention', 'waiting_stock'], to: 'paid', bySignal: true, right: 'orders.act' },
  /** 确认收款: a person answers for the money, also of an order that no notification ever reached. */
  confirm_payment: {
    from: ['unpaid', 'expired', 'paid', 'waiting_confirmation', 'attention'],
    to: 'paid',
    bySignal: false,
    right: 'payments.confirm',
  },
  hand_over: {
    from: ['paid', 'waiting_confirmation', 'waiting_stock'],
    to: 'attention',
    bySignal: true,
    right: 'orders.act',
  },
  close: { from: ['unpaid', 'expired', ...waiting], to: 'closed', bySignal: false, right: 'orders.act' },
};

/** True for the name of an action. */
export function isActionKind(value: unknown): value is ActionKind {
  return typeof value === 'string' && (actionKinds as readonly string[]).includes(value);
}

/** What may be done to an order in this state, for buttons. */
export function actionsFrom(state: OrderState): ActionKind[] {
  return actionKinds.filter((kind) => actionRules[kind].from.includes(state));
}

/** `pool`, `suppliers` (all by priority), `supplier:<id>`, or `auto`: automation chooses again. */
export const sourcePattern = /^(auto|pool|suppliers|supplier:\d{1,15})$/;
