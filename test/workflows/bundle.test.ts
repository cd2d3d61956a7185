import assert from 'node:assert/strict';
import path from 'node:path';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';
import { ESLint } from 'eslint';

const root = path.join(import.meta.dirname, '..', '..');
const quiet: Logger = { log: noop, trace: noop, debug: noop, info: noop, warn: noop, error: noop };
function noop(): void {
  // webpack says at length what is wrong; the tests expect it
}
const bundle = async (file: string): Promise<string> =>
  (await bundleWorkflowCode({ workflowsPath: path.join(root, file), logger: quiet })).code;

describe('design: workflow code does no I/O', function () {
  this.timeout(60_000);

  it('the bundle of the stories holds domain and workflows, and nothing of the database, the network or Express', async () => {
    const code = await bundle('workflows/index.ts');
    const ours = new Set([...code.matchAll(/!\*\*\* \.\/(\w+)\/\S+\.ts \*\*\*!/g)].map(([, folder]) => folder));
    assert.deepEqual([...ours].sort(), ['domain', 'workflows']);
  });

  for (const [name, file] of [
    ['node:fs', 'test/workflows/forbidden/node.ts'],
    ['the database', 'test/workflows/forbidden/database.ts'],
  ] as const) {
    it(`a story that imports ${name} does not build`, () => assert.rejects(bundle(file)));
  }

  it('lint refuses that before, and a dynamic import, which would build and then kill the worker', async () => {
    const config = (await new ESLint({ cwd: root }).calculateConfigForFile(
      path.join(root, 'workflows', 'index.ts'),
    )) as {
      rules: Record<string, [severity: number, ...options: unknown[]]>;
    };
    const rule = (name: string): string => JSON.stringify(config.rules[name]);
    assert.match(rule('no-restricted-imports'), /^\[2,.*"node:\*".*"pg"/);
    assert.match(rule('no-restricted-syntax'), /^\[2,.*"ImportExpression"/);
    assert.match(rule('no-restricted-globals'), /^\[2,.*"process".*"fetch"/);
  });
});
