/** What a step tells the story: ids and codes, never goods or contacts (rule 2). */
import type { ErrorCode } from '../domain/errors.ts';
import type { Rung } from '../domain/ladder.ts';
import type { OrderState } from '../domain/order.ts';
import type { DeliveryPolicy } from '../domain/policy.ts';

export type Outcome =
  /** Ask the provider whether the money is there, under the order's own retry policy. */
  | { readonly next: 'confirm'; readonly policy: DeliveryPolicy }
  /** Buy from this source (the own pool has not enough, or staff chose it), under the order's own retry policy. */
  | { readonly next: 'purchase'; readonly source: string; readonly policy: DeliveryPolicy }
  /** The goods show. What is left is telling people. */
  | { readonly next: 'tell'; readonly messages: readonly { readonly id: number; readonly kind: 'mail' | 'webhook' }[] }
  /** It cannot go on by itself; look again when woken, or after `forMs`. */
  | {
      readonly next: 'wait';
      readonly state: OrderState;
      readonly code: ErrorCode;
      readonly forMs: number;
      /** The rung of the ladder that comes next unless somebody acts, and when, in the shop's time. For people to read. */
      readonly rung?: Rung;
      readonly at?: string;
    }
  /** Nothing is left to do. */
  | { readonly next: 'end'; readonly state: OrderState };
