/** The story of an order on steps that a test makes up. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import type { Outcome } from '../../activities/outcome.ts';
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
    taskQueue: 'orders',
    workflowBundle: await workflowBundle(),
    activities: fakes(given),
  });
  return worker.runUntil(async () => {
    const handle = await env.client.workflow.start<typeof deliverOrder>('deliverOrder', {
      taskQueue: 'orders',
      workflowId: randomUUID(),
      args: [{ orderId: 1, orderNo: storyOrderNo }],
    });
    return story(handle);
  });
}
