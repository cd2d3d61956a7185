/** Keeps the outbox's promises: starts and wakes that intake or console did not bring to Temporal themselves. */
import type { Logger } from 'pino';
import { claimPromises, notePromiseFailure, outboxAge, removePromises, type Promised } from '../../db/outbox.ts';
import type { Pool } from '../../db/sql.ts';
import type { Metrics } from '../../integrations/metrics.ts';
import { startOrder, wakeOrder, type TemporalLink } from '../link.ts';

const batch = 50;
const leaseMs = 10_000;

/** True if there may be more. While Temporal is away nothing is claimed. */
export async function relay(link: TemporalLink, pool: Pool, log: Logger, metrics: Metrics): Promise<boolean> {
  const { n, oldest } = await outboxAge(pool);
  metrics.outboxWaiting.set(n);
  metrics.outboxOldest.set(oldest ?? 0);
  const client = link.client;
  if (!client || n === 0) return false;
  const promises = await claimPromises(pool, batch, leaseMs);
  const results = await Promise.all(
    promises.map(async (promise) => {
      try {
        if (promise.kind === 'wake') await wakeOrder(client, promise);
        else if ((await startOrder(client, promise, 'rescue')) === 'exists' && !promise.done) {
          // A run that ended before the order was paid, as after a restore: the order needs another.
          await wakeOrder(client, promise);
        }
        metrics.starts.inc({ by: 'relay', result: promise.kind });
        return promise;
      } catch (error) {
        metrics.starts.inc({ by: 'relay', result: 'failed' });
        log.warn({ order: promise.orderNo, attempt: promise.attempts, err: error }, 'relay failed; it tries again');
        await notePromiseFailure(pool, promise.outboxId, error instanceof Error ? error.name : 'unknown');
        return undefined;
      }
    }),
  );
  await removePromises(
    pool,
    results.filter((r): r is Promised => r !== undefined).map((r) => r.outboxId),
  );
  return promises.length === batch && results.some((r) => r !== undefined);
}
