/** A worker from its dependencies; and the parts of Temporal that API and worker processes share. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { activityInfo } from '@temporalio/activity';
import type { DataConverter } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Worker,
  type NativeConnection,
  type WorkerOptions,
} from '@temporalio/worker';
import {
  createActivities,
  createCaseActivities,
  createImportActivities,
  type Activities,
} from '../activities/index.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import { importsQueue, ordersQueue } from '../domain/ids.ts';
import type { Metrics } from '../integrations/metrics.ts';
import type { HeadStart } from './head-start.ts';
import { stepInterceptor } from './interceptor.ts';

export interface OrdersWorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
  readonly steps: ActivityDeps;
  readonly metrics: Metrics;
  /** Of a process that starts orders as well as running them. */
  readonly headStart?: HeadStart;
  /** For tests and for what a deployment wants otherwise. */
  readonly overrides?: Partial<WorkerOptions>;
}

type Bundle = NonNullable<WorkerOptions['workflowBundle']>;
let bundle: Promise<Bundle> | undefined;

/** The bundle that the build made; from sources it is made once per process. */
export function workflowBundle(): Promise<Bundle> {
  const built = path.join(import.meta.dirname, '..', 'workflow-bundle.js');
  bundle ??= existsSync(built)
    ? Promise.resolve({ codePath: built })
    : bundleWorkflowCode({
        workflowsPath: path.join(import.meta.dirname, '..', 'workflows', 'index.ts'),
        logger: new DefaultLogger('WARN'),
      });
  return bundle;
}

/** The steps of orders; a story's first one takes the answer of a look that was begun with its start. */
function orderSteps({ steps, headStart }: OrdersWorkerOptions): Activities {
  const activities = createActivities(steps);
  if (!headStart) return activities;
  return {
    ...activities,
    advance: async (args) =>
      (activityInfo().isLocal ? await headStart.take(args.orderId) : undefined) ?? activities.advance(args),
  };
}

export async function createOrdersWorker(options: OrdersWorkerOptions): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: ordersQueue,
    dataConverter: options.dataConverter,
    workflowBundle: await workflowBundle(),
    activities: { ...orderSteps(options), ...createCaseActivities(options.steps) },
    interceptors: {
      activity: [() => ({ inbound: stepInterceptor(options.steps.log, options.metrics, options.steps.keyring) })],
    },
    // A worker that is killed holds a sticky queue that nobody polls: give it up soon (rule 17).
    stickyQueueScheduleToStartTimeout: '2 seconds',
    maxCachedWorkflows: 500,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxConcurrentLocalActivityExecutions: 50,
    maxConcurrentActivityTaskExecutions: 50,
    workflowTaskPollerBehavior: { type: 'autoscaling', initial: 4, maximum: 20 },
    activityTaskPollerBehavior: { type: 'autoscaling', initial: 4, maximum: 20 },
    shutdownGraceTime: '15 seconds',
    // Without it one step that never returns keeps a process from ending (sdk-typescript #2266).
    shutdownForceTime: '20 seconds',
    ...options.overrides,
  });
}

/**
 * Imports, in a worker process only and one at a time: they take a processor for seconds, in slices, and must not stand
 * in the way of orders that start inside the API process.
 */
export async function createImportsWorker(options: OrdersWorkerOptions): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: importsQueue,
    dataConverter: options.dataConverter,
    workflowBundle: await workflowBundle(),
    activities: createImportActivities(options.steps),
    interceptors: {
      activity: [() => ({ inbound: stepInterceptor(options.steps.log, options.metrics, options.steps.keyring) })],
    },
    stickyQueueScheduleToStartTimeout: '2 seconds',
    maxCachedWorkflows: 20,
    maxConcurrentWorkflowTaskExecutions: 4,
    maxConcurrentActivityTaskExecutions: 2,
    shutdownGraceTime: '2 seconds',
    shutdownForceTime: '5 seconds',
    ...options.overrides,
  });
}

/** What a process runs on one connection. */
export type Running = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

/** Orders and imports together: both end when one of them does. */
export async function createAllWorkers(options: OrdersWorkerOptions): Promise<Running> {
  const workers = [await createOrdersWorker(options), await createImportsWorker(options)];
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    getState: () => (workers.some((worker) => worker.getState() === 'RUNNING') ? 'RUNNING' : 'STOPPED'),
    async run() {
      await Promise.all(workers.map((worker) => worker.run().finally(shutdown)));
    },
  };
}
