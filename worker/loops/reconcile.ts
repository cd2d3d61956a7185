/**
 * PostgreSQL against Temporal (rule 3). Four things can be wrong: an open order without a workflow; a closed workflow
 * whose order is open; an open workflow whose order is done; no progress past the order's deadline. Each is cured by a
 * wake that starts what is missing: the story reads the rows and goes on or ends.
 */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { doneOrders, openOrders, overdueOrders } from '../../db/upkeep.ts';
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

/**
 * The whole comparison. What runs is read from Temporal's list, which lags a little: a start of what runs after all is
 * answered with the existing run, and a wake of what has just ended runs once more and ends.
 */
export async function sweep(link: TemporalLink, pool: Pool, log: Logger, metrics: Metrics): Promise<void> {
  const client = link.client;
  if (!client) return;
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

async function listRunning(client: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  const query = "WorkflowType = 'deliverOrder' and ExecutionStatus = 'Running'";
  for await (const { workflowId } of client.workflow.list({ query })) ids.add(workflowId);
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
