/**
 * Starts an order the moment it is paid, beside the acknowledgement, never in front of it. Behind a breaker: while
 * Temporal is silent nothing piles up here, the relay sends the promise later.
 */
import type { Logger } from 'pino';
import type { OrderStart } from '../db/intake.ts';
import { removePromises } from '../db/outbox.ts';
import type { Pool } from '../db/sql.ts';
import type { OrderState } from '../domain/order.ts';
import type { Metrics } from '../integrations/metrics.ts';
import type { HeadStart } from './head-start.ts';
import { applyToOrder, startOrder, temporalAnswers, type TemporalLink } from './link.ts';

const atOnce = 200; // starts under way; more are left to the relay
const strikes = 3;
const openMs = 2_000;
const flushMs = 25;

export interface Starter {
  readonly up: boolean;
  /** Asks Temporal; false if it is silent although connected. */
  answers(): Promise<boolean>;
  /** Returns at once; a start that fails is the relay's. */
  start(order: OrderStart): void;
  /** The state after a staff action, or undefined if the workflow cannot answer now (the action is kept). */
  apply(orderNo: string, actionId: string): Promise<OrderState | undefined>;
  /** Waits for what is under way. */
  drain(): Promise<void>;
}

export function createStarter(
  link: TemporalLink,
  pool: Pool,
  log: Logger,
  metrics: Metrics,
  headStart?: HeadStart,
): Starter {
  const underWay = new Set<Promise<void>>();
  const kept: number[] = [];
  let failures = 0;
  let openUntil = 0;
  let flushing: NodeJS.Timeout | undefined;

  // Promises are removed together: one statement for many orders, off the order's own path.
  const flush = async (): Promise<void> => {
    flushing = undefined;
    const ids = kept.splice(0);
    try {
      await removePromises(pool, ids);
    } catch (error) {
      log.warn({ err: error }, 'kept promises not removed; the relay finds them done');
    }
  };

  const begin = async (order: OrderStart): Promise<void> => {
    const client = link.client;
    if (!client || performance.now() < openUntil || underWay.size >= atOnce) {
      metrics.starts.inc({ by: 'intake', result: 'left' });
      return;
    }
    try {
      const result = await startOrder(client, order, 'intake');
      failures = 0;
      metrics.starts.inc({ by: 'intake', result });
      // A run of that name has ended: whether the order needs another, the relay finds out.
      if (result === 'exists') return;
      kept.push(order.outboxId);
      flushing ??= setTimeout(() => void flush(), flushMs);
    } catch (error) {
      if (++failures >= strikes) openUntil = performance.now() + openMs;
      metrics.starts.inc({ by: 'intake', result: 'failed' });
      log.warn({ order: order.orderNo, err: error }, 'start failed; the relay will send it');
    }
  };

  return {
    get up() {
      return link.up;
    },
    answers: () => temporalAnswers(link),
    start(order) {
      headStart?.begin(order.orderId);
      const work = begin(order).finally(() => underWay.delete(work));
      underWay.add(work);
    },
    async apply(orderNo, actionId) {
      const client = link.client;
      if (!client) return undefined;
      try {
        return await applyToOrder(client, orderNo, actionId);
      } catch (error) {
        log.info({ order: orderNo, err: error }, 'no answer from the workflow; the action is kept');
        return undefined;
      }
    },
    async drain() {
      await Promise.allSettled(underWay);
      if (flushing) {
        clearTimeout(flushing);
        await flush();
      }
    },
  };
}
