/** Reservation at any size: the claim of one SKU with ten thousand to ten million keys, most of them sold. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { claim, claimSql } from '../db/claim.ts';
import { fromBeginning } from '../db/claim-cursor.ts';
import type { PaidOrder } from '../db/delivery.ts';
import { migrate } from '../db/migrate.ts';
import { createPool, transaction, type Pool } from '../db/sql.ts';
import { freePort } from '../dev/embedded/ports.ts';
import { startPostgres, type EmbeddedPostgres } from '../dev/embedded/postgres.ts';
import type { Bench, BenchOptions, Measurement } from './bench.ts';
import { pooled } from './pooled.ts';

const concurrency = 10;
const rounds = 3;
/** Counts of a run; `free`: keys for sale where the sustained part takes place, and elsewhere. */
const countsOf = (size: number) => {
  const perRound = Math.max(20, Math.round(1_500 * size));
  const warm = Math.max(5, Math.round(200 * size));
  const seconds = Math.max(2, Math.round(60 * size));
  const after = Math.max(1, Math.round(10 * size));
  return { perRound, warm, seconds, after, many: Math.round(400_000 * size), few: 2 * (rounds * perRound + warm) };
};
type Counts = ReturnType<typeof countsOf>;

const home = path.resolve('.miaofa-bench-cards');
const prepared = path.join(home, 'prepared');
const sizesOf = (size: number): number[] => [10_000, 100_000, 1_000_000, 10_000_000].map((n) => Math.round(n * size));
const databaseOf = (server: EmbeddedPostgres, name: string): string => server.url.replace(/\/[^/]*$/, `/${name}`);
const sustainedAt = (sizes: readonly number[]): number => sizes[2] ?? 0;

async function serve(): Promise<EmbeddedPostgres> {
  return startPostgres({ directory: path.join(home, 'postgres'), port: await freePort(), log: path.join(home, 'postgres.log') }); // prettier-ignore
}

/** Makes the data, a database for each size. What an earlier run has made and not used is taken. */
async function prepare({ size, say }: BenchOptions): Promise<void> {
  if (existsSync(prepared) && readFileSync(prepared, 'utf8') === String(size)) return;
  rmSync(home, { recursive: true, force: true });
  const server = await serve();
  try {
    const sizes = sizesOf(size);
    const { many, few } = countsOf(size);
    for (const rows of sizes) {
      const began = performance.now();
      const url = databaseOf(server, `cards_${rows}`);
      const admin = new pg.Client({ connectionString: server.url });
      await admin.connect();
      await admin.query(`create database cards_${rows}`);
      await admin.end();
      await migrate(url);
      await fill(url, rows, rows === sustainedAt(sizes) ? many : few);
      say(`  ${rows} keys made in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
    writeFileSync(prepared, String(size));
  } finally {
    await server.stop();
  }
}

/** One product with so many keys, the last `free` of them for sale, and as many paid orders. */
async function fill(url: string, rows: number, free: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Facts of others are not looked up for each row, and the indexes are made at the end: it is the state that counts.
    await client.query(
      `set session_replication_role = 'replica'; set maintenance_work_mem = '512MB'; set synchronous_commit = off`,
    );
    await client.query(`insert into products (sku, name, price_minor, currency) values ('BENCH', 'bench', 100, 'CNY')`);
    await client.query(`insert into card_batches (product_id, mode, source, actor_id) values (1, 'test', 'bench', 4)`);
    await client.query(
      `insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency, confirm_by_query, policy,
         token_hash, token, state, expires_at, paid_at, next_deadline)
       select 'B' || g, 'test', 1, g::text, '\\x00', 1, 1, 100, 'CNY', false, '{}', sha256(g::text::bytea), '\\x00', 'paid', now(), now(), now() + interval '1 day'
       from generate_series(1, $1::int) g`,
      [free + 1],
    );
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexname as name, indexdef as definition from pg_indexes where tablename = 'cards' and indexname <> 'cards_pkey'`,
    );
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    await client.query(
      `insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, state, order_id, sold_at)
       select 1, 1, 'test', decode(repeat('5a', 72), 'hex'), decode(md5(g::text), 'hex'),
         case when g <= $2 then 'sold' else 'available' end, case when g <= $2 then 1 end, case when g <= $2 then now() end
       from generate_series(1, $1::int) g`,
      [rows, rows - free],
    );
    for (const { definition } of indexes) await client.query(definition);
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

const order = (id: number): PaidOrder =>
  ({ id, productId: 1, mode: 'test', missing: 1, cardUse: 'single' }) as unknown as PaidOrder; // prettier-ignore

/** Claims one after the other of so many lanes; orders are taken from `next`. */
async function ours(pool: Pool, next: () => number, count: number): Promise<number> {
  const began = performance.now();
  await pooled(count, concurrency, async () => {
    const answer = await transaction(pool, (tx) => claim(tx, order(next())));
    if (!answer.claimed) throw new Error('a key was there and was not claimed');
  });
  return count / ((performance.now() - began) / 1000);
}

/** The same statement by the bare driver: what the server and one Node process allow. */
async function bare(clients: readonly pg.Client[], next: () => number, count: number): Promise<number> {
  const began = performance.now();
  let left = count;
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) {
        await client.query('begin');
        await client.query({ name: 'bare', text: claimSql, values: [next(), 1, 'test', 1, fromBeginning] });
        await client.query('commit');
      }
    }),
  );
  return count / ((performance.now() - began) / 1000);
}

