/**
 * PostgreSQL against Temporal (rule 3). Four things can be wrong: an open order without a workflow; a closed workflow
 * whose order is open; an open workflow whose order is done; no progress past the order's deadline. Each is cured by a
 * wake that starts what is missing: the story reads the rows and goes on or ends.
 */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { countOpen, doneOrders, openAmong, openOrders, overdueOrders } from '../../db/upkeep.ts';
import type { Pool } from '../../db/sql.ts';
import { orderNoOf, orderWorkflowId } from '../../domain/ids.ts';
import type { Metrics } from '../../integrations/metrics.ts';
import { wake } from '../../workflows/messages.ts';
import { startOrder, wakeOrder, type TemporalLink } from '../link.ts';

/** Orders past their deadline. Cheap: one indexed statement, usually without rows. */
export async function rescueOverdue(link: TemporalLink, pool: Pool, log: Logger, metrics: Metrics): Promise<boolean> {
  const { client } = link;
  if (!client) return false;
  const late = await overdueOrders(pool);
  for (const order of late) {
    await wakeOrder(client, order);
    metrics.reconciled.inc({ why: 'deadline' });
    log.warn({ order: order.orderNo }, 'order stood still past its deadline; woken');
  }
  return late.length > 0;
}

export interface Sweep {
  turn(): Promise<void>;
  /** The next turn compares everything, whatever the counts say: the store may be another one. */
  whole(): void;
}

/** So many turns at most pass between two whole comparisons: equal counts may hide one too few and one too many. */
const wholeEvery = 10;
/** Temporal's list lags a little. */
const overlapMs = 120_000;

/**
 * A turn costs two counts and a list of what ended badly since the last one, however many orders wait. Only if the
 * counts differ, or after {@link wholeEvery} turns, everything is compared, page by page.
 */
export function createSweep(link: TemporalLink, pool: Pool, log: Logger, metrics: Metrics): Sweep {
  let left = 0;
  let since = Date.now();
  let looked: ReadonlySet<string> = new Set();
  return {
    whole() {
      left = 0;
    },
    async turn() {
      const { client } = link;
      if (!client) return;
      const began = Date.now();
      if (left-- <= 0 || (await countRunning(client)) !== (await countOpen(pool))) {
        left = wholeEvery - 1;
        await compare(client, pool, log, metrics);
      } else looked = await reviveBroken(client, new Date(since - overlapMs), looked, { pool, log, metrics });
      since = began;
    },
  };
}

async function countRunning(client: Client): Promise<number> {
  return (await client.workflow.count(runningQuery)).count;
}

/** Terminated, cancelled or failed from outside: an order that is open needs another run. Answers with the runs seen. */
async function reviveBroken(
  client: Client,
  after: Date,
  looked: ReadonlySet<string>,
  { pool, log, metrics }: { pool: Pool; log: Logger; metrics: Metrics },
): Promise<ReadonlySet<string>> {
  const query = `WorkflowType = 'deliverOrder' and ExecutionStatus in ('Terminated', 'Failed', 'Canceled', 'TimedOut') and CloseTime > '${after.toISOString()}'`;
  const ended = new Set<string>();
  const numbers = new Set<string>();
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    ended.add(runId);
    const no = orderNoOf(workflowId);
    if (no !== undefined && !looked.has(runId)) numbers.add(no);
  }
  if (numbers.size === 0) return ended;
  for (const order of await openAmong(pool, [...numbers])) {
    await startOrder(client, order, 'rescue');
    metrics.reconciled.inc({ why: 'missing' });
    log.warn({ order: order.orderNo }, 'open order whose workflow was ended from outside; started');
  }
  return ended;
}

/**
 * The whole comparison. What runs is read from Temporal's list, which lags a little: a start of what runs after all is
 * answered with the existing run, and a wake of what has just ended runs once more and ends.
 */
async function compare(client: Client, pool: Pool, log: Logger, metrics: Metrics): Promise<void> {
  const running = await listRunning(client);
  const open = new Set<string>();
  let after = 0;
  for (;;) {
    const page = await openOrders(pool, after);
    const last = page.at(-1);
    if (!last) break;
    after = last.orderId;
    for (const order of page) {
      const id = orderWorkflowId(order.orderNo);
      open.add(id);
      if (running.has(id)) continue;
      await startOrder(client, order, 'revive');
      metrics.reconciled.inc({ why: 'missing' });
      log.warn({ order: order.orderNo }, 'open order without a workflow; started');
    }
  }
  await endOrphans(
    client,
    pool,
    metrics,
    [...running].filter((id) => !open.has(id)),
  );
}

const runningQuery = "WorkflowType = 'deliverOrder' and ExecutionStatus = 'Running'";

async function listRunning(client: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query: runningQuery })) ids.add(workflowId);
  return ids;
}

/** Workflows that run although their order is done: a look at PostgreSQL ends them. */
async function endOrphans(client: Client, pool: Pool, metrics: Metrics, ids: readonly string[]): Promise<void> {
  const numbers = ids.map(orderNoOf).filter((no) => no !== undefined);
  if (numbers.length === 0) return;
  for (const no of await doneOrders(pool, numbers)) {
    const handle = client.workflow.getHandle(orderWorkflowId(no));
    // Gone meanwhile is what is wanted.
    await handle.signal(wake).catch(() => undefined);
    metrics.reconciled.inc({ why: 'orphan' });
  }
}
