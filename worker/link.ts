/**
 * The connection to Temporal, kept up in the background: the process serves before it exists and after it is lost
 * (rule 16; `NativeConnection.connect` rejects at once, there is no lazy form). Client and worker share one connection,
 * which is what eager start needs.
 */
import { Client, WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { OrderStart } from '../db/intake.ts';
import { formatAmount } from '../domain/money.ts';
import { ordersQueue, orderWorkflowId } from '../domain/ids.ts';
import type { OrderState } from '../domain/order.ts';
import type { Metrics } from '../integrations/metrics.ts';
import type { Running } from './create.ts';
import type { deliverOrder } from '../workflows/index.ts';
import { apply, orderNoKey, orderStateKey, skuKey, wake } from '../workflows/messages.ts';

export interface LinkOptions {
  readonly address: string;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Makes the worker of this process, or undefined for a process that only starts orders. */
  readonly worker?: (connection: NativeConnection) => Promise<Running>;
}

export type StartableOrder = Omit<OrderStart, 'outboxId'>;

export interface TemporalLink {
  readonly up: boolean;
  /** The client while the connection is up. */
  readonly client: Client | undefined;
  /** Called at each new connection. */
  onUp(listener: () => void): void;
  stop(): Promise<void>;
}

/** Begins connecting; returns at once. */
export function createLink(options: LinkOptions): TemporalLink {
  const { log, metrics } = options;
  let client: Client | undefined;
  let worker: Running | undefined;
  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  let wakeUp: () => void = () => undefined;
  const listeners: (() => void)[] = [];

  const session = async (): Promise<void> => {
    let probe: NodeJS.Timeout | undefined;
    const connection = await NativeConnection.connect({ address: options.address });
    try {
      worker = await options.worker?.(connection);
      client = new Client({ connection, namespace: options.namespace, dataConverter: options.dataConverter });
      metrics.temporalUp.set(1);
      log.info({ address: options.address }, 'temporal connected');
      probe = setInterval(() => {
        void temporalAnswers({ client }).then((answers) => metrics.temporalUp.set(answers ? 1 : 0));
      }, probeMs).unref();
      const running = worker?.run();
      for (const listener of listeners) listener();
      if (running) await running;
      else await new Promise<void>((resolve) => (wakeUp = resolve));
    } finally {
      clearInterval(probe);
      client = undefined;
      worker = undefined;
      metrics.temporalUp.set(0);
      await connection.close().catch(() => undefined);
    }
  };

  const loop = async (): Promise<void> => {
    let pause = 250;
    while (!stopped()) {
      const began = Date.now();
      try {
        await session();
      } catch (error) {
        log.warn({ err: error }, 'temporal not reachable; orders are kept and delivered when it is back');
      }
      if (stopped()) return;
      pause = Date.now() - began > 10_000 ? 250 : Math.min(pause * 2, 5_000);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const looping = loop();

  return {
    get up() {
      return client !== undefined;
    },
    get client() {
      return client;
    },
    onUp: (listener) => void listeners.push(listener),
    async stop() {
      stopping.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      wakeUp();
      await looping;
    },
  };
}

/** True if Temporal answers within `ms`: one that hangs keeps its connections open. */
export async function temporalAnswers({ client }: Pick<TemporalLink, 'client'>, ms = 1_500): Promise<boolean> {
  if (!client) return false;
  return client
    .withDeadline(Date.now() + ms, () => client.workflowService.getSystemInfo({}))
    .then(
      () => true,
      () => false,
    );
}

/** How often the connection is tried for the metric: gRPC itself goes on trying in silence. */
const probeMs = 5_000;

type StartOptions = WorkflowStartOptions<typeof deliverOrder>;

/** The same words and limits for everybody who starts an order. */
export function startOptions(order: StartableOrder): StartOptions {
  return {
    taskQueue: ordersQueue,
    workflowId: orderWorkflowId(order.orderNo),
    args: [{ orderId: order.orderId, orderNo: order.orderNo }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    // A kill in the first task otherwise costs 10 s (rule 17).
    workflowTaskTimeout: '2 seconds',
    typedSearchAttributes: [
      { key: orderNoKey, value: order.orderNo },
      { key: skuKey, value: order.sku },
      { key: orderStateKey, value: 'paid' },
    ],
    staticSummary: `${order.productName} × ${order.quantity} · ${formatAmount(order.amountMinor, order.currency)} ${order.currency}`.slice(0, 160), // prettier-ignore
  };
}

const patienceMs = 2_000;

/**
 * `intake`: the first start of a payment. `rescue`: relay and reconcile, which must also revive a terminated run
 * (rule 3). `revive`: reconcile found the run closed and the order open, whatever the run said.
 */
export async function startOrder(
  client: Client,
  order: StartableOrder,
  how: 'intake' | 'rescue' | 'revive',
): Promise<'started' | 'exists'> {
  try {
    await client.withDeadline(Date.now() + patienceMs, () =>
      client.workflow.start<typeof deliverOrder>('deliverOrder', {
        ...startOptions(order),
        workflowIdReusePolicy:
          how === 'intake' ? 'REJECT_DUPLICATE' : how === 'rescue' ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'ALLOW_DUPLICATE',
        ...(how === 'intake' && { requestEagerStart: true }),
      }),
    );
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
    throw error;
  }
}

/** Tells the order's workflow to read PostgreSQL again; starts one if there is none. */
export async function wakeOrder(client: Client, order: StartableOrder): Promise<void> {
  await client.withDeadline(Date.now() + patienceMs, () =>
    client.workflow.signalWithStart<typeof deliverOrder>('deliverOrder', {
      ...startOptions(order),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      signal: wake,
      signalArgs: [],
    }),
  );
}

/** Wakes and waits for the state that comes of it. Throws if no workflow runs, or none answers in time. */
export async function applyToOrder(client: Client, orderNo: string, actionId: string): Promise<OrderState> {
  const handle = client.workflow.getHandle(orderWorkflowId(orderNo));
  const answer = await client.withDeadline(Date.now() + 2 * patienceMs, () =>
    handle.executeUpdate(apply, { args: [{ actionId }], updateId: actionId }),
  );
  return answer.state;
}
