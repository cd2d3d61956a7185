/** The story of an order on steps that a test makes up. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import type { Outcome } from '../../activities/outcome.ts';
import { ordersQueue } from '../../domain/ids.ts';
import { workflowBundle } from '../../worker/create.ts';
import type { deliverOrder } from '../../workflows/index.ts';

export const storyOrderNo = 'M261124AAAAAAAAAAAAA';

/** Steps that do nothing unless a test says otherwise. */
function fakes(given: Partial<Activities>): Activities {
  const nothing = (): Promise<void> => Promise.resolve();
  const never = (): Promise<Outcome> => Promise.reject(new Error('not expected'));
  return {
    advance: never,
    confirmPayment: never,
    purchase: never,
    handOver: never,
    recordSignal: nothing,
    sendMail: nothing,
    sendWebhook: nothing,
    giveUpMessage: nothing,
    ...given,
  };
}

export async function playStory<T>(
  env: TestWorkflowEnvironment,
  given: Partial<Activities>,
  story: (handle: WorkflowHandle<typeof deliverOrder>) => Promise<T>,
): Promise<T> {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: ordersQueue,
    workflowBundle: await workflowBundle(),
    activities: fakes(given),
    shutdownForceTime: '5 seconds', // the next test needs the queue
  });
  return worker.runUntil(async () => {
    const handle = await env.client.workflow.start<typeof deliverOrder>('deliverOrder', {
      taskQueue: ordersQueue,
      workflowId: randomUUID(),
      args: [{ orderId: 1, orderNo: storyOrderNo }],
    });
    const stop = new AbortController();
    try {
      return await Promise.race([story(handle), tooLong(handle, stop.signal)]);
    } finally {
      stop.abort();
    }
  });
}

/** Says where a story stands that comes to no end, before mocha gives the test up without a word. */
async function tooLong(handle: WorkflowHandle, signal: AbortSignal): Promise<never> {
  await pause(patienceMs, undefined, { signal });
  const { events } = await handle.fetchHistory();
  const names = (events ?? []).map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')));
  throw new Error(`the story did not end in ${patienceMs} ms: ${names.join(' ')}`);
}

const patienceMs = 20_000;
