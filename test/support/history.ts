/** Histories of orders: read them, reset them, wait for their end. */
import { randomUUID } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { orderWorkflowId } from '../../domain/ids.ts';
import type { deliverOrder } from '../../workflows/index.ts';
import type { System } from './system.ts';

type OrderHandle = WorkflowHandle<typeof deliverOrder>;

export function temporalOf(system: System): Client {
  const client = system.link?.client;
  if (!client) throw new Error('this system has no Temporal');
  return client;
}

/** The order's workflow: its newest run, or the run named. */
export function workflowOf(system: System, orderNo: string, runId?: string): OrderHandle {
  return temporalOf(system).workflow.getHandle<typeof deliverOrder>(orderWorkflowId(orderNo), runId);
}

export interface HistoryEvent {
  readonly id: number;
  /** As `WORKFLOW_TASK_COMPLETED`. */
  readonly type: string;
}

/** What stands in the history of a run (without `runId` of the newest), in the form that replays. */
export async function recordedHistory(system: System, orderNo: string, runId?: string): Promise<string> {
  return historyToJSON(await workflowOf(system, orderNo, runId).fetchHistory());
}

export function eventsOf(history: string): HistoryEvent[] {
  const { events } = JSON.parse(history) as { events: { eventId: string; eventType: string }[] };
  return events.map((event) => ({ id: Number(event.eventId), type: event.eventType.replace(/^EVENT_TYPE_/, '') }));
}

/** As ops do: a new run goes on from the end of this workflow task of `runId`. The id of the new run. */
export async function resetTo(system: System, orderNo: string, runId: string, eventId: number): Promise<string> {
  const client = temporalOf(system);
  const answer = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: orderWorkflowId(orderNo), runId },
    reason: 'test',
    workflowTaskFinishEventId: eventId as unknown as Long, // encoded from a number
    requestId: randomUUID(),
  });
  return answer.runId;
}

export async function newestRun(system: System, orderNo: string): Promise<string> {
  return (await workflowOf(system, orderNo).describe()).runId;
}
