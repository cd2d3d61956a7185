/**
 * A process like the API (starts and runs) or like the worker (runs) with the no-op stories: same connection, same
 * options, same start of a story (eager, with its search attributes and its summary); asked for rounds over the IPC channel.
 */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import path from 'node:path';
import { startOptions } from '../../worker/link.ts';
import { pooled } from '../pooled.ts';

export interface Round {
  readonly story: 'localStep' | 'localAndOrdinaryStep';
  readonly count: number;
  readonly concurrency: number;
}
export interface RoundResult {
  readonly seconds: number;
  /** Milliseconds from the call of start to the end of the story. */
  readonly latencies: readonly number[];
}

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const taskQueue = 'bench-noop';
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: path.join(import.meta.dirname, `stories${path.extname(import.meta.filename)}`),
    logger: new DefaultLogger('ERROR'),
  }),
  activities: { step: () => Promise.resolve({ state: 'delivered' }) },
  stickyQueueScheduleToStartTimeout: '2 seconds',
  maxCachedWorkflows: 500,
  maxConcurrentWorkflowTaskExecutions: 40,
  maxConcurrentLocalActivityExecutions: 50,
  maxConcurrentActivityTaskExecutions: 50,
  workflowTaskPollerBehavior: { type: 'autoscaling', initial: 4, maximum: 20 },
  activityTaskPollerBehavior: { type: 'autoscaling', initial: 4, maximum: 20 },
});
const client = new Client({ connection });

async function run({ story, count, concurrency }: Round): Promise<RoundResult> {
  const latencies: number[] = [];
  const began = performance.now();
  await pooled(count, concurrency, async () => {
    const start = performance.now();
    const orderNo = randomUUID();
    const handle = await client.workflow.start(story, {
      ...startOptions({ orderId: 1, orderNo, sku: 'BENCH', productName: 'No-op', quantity: 1, amountMinor: 100, currency: 'CNY' }), // prettier-ignore
      taskQueue,
      workflowId: `noop-${orderNo}`,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      requestEagerStart: true,
    });
    await handle.result();
    latencies.push(performance.now() - start);
  });
  return { seconds: (performance.now() - began) / 1000, latencies };
}

process.on('message', (round: Round) => {
  void run(round).then((result) => process.send?.(result));
});
process.on('disconnect', () => worker.shutdown());
process.send?.('ready');
await worker.run();
await connection.close();
