/** P2: as many orders as the system takes, 20 and 100 at once, each with its mail. */
import type { Bench, BenchOptions, Measurement } from './bench.ts';
import { memoryOf } from './memory.ts';
import { startNoop } from './noop/start.ts';
import { allDone } from './order-latency.ts';
import { runPlainSql } from './plain-sql.ts';
import { pooled } from './pooled.ts';
import { startBenchStack, type BenchOrder, type BenchStack } from './stack.ts';

interface Saturated {
  readonly perSecond: number;
  readonly latencies: readonly number[];
}

/** Between two looks; at 5 ms they were two fifths of what PostgreSQL did. An order takes some hundreds. */
const lookMs = 20;

/**
 * Keeps `concurrency` orders between notification and end of story. One watcher reads which have ended: asking for each
 * by itself would load the system more than the orders do.
 */
async function saturate(bench: BenchStack, orders: readonly BenchOrder[], concurrency: number): Promise<Saturated> {
  const waiting = new Map<string, () => void>();
  let over = false;
  const watch = async (): Promise<void> => {
    while (!over) {
      const { rows } = await bench.pool.query<{ no: string }>(
        'select no from orders where no = any ($1) and done_at is not null',
        [[...waiting.keys()]],
      );
      for (const { no } of rows) {
        waiting.get(no)?.();
        waiting.delete(no);
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  };
  const watching = watch();
  const latencies: number[] = [];
  const began = performance.now();
  await pooled(orders.length, concurrency, async (i) => {
    const order = orders[i];
    if (!order) return;
    const start = performance.now();
    const ended = new Promise<void>((resolve) => waiting.set(order.orderNo, resolve));
    await order.notify();
    await ended;
    latencies.push(performance.now() - start);
  });
  const seconds = (performance.now() - began) / 1000;
  over = true;
  await watching;
  return { perSecond: orders.length / seconds, latencies };
}

async function run({ size, say }: BenchOptions): Promise<Measurement[]> {
  const count = Math.max(40, Math.round(300 * size));
  const rounds = 2;
  const bench = await startBenchStack(say);
  try {
    const noop = await startNoop(bench.temporalAddress);
    try {
      await saturate(bench, await bench.prepare(100, 'sandbox'), 20); // warm
      await noop.run({ story: 'localAndOrdinaryStep', count: 100, concurrency: 20 });
      const found: Measurement[] = [];
      for (const concurrency of [20, 100]) {
        const withMail: Saturated[] = [];
        const goodsOnly: Saturated[] = [];
        const rates = { sql: [] as number[], mail: [] as number[], goods: [] as number[] };
        for (let round = 1; round <= rounds; round++) {
          say(`  ${concurrency} at once, round ${round} of ${rounds}`);
          const play = async (mail: boolean): Promise<Saturated> => {
            const prepared = await bench.prepare(count, 'sandbox', mail);
            const played = await saturate(bench, prepared, concurrency);
            await allDone(bench, prepared);
            return played;
          };
          const empty = async (story: 'localStep' | 'localAndOrdinaryStep'): Promise<number> =>
            count / (await noop.run({ story, count, concurrency })).seconds;
          withMail.push(await play(true));
          rates.mail.push(await empty('localAndOrdinaryStep'));
          goodsOnly.push(await play(false));
          rates.goods.push(await empty('localStep'));
          const plain = await bench.prepare(count, 'sandbox');
          rates.sql.push(count / (await runPlainSql(bench.pool, bench.accounts.sandbox, plain, concurrency)).seconds);
        }
        const beside = (name: string, samples: readonly number[], of: string, note?: string): Measurement => ({
          name: `${name}, ${concurrency} at once`,
          unit: 'per second',
          samples,
          beside: `${of}, ${concurrency} at once`,
          ...(note !== undefined && { note }),
        });
        found.push(
          { name: `orders with mail, ${concurrency} at once`, unit: 'per second', samples: withMail.map((o) => o.perSecond), aim: '≥ 90 % of the no-op story' }, // prettier-ignore
          beside('no-op story with a local and an ordinary step', rates.mail, 'orders with mail'),
          beside('the same SQL alone', rates.sql, 'orders with mail', 'one process'),
          { name: `orders without mail, ${concurrency} at once`, unit: 'per second', samples: goodsOnly.map((o) => o.perSecond), aim: '≥ 90 % of the no-op story' }, // prettier-ignore
          beside('no-op story with a local step', rates.goods, 'orders without mail'),
          {
            name: `notify to end of story, ${concurrency} at once`,
            unit: 'ms',
            samples: withMail.flatMap((o) => o.latencies),
            note: 'with mail',
          },
        );
      }
      const loaded = memoryOf(bench.stack.pids());
      for (const { name, megabytes } of loaded)
        found.push({ name: `memory, after load: ${name}`, unit: 'MB', samples: [megabytes], ...(name === 'all' && { aim: '≤ 1200' }) }); // prettier-ignore
      return found;
    } finally {
      await noop.stop();
    }
  } finally {
    await bench.stop();
  }
}

export const orderThroughput: Bench = {
  name: 'order-throughput',
  what: 'P2: a system under full load, 20 and 100 orders at once',
  run,
};
