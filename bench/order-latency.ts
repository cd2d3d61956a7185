/** P1: one order at a time, from the first byte of the notification to the key readable on the pickup page. */
import { orderWorkflowId } from '../domain/ids.ts';
import type { Bench, BenchOptions, Measurement } from './bench.ts';
import { costOf } from './history.ts';
import { memoryOf } from './memory.ts';
import { startNoop } from './noop/start.ts';
import { runPlainSql } from './plain-sql.ts';
import { countSql } from './sql-count.ts';
import { startBenchStack, type BenchOrder, type BenchStack } from './stack.ts';

interface Timed {
  readonly acknowledged: number;
  readonly onPage: number;
}

async function timeOne(bench: BenchStack, order: BenchOrder): Promise<Timed> {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const acknowledged = order.notify().then(since);
  // A buyer's page would ask less often: what is measured is when it could be told.
  while ((await bench.goods(order)) === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
  const onPage = since();
  return { acknowledged: await acknowledged, onPage };
}

/** One after the other; the next begins when the story of the one before has ended. */
async function timeAll(bench: BenchStack, orders: readonly BenchOrder[]): Promise<Timed[]> {
  const times: Timed[] = [];
  for (const order of orders) {
    times.push(await timeOne(bench, order));
    await allDone(bench, [order]);
  }
  return times;
}

/** Resolves when nothing is left to do for these orders. */
export async function allDone(bench: BenchStack, orders: readonly BenchOrder[]): Promise<void> {
  const numbers = orders.map((order) => order.orderNo);
  for (;;) {
    const { rows } = await bench.pool.query<{ left: number }>(
      'select count(*)::int as left from orders where no = any ($1) and done_at is null',
      [numbers],
    );
    if (rows[0]?.left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

const walBytes = async (bench: BenchStack): Promise<number> =>
  Number((await bench.pool.query<{ at: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as at`)).rows[0]?.at); // prettier-ignore

async function gatewayRoundTrips(bench: BenchStack, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await fetch(`${bench.gateway}/api.php?act=order&pid=0&key=x&out_trade_no=none`).then((answer) => answer.text());
    times.push(performance.now() - began);
  }
  return times;
}

async function run({ size, say }: BenchOptions): Promise<Measurement[]> {
  const samples = Math.max(5, Math.round(200 * size));
  const bench = await startBenchStack(say);
  try {
    const noop = await startNoop(bench.temporalAddress);
    try {
      await timeAll(bench, await bench.prepare(20, 'sandbox')); // warm
      await noop.run({ story: 'localStep', count: 20, concurrency: 1 });
      const idle = memoryOf(bench.stack.pids());

      say('  orders, one at a time');
      const orders = await bench.prepare(samples, 'sandbox');
      const wal = await walBytes(bench);
      const times = await timeAll(bench, orders);
      const walPerOrder = ((await walBytes(bench)) - wal) / orders.length;

      say('  orders confirmed by a query of the gateway');
      const confirmed = await timeAll(bench, await bench.prepare(Math.ceil(samples / 2), 'epay'));
      const roundTrips = await gatewayRoundTrips(bench, 50);

      say('  the same SQL alone, no-op stories alone');
      const plain = await countSql(async () =>
        runPlainSql(bench.pool, bench.accounts.sandbox, await bench.prepare(samples, 'sandbox'), 1),
      );
      const empty = await noop.run({ story: 'localStep', count: samples, concurrency: 1 });

      const handles = orders.slice(0, 20).map((order) => bench.temporal.workflow.getHandle(orderWorkflowId(order.orderNo))); // prettier-ignore
      const costs = await Promise.all(handles.map(async (handle) => costOf(await handle.fetchHistory())));
      return [
        { name: 'notify to page', unit: 'ms', samples: times.map((t) => t.onPage), aim: 'p50 ≤ 20, p99 ≤ 100' },
        { name: 'notify to acknowledgement', unit: 'ms', samples: times.map((t) => t.acknowledged), aim: 'p99 ≤ 100' },
        {
          name: 'the same SQL alone, to goods',
          unit: 'ms',
          samples: plain.result.latencies,
          beside: 'notify to page',
          note: 'intake, lock, claim and release from one process, without HTTP and Temporal',
        },
        {
          name: 'no-op story with one local step',
          unit: 'ms',
          samples: empty.latencies,
          beside: 'notify to page',
          note: 'eager start to the end of the story, in a process as the API is one',
        },
        {
          name: 'notify to page, confirmed by a query',
          unit: 'ms',
          samples: confirmed.map((t) => t.onPage),
          aim: 'p50 ≤ one round trip + 30',
        },
        { name: 'round trip to the gateway', unit: 'ms', samples: roundTrips, beside: 'notify to page, confirmed by a query' }, // prettier-ignore
        { name: 'WAL per order', unit: 'bytes', samples: [walPerOrder], note: 'with the loops of the idle system' },
        { name: 'history events per order', unit: 'count', samples: costs.map((c) => c.events), aim: '≤ 14' },
        { name: 'Temporal actions per order', unit: 'count', samples: costs.map((c) => c.actions), aim: '≤ 3' },
        ...idle.map(({ name, megabytes }): Measurement => ({ name: `memory, idle: ${name}`, unit: 'MB', samples: [megabytes], ...(name === 'all' && { aim: '≤ 700' }) })), // prettier-ignore
      ];
    } finally {
      await noop.stop();
    }
  } finally {
    await bench.stop();
  }
}

export const orderLatency: Bench = {
  name: 'order-latency',
  what: 'P1: an idle system, one order at a time, from the notification to the key on the pickup page',
  run,
};
