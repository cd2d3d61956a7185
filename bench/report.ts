/** docs/benchmarks.md from the results: every figure in it stands in a file under bench/results/. */
import { percentile, type Measurement } from './bench.ts';
import type { Result } from './results.ts';

const digits = (value: number): string =>
  value >= 1000 ? String(Math.round(value)) : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2); // prettier-ignore

function figures({ samples, unit }: Measurement): string {
  if (samples.length === 0) return '–';
  if (samples.length === 1) return `${digits(samples[0] ?? 0)} ${unit}`;
  const at = (share: number): string => digits(percentile(samples, share));
  if (unit === 'per second') return `${at(0.5)} ${unit} (${at(0)} … ${at(1)}, ${samples.length} rounds)`;
  return `p50 ${at(0.5)} · p99 ${at(0.99)} · max ${at(1)} ${unit} (${samples.length})`;
}

/** How far the measurement is from the one that it stands beside. */
function ratio(measurement: Measurement, all: readonly Measurement[]): string {
  const main = all.find((other) => other.name === measurement.beside);
  if (!main) return '';
  const share = percentile(main.samples, 0.5) / percentile(measurement.samples, 0.5);
  return main.unit === 'per second'
    ? `orders reach ${Math.round(share * 100)} % of it`
    : `orders take ${digits(share)} ×`;
}

function section(result: Result): string {
  const { machine, measurements } = result;
  const rows = measurements.map((m) =>
    [m.beside ? `↳ ${m.name}` : m.name, figures(m), m.aim ?? ratio(m, measurements), m.note ?? ''].join(' | '),
  );
  return [
    `## ${result.benchmark}`,
    '',
    `${result.what}.`,
    '',
    `${result.at.slice(0, 10)}, commit ${result.commit}, ${Math.round(result.seconds)} s; ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGB} GB, ${machine.system}, Node ${machine.node}; load before and after ${machine.load.map(digits).join(' and ')}.`,
    '',
    '| measured | figures | aim or comparison | note |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n');
}

const head = `# Benchmarks

Made by \`npm run bench\` from the files under \`bench/results/\`, which hold every sample; do not edit.
\`npm run bench -- NAME…\` runs some, \`--size 0.1\` makes them smaller (a smoke run, kept apart and not shown here),
\`--report\` only writes this page anew.

A line with ↳ was measured in the same run, on the same server and the same machine, and is what the line above it is
compared with. Figures of a machine that others use at the same time are worse than they need be: see its load.

To add a benchmark: a module \`bench/<name>.ts\` that exports a \`Bench\` (\`bench/bench.ts\`), named in \`bench/main.ts\`.
`;

export function reportOf(results: readonly Result[]): string {
  return [head, ...results.map(section)].join('\n');
}
