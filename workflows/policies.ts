/**
 * Every time limit and retry policy of the stories, in one place that ops can read. Changing a value here is not a
 * determinism change: options are not compared on replay.
 */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { attemptsOf, clampDeliveryPolicy, type DeliveryPolicy } from '../domain/policy.ts';
import { ordersQueue } from '../domain/ids.ts';
import { delivery } from '../domain/failure-types.ts';

/** The fast first try of a database step: once, in the workflow task itself, bounded (rule 4). */
export const localTry: LocalActivityOptions = {
  scheduleToCloseTimeout: '3 seconds',
  startToCloseTimeout: '3 seconds',
  retry: { maximumAttempts: 1 },
};

/**
 * `infrastructure`: PostgreSQL or Temporal in trouble. Tried until it works; what is not the infrastructure's fault is
 * not repeated here.
 */
export const infrastructure: ActivityOptions = {
  taskQueue: ordersQueue,
  startToCloseTimeout: '10 seconds',
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes: [delivery, 'UNEXPECTED'],
  },
};

/** `delivery` (发货失败自动重试): first try + the order's retries, at its constant interval. */
export function deliveryRetries(snapshot: DeliveryPolicy): ActivityOptions {
  return {
    taskQueue: ordersQueue,
    startToCloseTimeout: '30 seconds',
    retry: {
      initialInterval: clampDeliveryPolicy(snapshot).intervalMs,
      backoffCoefficient: 1,
      maximumAttempts: attemptsOf(snapshot),
    },
  };
}

/** Mail and webhook never hold goods back: they may take a day. */
export const messages: ActivityOptions = {
  taskQueue: ordersQueue,
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '10 minutes' },
};
