/** Starts or wakes the workflows of imports: the row says that one is due, so an import outlives everything but it. */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { dueImports } from '../../db/imports.ts';
import type { Pool } from '../../db/sql.ts';
import { importsQueue, importWorkflowId } from '../../domain/ids.ts';
import { importChanged } from '../../workflows/import-messages.ts';
import type { importFile } from '../../workflows/index.ts';
import type { TemporalLink } from '../link.ts';

const patienceMs = 2_000;

/** True if there may be more. */
export async function wakeImports(link: TemporalLink, pool: Pool, log: Logger): Promise<boolean> {
  const { client } = link;
  if (!client) return false;
  const due = await dueImports(pool);
  for (const id of due) {
    await wakeImport(client, id).catch((error: unknown) => {
      log.warn({ import: id, err: error }, 'an import was not woken; it comes again');
    });
  }
  return due.length > 0;
}

async function wakeImport(client: Client, importId: number): Promise<void> {
  await client.withDeadline(Date.now() + patienceMs, () =>
    client.workflow.signalWithStart<typeof importFile>('importFile', {
      taskQueue: importsQueue,
      workflowId: importWorkflowId(importId),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowTaskTimeout: '5 seconds',
      args: [{ importId }],
      staticSummary: `导入 #${importId}`,
      signal: importChanged,
      signalArgs: [],
    }),
  );
}
