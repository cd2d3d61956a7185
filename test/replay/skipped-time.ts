/** Recordings of ways that take hours or a day: with steps that answer as told, on the server that skips time. */
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { delivery, infrastructureTrouble } from '../../domain/failure-types.ts';
import { ordersQueue } from '../../domain/ids.ts';
import { workflowBundle } from '../../worker/create.ts';
import type { deliverOrder } from '../../workflows/index.ts';
import { timeSkipping } from '../support/services.ts';

const fail = (type: string, code: ErrorCode): Promise<never> =>
  Promise.reject(ApplicationFailure.create({ type, message: code, details: [code] }));

/** Steps by name of the recording; made anew for each. */
const stories: Readonly<Record<string, () => Partial<Activities>>> = {
  'database away for hours': () => {
    let tries = 0;
    return {
      advance: () =>
        ++tries < 200
          ? fail(infrastructureTrouble, 'DATABASE_TROUBLE')
          : Promise.resolve({ next: 'end', state: 'delivered' }),
    };
  },
  'unexpected error, handed over': () => ({
    advance: () => fail('UNEXPECTED', 'UNEXPECTED'),
    handOver: () => Promise.resolve({ next: 'end', state: 'closed' }),
  }),
  'mail given up after a day': () => ({
    advance: () => Promise.resolve({ next: 'tell', messages: [{ id: 1, kind: 'mail' }] }),
    sendMail: () => fail(delivery, 'MAIL_SILENT'),
    giveUpMessage: () => Promise.resolve(),
  }),
};

/** Name and history of each that is wanted. */
export async function recordSkippedTime(isWanted: (name: string) => boolean): Promise<[string, string][]> {
  const recorded: [string, string][] = [];
  for (const [name, steps] of Object.entries(stories)) {
    if (!isWanted(name)) continue;
    const env = await timeSkipping();
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: ordersQueue,
      workflowBundle: await workflowBundle(),
      activities: steps(),
    });
    await worker.runUntil(async () => {
      const handle = await env.client.workflow.start<typeof deliverOrder>('deliverOrder', {
        taskQueue: ordersQueue,
        workflowId: `recorded-${recorded.length}`,
        args: [{ orderId: 1, orderNo: 'M261124AAAAAAAAAAAAA' }],
      });
      await handle.result();
      recorded.push([name, historyToJSON(await handle.fetchHistory())]);
    });
  }
  return recorded;
}
