/**
 * `npm run bench [-- NAME…] [--size S] [--report]`: runs the benchmarks (without a name all of them), keeps their
 * samples under bench/results/ and writes docs/benchmarks.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { goodsReservation } from './goods-reservation.ts';
import { orderLatency } from './order-latency.ts';
import { orderThroughput } from './order-throughput.ts';
import { paymentNotifications } from './payments.ts';
import { reportOf } from './report.ts';
import { commit, machine, readResults, root, writeResult } from './results.ts';

const benches: readonly Bench[] = [goodsReservation, orderLatency, orderThroughput, paymentNotifications];

const { values, positionals } = parseArgs({
  options: { size: { type: 'string', default: '1' }, report: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const size = Number(values.size);
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (!(size > 0) || unknown.length > 0) {
  say(`usage: npm run bench -- [${benches.map((bench) => bench.name).join(' | ')}] [--size 0.1] [--report]`);
  process.exit(2);
}
for (const bench of values.report
  ? []
  : benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  say(`${bench.name}: ${bench.what}`);
  const loadBefore = os.loadavg()[0] ?? 0;
  const began = performance.now();
  const measurements = await bench.run({ size, say });
  const file = writeResult({
    format: 1,
    benchmark: bench.name,
    what: bench.what,
    at: new Date().toISOString(),
    commit: commit(),
    size,
    seconds: (performance.now() - began) / 1000,
    machine: machine(loadBefore),
    measurements,
  });
  say(`  → ${path.relative(root, file)}`);
}
if (size === 1) {
  mkdirSync(path.join(root, 'docs'), { recursive: true });
  writeFileSync(path.join(root, 'docs', 'benchmarks.md'), reportOf(readResults()));
  say('→ docs/benchmarks.md');
}
process.exit(0);
