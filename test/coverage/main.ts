/**
 * `npm run coverage [-- FILE…]`: the tests with coverage, by folder, of workflow code too. Without a file all tests but
 * those that only replay recordings; then it fails below the floors.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Percent of statements. What runs only in processes that tests kill counts for nothing here. */
const floors = { workflows: 95, rest: 77 };
const folders = ['domain', 'db', 'integrations', 'activities', 'worker', 'api'];

const given = process.argv.slice(2);
const files = given.length > 0 ? given : testFiles();
rmSync('coverage', { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [
    path.join('node_modules', 'c8', 'bin', 'c8.js'),
    ...['--reporter', 'json-summary', '--reporter', 'html', '--reports-dir', 'coverage'],
    ...folders.flatMap((folder) => ['--include', `${folder}/**/*.ts`]),
    ...[process.execPath, path.join('node_modules', 'mocha', 'bin', 'mocha.js')],
    // What a failed test leaves open must not keep the counts from being written.
    ...['--exit', '--require', './test/coverage/hook.ts', ...files],
  ],
  { stdio: 'inherit' },
);

interface Share {
  covered: number;
  total: number;
}
const percent = ({ covered, total }: Share): number => (total === 0 ? 100 : (100 * covered) / total);
const line = (name: string, statements: Share, branches: Share): void =>
  void process.stdout.write(
    `${name.padEnd(14)} statements ${percent(statements).toFixed(1).padStart(5)} %   branches ${percent(branches).toFixed(1).padStart(5)} %\n`,
  );
const add = (to: Share, from: Share): void => {
  to.covered += from.covered;
  to.total += from.total;
};

const summary = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8')) as Record<
  string,
  { statements: Share; branches: Share }
>;
const rest = [{ covered: 0, total: 0 }, { covered: 0, total: 0 }] as const; // prettier-ignore
for (const folder of folders) {
  const sums = [{ covered: 0, total: 0 }, { covered: 0, total: 0 }] as const; // prettier-ignore
  for (const [file, { statements, branches }] of Object.entries(summary)) {
    if (path.relative(process.cwd(), file).split(path.sep)[0] !== folder) continue;
    add(sums[0], statements);
    add(sums[1], branches);
  }
  line(folder, ...sums);
  add(rest[0], sums[0]);
  add(rest[1], sums[1]);
}
line('all of these', ...rest);

interface Span {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}
interface Counts {
  readonly path: string;
  readonly s: Readonly<Record<string, number>>;
  readonly b: Readonly<Record<string, readonly number[]>>;
  readonly statementMap: Readonly<Record<string, Span>>;
  readonly branchMap: Readonly<Record<string, { readonly loc: Span }>>;
  readonly fnMap: Readonly<Record<string, { readonly name: string; readonly loc: Span }>>;
}
const stories = [{ covered: 0, total: 0 }, { covered: 0, total: 0 }] as const; // prettier-ignore
const counts = JSON.parse(readFileSync('coverage/workflows.json', 'utf8')) as Record<string, Counts>;
const hit = (values: readonly number[]): Share => ({ covered: values.filter((n) => n > 0).length, total: values.length }); // prettier-ignore
for (const file of Object.values(counts)) {
  if (path.basename(path.dirname(file.path)) !== 'workflows') continue;
  // Lines are those of the compiled code; helpers of the compiler are not ours.
  const helpers = Object.values(file.fnMap).filter(({ name }) => /^(_\w+|ownKeys)$/.test(name));
  const ours = ({ start }: Span): boolean => !helpers.some(({ loc }) => loc.start.line <= start.line && start.line <= loc.end.line); // prettier-ignore
  const statementIds = Object.keys(file.s).filter((id) => ours(file.statementMap[id] as Span));
  const branchIds = Object.keys(file.b).filter((id) => ours((file.branchMap[id] as { loc: Span }).loc));
  const [statements, branches] = [hit(statementIds.map((id) => file.s[id] ?? 0)), hit(branchIds.flatMap((id) => file.b[id] ?? []))]; // prettier-ignore
  line(`  ${path.basename(file.path)}`, statements, branches);
  add(stories[0], statements);
  add(stories[1], branches);
}
line('workflows', ...stories);

const low = given.length === 0 && (percent(stories[0]) < floors.workflows || percent(rest[0]) < floors.rest);
if (low) process.stdout.write(`below the floors: ${floors.workflows} % of workflows, ${floors.rest} % of the rest\n`);
process.exit(status !== 0 || low ? 1 : 0);

function testFiles(): string[] {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .map((file) => path.join('test', file))
    .filter((file) => file.endsWith('.test.ts') && !/^test[\\/](replay|chaos|deploy)/.test(file));
}