/** Claims for so long, or until the keys are gone; how many in each second. */
async function perSecond(
  seconds: number,
  left: () => boolean,
  lane: (at: number) => Promise<unknown>,
): Promise<number[]> {
  const counts = Array<number>(seconds).fill(0);
  const began = performance.now();
  const run = async (at: number): Promise<void> => {
    while (left()) {
      await lane(at);
      const second = Math.floor((performance.now() - began) / 1000);
      if (second >= seconds) return;
      counts[second] = (counts[second] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, at) => run(at)));
  return counts.slice(0, Math.floor((performance.now() - began) / 1000));
}

async function measure(
  url: string,
  rows: number,
  counts: Counts,
  sustained: boolean,
  say: BenchOptions['say'],
): Promise<Measurement[]> {
  const { perRound, warm, seconds, after, many } = counts;
  const pool = createPool(url, { name: 'bench', max: concurrency, statementTimeoutMs: 0 });
  const clients = Array.from({ length: concurrency }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  let id = 1;
  const next = (): number => ++id;
  const label = rows.toLocaleString('en');
  try {
    const [mine, floor]: [number[], number[]] = [[], []];
    await ours(pool, next, warm);
    await bare(clients, next, warm);
    for (let round = 0; round < rounds; round++) {
      mine.push(await ours(pool, next, perRound));
      floor.push(await bare(clients, next, perRound));
    }
    say(
      `  ${label}: ${mine.map(Math.round).join(' ')} claims a second, bare driver ${floor.map(Math.round).join(' ')}`,
    );
    const found: Measurement[] = [
      { name: `claims, ${label} keys`, unit: 'per second', samples: mine, aim: 'flat within 30 %' },
      { name: `same statement by the bare driver, ${label}`, unit: 'per second', samples: floor, beside: `claims, ${label} keys` }, // prettier-ignore
    ];
    if (!sustained) return found;
    const snapshot = new pg.Client({ connectionString: url });
    await snapshot.connect();
    await snapshot.query('begin isolation level repeatable read');
    await snapshot.query('select count(*) from products');
    const left = (): boolean => id < many - concurrency;
    const tamed = await perSecond(seconds, left, () => transaction(pool, (tx) => claim(tx, order(next()))));
    // Last, because it begins with all the dead entries that the run before it left.
    const untamed = await perSecond(after, left, async (at) => {
      await clients[at]?.query({ name: 'bare', text: claimSql, values: [next(), 1, 'test', 1, fromBeginning] }); // prettier-ignore
    });
    await snapshot.query('rollback');
    await snapshot.end();
    const sixth = Math.ceil(tamed.length / 6);
    say(`  sustained: ${tamed.join(' ')}; from the beginning each: ${untamed.join(' ')}`);
    return [
      ...found,
      { name: `sustained under an open snapshot, ${label} keys, first sixth`, unit: 'per second', samples: tamed.slice(0, sixth) }, // prettier-ignore
      { name: 'sustained, last sixth', unit: 'per second', samples: tamed.slice(-sixth), aim: '≥ 70 % of the first' },
      { name: 'then each claim from the beginning of the index', unit: 'per second', samples: untamed, note: 'what the cursor saves' }, // prettier-ignore
    ];
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await pool.end();
  }
}

export const goodsReservation: Bench = {
  name: 'goods-reservation',
  what: 'Claims of one SKU at 10 k to 10 M keys, most of them sold, ten at a time; and 60 s of them while somebody keeps a snapshot open',
  async run({ size, say }) {
    await prepare({ size, say });
    const server = await serve();
    const sizes = sizesOf(size);
    const found: Measurement[] = [];
    try {
      for (const rows of sizes) {
        found.push(...(await measure(databaseOf(server, `cards_${rows}`), rows, countsOf(size), rows === sustainedAt(sizes), say))); // prettier-ignore
      }
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
    return found;
  },
};
