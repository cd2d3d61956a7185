/** What people may do to an order, from which states, and by which door (rules 1 and 2). */
import type { OrderState } from './order.ts';

export const actionKinds = ['retry', 'close'] as const;
export type ActionKind = (typeof actionKinds)[number];

interface ActionRule {
  /** States in which the action makes sense. */
  readonly from: readonly OrderState[];
  /** The state that it leads to. */
  readonly to: OrderState;
  /** A Signal has no authenticated sender: only harmless actions may come that way. */
  readonly bySignal: boolean;
}

export const actionRules: Readonly<Record<ActionKind, ActionRule>> = {
  retry: { from: ['attention', 'waiting_stock'], to: 'paid', bySignal: true },
  close: {
    from: ['unpaid', 'expired', 'paid', 'waiting_confirmation', 'waiting_stock', 'attention'],
    to: 'closed',
    bySignal: false,
  },
};

/** True for the name of an action. */
export function isActionKind(value: unknown): value is ActionKind {
  return typeof value === 'string' && (actionKinds as readonly string[]).includes(value);
}
