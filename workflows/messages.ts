/** What may be said to a running order, and the attributes by which ops find it. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OrderState } from '../domain/order.ts';

export interface DeliverOrderInput {
  readonly orderId: number;
  readonly orderNo: string;
}

/** Something changed in PostgreSQL: read it again. Has no content, so it can be sent any number of times (rule 1). */
export const wake = defineSignal('wake');

/**
 * The same, for a caller who waits for an answer: the state after the order has been read again. `actionId` is the row
 * in order_actions that made the change.
 */
export const apply = defineUpdate<{ state: OrderState }, [{ actionId: string }]>('apply');

/** For people in Temporal Web UI or `temporal workflow signal`. The sender is unknown, so only harmless kinds count. */
export const staffAction = defineSignal<[{ kind: string; note?: string; source?: string }]>('staffAction');

/** Where the order stands, in one word. */
export const orderState = defineQuery<OrderState>('state');

export const orderNoKey = defineSearchAttributeKey('OrderNo', SearchAttributeType.KEYWORD);
export const skuKey = defineSearchAttributeKey('Sku', SearchAttributeType.KEYWORD);
/** Set at the start and upserted only on entering or leaving trouble: each upsert costs an action. */
export const orderStateKey = defineSearchAttributeKey('OrderState', SearchAttributeType.KEYWORD);
export const failureCodeKey = defineSearchAttributeKey('FailureCode', SearchAttributeType.KEYWORD);
