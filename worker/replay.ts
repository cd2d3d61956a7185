/** Whether orders that are under way bear this code (rule 14): their real histories are replayed, nothing is changed. */
import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { orderNoOf } from '../domain/ids.ts';

export interface Replayed {
  readonly workflowId: string;
  /** Undefined: it bears it. */
  readonly problem?: string;
}

/** Replays one order's newest run, or all that match a visibility query, at most `limit`. */
export async function* replayAll(
  client: Client,
  code: { readonly bundle: NonNullable<WorkerOptions['workflowBundle']>; readonly dataConverter: DataConverter },
  query: string,
  limit: number,
): AsyncGenerator<Replayed> {
  let left = limit;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    if (left-- <= 0) return;
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    try {
      await Worker.runReplayHistory({ workflowBundle: code.bundle, dataConverter: code.dataConverter }, history, workflowId); // prettier-ignore
      yield { workflowId };
    } catch (error) {
      yield { workflowId, problem: error instanceof Error ? error.message.split('\n')[0]?.slice(0, 200) ?? '' : 'unknown' }; // prettier-ignore
    }
  }
}

/** The query that finds what is asked for: an order's number, or everything that runs. */
export function replayQuery(orderNo: string | undefined): string {
  if (orderNo === undefined) return "ExecutionStatus = 'Running'";
  return `OrderNo = '${orderNoOf(`order-${orderNo}`) ?? ''}'`;
}
