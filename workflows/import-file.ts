/** The story of a file: checked, shown, confirmed by a person within a day, brought in. PostgreSQL holds where it is. */
import * as wf from '@temporalio/workflow';
import type { ImportActivities } from '../activities/index.ts';
import { importChanged, type ImportFileInput } from './import-messages.ts';
import { imports } from './policies.ts';

const steps = wf.proxyActivities<ImportActivities>(imports);

export async function importFile({ importId }: ImportFileInput): Promise<{ state: string }> {
  let asked = 0;
  wf.setHandler(
    importChanged,
    () => {
      asked++;
    },
    { description: 'The import was confirmed or cancelled: look again' },
  );
  for (;;) {
    const served = asked;
    const outcome = await steps.advanceImport({ importId });
    if (outcome.next === 'end') return { state: outcome.state };
    wf.setCurrentDetails('等待确认 / waiting for its confirmation');
    await wf.condition(() => asked > served, outcome.forMs, { summary: '等待确认' });
  }
}
