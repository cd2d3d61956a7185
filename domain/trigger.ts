/** When a paid order is delivered (A2): at once, or after 已确认. Global, overridden per product, snapshot per order. */

export interface Trigger {
  /** `paid`: 支付成功后立即发货. `confirmed`: 支付状态变更为"已确认"后发货. */
  readonly when: 'paid' | 'confirmed';
  /**
   * With `confirmed`: so many confirmations (of a chain) count as 已确认; 0 = the number says nothing. A final
   * notification of the provider and a member of staff count always.
   */
  readonly confirmations: number;
}

export const defaultTrigger: Trigger = { when: 'paid', confirmations: 0 };

/** What is malformed becomes the default. */
export function parseTrigger(raw: unknown): Trigger {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const n = given['confirmations'];
  return {
    when: given['when'] === 'confirmed' ? 'confirmed' : 'paid',
    confirmations: typeof n === 'number' && Number.isFinite(n) ? Math.min(1000, Math.max(0, Math.trunc(n))) : 0,
  };
}

/** The product's own trigger, else the global one. */
export function triggerOf(global: unknown, product: unknown): Trigger {
  return parseTrigger(product ?? global);
}

/** True if what the provider says of a payment amounts to 已确认. */
export function clears(
  trigger: Trigger,
  payment: { readonly final: boolean; readonly confirmations: number },
): boolean {
  if (trigger.when === 'paid' || payment.final) return true;
  return trigger.confirmations > 0 && payment.confirmations >= trigger.confirmations;
}
