/** E3: what the dashboard and the analysis of failures ask, on 1 M orders of 30 days; each order's hour counted, and not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failuresOf, figuresOf, shopDayStart, todayOf } from '../db/figures.ts';
import { migrate } from '../db/migrate.ts';
import { listOrders } from '../db/order-list.ts';
import { settleFigures } from '../db/settle-figures.ts';
import { createPool } from '../db/sql.ts';
import { freePort } from '../dev/embedded/ports.ts';
import { startPostgres } from '../dev/embedded/postgres.ts';
import type { Bench, Measurement } from './bench.ts';
import { insertOldOrders } from './old-orders.ts';

const rounds = 30;

async function times(work: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const began = performance.now();
    await work();
    samples.push(performance.now() - began);
  }
  return samples;
}

export const dashboard: Bench = {
  name: 'dashboard',
  what: 'E3 the queries of the dashboard on 1 M orders of 30 days, 200 products, 4 accounts',
  async run({ size, say }): Promise<Measurement[]> {
    const home = mkdtempSync(path.join(tmpdir(), 'miaofa-bench-'));
    chmodSync(home, 0o755); // PostgreSQL's own user passes through
    const server = await startPostgres({ directory: path.join(home, 'postgres'), port: await freePort(), log: path.join(home, 'log'), durable: false, database: 'miaofa' }); // prettier-ignore
    const pool = createPool(server.url, { name: 'bench', statementTimeoutMs: 0 });
    try {
      await migrate(server.url);
      await insertOldOrders(pool, { orders: Math.round(1_000_000 * size), days: 30, products: 200, accounts: 4 });
      const today = await shopDayStart(pool, 'Asia/Shanghai');
      const month = await shopDayStart(pool, 'Asia/Shanghai', 29);
      const ask = async (counted: string): Promise<Measurement[]> => [
        { name: `figures of yesterday and today, ${counted}`, unit: 'ms', samples: await times(() => figuresOf(pool, 'live', new Date(today.getTime() - 86_400_000), new Date())), aim: '≤ 100' }, // prettier-ignore
        { name: `figures of 30 days, ${counted}`, unit: 'ms', samples: await times(() => figuresOf(pool, 'live', month, new Date())) }, // prettier-ignore
        { name: `failure rate of 30 days, ${counted}`, unit: 'ms', samples: await times(() => failuresOf(pool, 'live', month, new Date())), aim: '≤ 100' }, // prettier-ignore
      ];
      const before = size < 1 ? await ask('order by order') : [];
      const began = performance.now();
      while (await settleFigures(pool, 48));
      say(`  hours counted in ${((performance.now() - began) / 1000).toFixed(1)} s`);
      await pool.query('analyze');
      return [
        ...before,
        ...(await ask('hours counted')),
        { name: 'what waits, and by hand', unit: 'ms', samples: await times(() => todayOf(pool, 'live', today)), aim: '≤ 100' }, // prettier-ignore
        { name: 'the last 50 orders', unit: 'ms', samples: await times(() => listOrders(pool, { mode: 'live' }, 50)), aim: '≤ 100' }, // prettier-ignore
      ];
    } finally {
      await pool.end();
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};
