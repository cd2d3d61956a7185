/** Starts or wakes the stories of cases: the row says that one is due, so a case outlives everything but its row. */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { dueCases } from '../../db/cases.ts';
import type { Pool } from '../../db/sql.ts';
import { caseWorkflowId, ordersQueue } from '../../domain/ids.ts';
import { caseChanged } from '../../workflows/case-messages.ts';
import type { caseStory } from '../../workflows/index.ts';
import type { TemporalLink } from '../link.ts';

/** True if there may be more. */
export async function wakeCases(link: TemporalLink, pool: Pool, log: Logger): Promise<boolean> {
  const { client } = link;
  if (!client) return false;
  const due = await dueCases(pool);
  for (const { id, no } of due) {
    await wake(client, id, no).catch((error: unknown) => {
      log.warn({ case: no, err: error }, 'a case was not woken; it comes again');
    });
  }
  return due.length === 50;
}

async function wake(client: Client, caseId: number, caseNo: string): Promise<void> {
  await client.withDeadline(Date.now() + 2_000, () =>
    client.workflow.signalWithStart<typeof caseStory>('caseStory', {
      taskQueue: ordersQueue,
      workflowId: caseWorkflowId(caseNo),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowTaskTimeout: '5 seconds',
      args: [{ caseId, caseNo }],
      staticSummary: `售后 ${caseNo}`,
      signal: caseChanged,
      signalArgs: [],
    }),
  );
}
