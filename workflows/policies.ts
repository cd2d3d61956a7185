/**
 * Every time limit and retry policy of the stories, in one place that ops can read. Changing a value here is not a
 * determinism change: options are not compared on replay.
 */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { attemptsOf, type DeliveryPolicy } from '../domain/policy.ts';
import { importsQueue, ordersQueue } from '../domain/ids.ts';
import { delivery } from '../domain/failure-types.ts';

/**
 * A killed worker is missed after this time (rule 17); lasting steps beat every second. Four times that, because a
 * machine under load stalls, and a step that is only slow would run twice.
 */
const heartbeatTimeout = '4 seconds';

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
  heartbeatTimeout,
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes: [delivery, 'UNEXPECTED'],
  },
};

/**
 * `delivery` (发货失败自动重试): first try + the order's retries. The interval is said by each failure, per kind
 * (`nextRetryDelay`, see `underPolicy` of the steps); the second below is for a try that was lost with its worker.
 */
export function deliveryRetries(snapshot: DeliveryPolicy): ActivityOptions {
  return {
    taskQueue: ordersQueue,
    startToCloseTimeout: '30 seconds',
    heartbeatTimeout,
    // A step that is called off while it runs is waited for; one that waits for its next try ends at once.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: '1 second', backoffCoefficient: 1, maximumAttempts: attemptsOf(snapshot) },
  };
}

/** Likewise, with time for one call after the other: a step asks several suppliers, each of which may be slow. */
export function purchaseRetries(snapshot: DeliveryPolicy): ActivityOptions {
  return { ...deliveryRetries(snapshot), startToCloseTimeout: '3 minutes' };
}

/** Mail and webhook never hold goods back: they may take a day. */
export const messages: ActivityOptions = {
  taskQueue: ordersQueue,
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout,
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '10 minutes' },
};

/** A file of keys: a million lines take half a minute on a quiet machine. A lost worker's block is repeated at once. */
export const imports: ActivityOptions = {
  taskQueue: importsQueue,
  startToCloseTimeout: '2 hours',
  heartbeatTimeout,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};
