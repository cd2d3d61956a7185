/** `npm run bench [-- NAME…]`: runs the benchmarks, without a name all of them. */
import type { Bench } from './bench.ts';

const benches: readonly Bench[] = [];

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
for (const bench of benches.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`${bench.name}: ${bench.what}`);
  await bench.run({ size: 1, say });
}
