/** How a process ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const module = (file: string): string => JSON.stringify(pathToFileURL(path.resolve(file)).href);

/** Runs `then` in a process that stops as ours do; answers its exit code and what it logged. */
async function ends(then: string, signal?: NodeJS.Signals): Promise<{ code: number | null; lines: string[] }> {
  const program = `
    import { createLogger } from ${module('integrations/log.ts')};
    import { onStop } from ${module('worker/process-end.ts')};
    onStop(createLogger('test', 'info'), async () => { console.log('stopped cleanly'); });
    setInterval(() => undefined, 1_000);
    console.log('up');
    ${then}`;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (piece: Buffer) => {
    if (out === '' && signal) child.kill(signal);
    out += piece.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, lines: out.trim().split('\n') };
}

describe('G3: the end of a process', () => {
  for (const [event, then] of [
    ['uncaughtException', `setTimeout(() => { throw new Error('nobody expected this'); });`],
    ['unhandledRejection', `void Promise.reject(new Error('nobody expected this'));`],
  ] as const) {
    it(`${event}: said once, without a clean stop, exit code 1`, async () => {
      const { code, lines } = await ends(then);
      assert.equal(code, 1);
      assert.ok(!lines.includes('stopped cleanly'));
      const fatal = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { level: number; msg: string; err: { message: string } }); // prettier-ignore
      assert.deepEqual(fatal.map(({ level, msg, err }) => [level, msg, err.message]), [[60, event, 'nobody expected this']]); // prettier-ignore
    });
  }

  it('SIGTERM: what is under way is finished, exit code 0', async () => {
    const { code, lines } = await ends('', 'SIGTERM');
    assert.equal(code, 0);
    assert.ok(lines.includes('stopped cleanly'));
  });
});
