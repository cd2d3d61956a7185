/**
 * `npm run mutations [-- PART…]`: plants each fault in a copy of the working tree and runs the test that must notice.
 * Exits 1 if one goes unnoticed, or if a test fails without any fault.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mutations, type Mutation } from './mutations.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const parts = process.argv.slice(2);
const chosen = mutations.filter(({ what }) => parts.length === 0 || parts.some((part) => what.includes(part)));

const copy = mkdtempSync(path.join(tmpdir(), 'miaofa-mutations-'));
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
for (const file of files.split('\n').filter(Boolean)) {
  cpSync(path.join(root, file), path.join(copy, file), { recursive: true });
}
symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));

interface Run {
  readonly passed: number;
  readonly failed: readonly string[];
}

function run(test: string, name: string): Run {
  const mocha = path.join('node_modules', 'mocha', 'bin', 'mocha.js');
  const { stdout } = spawnSync(process.execPath, [mocha, '--reporter', 'json', '--fgrep', name, test], {
    cwd: copy,
    // Without its guard something may wait for ever.
    timeout: 180_000,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, LOG_LEVEL: 'silent' },
  });
  // What the code prints stands before the report.
  const found = /^\{\n {2}"stats":[\s\S]*^\}$/m.exec(stdout);
  if (!found) return { passed: 0, failed: ['no report: it did not even start'] };
  const report = JSON.parse(found[0]) as { stats: { passes: number }; failures: { fullTitle: string }[] };
  return { passed: report.stats.passes, failed: report.failures.map((failure) => failure.fullTitle) };
}

function plant({ file, find, put, what }: Mutation): () => void {
  const target = path.join(copy, file);
  const text = readFileSync(target, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${what}: its place does not stand once in ${file}`);
  writeFileSync(
    target,
    text.replace(find, () => put),
  );
  return () => writeFileSync(target, text);
}

let unnoticed = 0;
try {
  for (const mutation of chosen) {
    const { what, test, name } = mutation;
    const before = run(test, name);
    const undo = plant(mutation);
    const after = run(test, name);
    undo();
    const sound = before.passed > 0 && before.failed.length === 0;
    const noticed = sound && after.failed.length > 0;
    if (!noticed) unnoticed++;
    say(`${noticed ? 'noticed  ' : sound ? 'UNNOTICED' : 'NOT SOUND'}  ${what}  (${test}: ${name})`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
say(`${chosen.length - unnoticed} of ${chosen.length} noticed`);
process.exit(unnoticed === 0 ? 0 : 1);
