import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowBundle } from '../../worker/create.ts';
import { scenarios } from './scenarios.ts';

const folder = path.join(import.meta.dirname, 'histories');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));

/** No server: a history and the code are enough. */
describe('rule 14: orders that are under way go on under this code', function () {
  this.timeout(60_000);

  for (const file of files) {
    it(`G3: ${file.replace('.json', '').replaceAll('-', ' ')} replays`, async () => {
      await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, read(file)).catch((error: unknown) => {
        const what =
          'The story changed in a way that recorded orders do not bear: use patched(), or before the first release record anew with `npm run record`';
        throw new Error(what, { cause: error });
      });
    });
  }

  it('every way that is played has its recording', () => {
    assert.deepEqual(
      Object.keys(scenarios).filter((name) => !files.includes(`${name.replaceAll(/\W+/g, '-')}.json`)),
      [],
    );
  });

  it('a story with one more step is refused for every recorded order', async () => {
    const changed: WorkflowBundle = await bundleWorkflowCode({
      workflowsPath: path.join(import.meta.dirname, 'changed', 'index.ts'),
      logger: new DefaultLogger('WARN'),
    });
    assert.ok(files.length > 0);
    for (const file of files) {
      await assert.rejects(Worker.runReplayHistory({ workflowBundle: changed }, read(file)), DeterminismViolationError);
    }
  });
});
