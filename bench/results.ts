/** Results as files: `bench/results/<benchmark>.json`, the newest run of each; git keeps the older ones. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './bench.ts';

/** The repository, seen from the sources as well as from dist/. */
export const root = path.resolve(fileURLToPath(import.meta.url), '..', '..').replace(/[\\/]dist$/, '');
const folder = path.join(root, 'bench', 'results');

export interface Result {
  readonly format: 1;
  readonly benchmark: string;
  readonly what: string;
  /** ISO time of the end. */
  readonly at: string;
  readonly commit: string;
  /** 1 = full size. */
  readonly size: number;
  readonly seconds: number;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGB: number;
    readonly system: string;
    readonly node: string;
    /** Before and after: others on the machine make figures worse. */
    readonly load: readonly [before: number, after: number];
  };
  readonly measurements: readonly Measurement[];
}

export function machine(loadBefore: number): Result['machine'] {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
    load: [loadBefore, os.loadavg()[0] ?? 0],
  };
}

export function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Three digits are enough for any figure here, and keep the files small. */
const short = (value: number): number => Number(value.toPrecision(4));

export function writeResult(result: Result): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${result.benchmark}${result.size === 1 ? '' : '.smoke'}.json`);
  const { measurements, ...head } = result;
  // One measurement a line: a thousand samples below each other say nothing to a reader.
  const lines = measurements.map((m) => `    ${JSON.stringify({ ...m, samples: m.samples.map(short) })}`).join(',\n');
  const text = JSON.stringify(head, null, 2).replace(/\n}$/, `,\n  "measurements": [\n${lines}\n  ]\n}\n`);
  writeFileSync(file, text);
  return file;
}

/** Full-size results only, by name. */
export function readResults(): Result[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.endsWith('.smoke.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Result);
}
