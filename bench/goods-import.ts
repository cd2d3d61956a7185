/**
 * P: a million keys from a file, through the running stack: sent, checked for duplicates, sealed, in the pool. Beside it
 * what cannot be saved: the cryptography of the same keys alone, and COPY of the same sealed rows into such a table.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Pool } from '../db/sql.ts';
import type { Keyring } from '../integrations/keyring/keyring.ts';
import { keyFingerprint, sealKey } from '../integrations/keyring/goods.ts';
import type { Bench, Measurement } from './bench.ts';
import { goodsOf, looseKeyring } from './goods.ts';
import { memoryOf } from './memory.ts';
import { startBenchStack } from './stack.ts';

const keyOf = (salt: string, i: number): string => `${salt}-${String(i).padStart(8, '0')}-ABCDEFGH`;

export const goodsImport: Bench = {
  name: 'goods-import',
  what: 'D4: 1,000,000 keys from a text file, from its first byte to the last key in the pool',
  async run({ size, say }): Promise<Measurement[]> {
    const lines = Math.round(1_000_000 * size);
    const bench = await startBenchStack(say);
    try {
      const goods = goodsOf(bench);
      const productId = await goods.product('BENCH-IMPORT');
      const salt = randomBytes(4).toString('hex');
      const text = (): Buffer => Buffer.from(Array.from({ length: lines }, (_, i) => keyOf(salt, i)).join('\n'));

      let peak = 0;
      let api = 0;
      const watch = setInterval(() => {
        const memory = new Map(memoryOf(bench.stack.pids()).map((m) => [m.name, m.megabytes]));
        peak = Math.max(peak, memory.get('worker') ?? 0);
        api = Math.max(api, memory.get('api') ?? 0);
      }, 1_000);
      const times = await goods.bring(productId, 'keys.txt', text(), true);
      clearInterval(watch);
      say(`  import: ${JSON.stringify(times)}, worker ${peak} MB, api ${api} MB`);

      const keyring = await looseKeyring();
      const cryptoBegan = performance.now();
      // Each key is compared by its fingerprint when it is checked, and sealed when it goes in.
      for (let i = 0; i < lines; i++) keyFingerprint(keyring, productId, keyOf(salt, i));
      for (let i = 0; i < lines; i++) sealKey(keyring, productId, keyOf(salt, i));
      const crypto = performance.now() - cryptoBegan;
      say(`  the cryptography alone: ${Math.round(crypto)} ms`);

      const rows = rowsOf(keyring, await batchOf(bench.pool, productId), salt, lines);
      const copy = await plainCopy(bench.pool, rows, true);
      const bare = await plainCopy(bench.pool, rows, false);
      say(`  COPY: ${Math.round(copy)} ms, without the reference to the batch ${Math.round(bare)} ms`);

      const whole = times.upload + times.check + times.commit;
      const ratio = whole / (copy + crypto);
      const unit = 'ms' as const;
      return [
        { name: 'import, first byte to done', unit, samples: [whole], aim: `≤ 1.3 × (COPY + cryptography): ${ratio.toFixed(2)} ×`, note: `${lines} keys` }, // prettier-ignore
        { name: 'of it: upload', unit, samples: [times.upload], aim: '–' },
        { name: 'of it: check and preview', unit, samples: [times.check], aim: '–' },
        { name: 'of it: into the pool', unit, samples: [times.commit], aim: '–' },
        { name: 'the cryptography alone', unit, samples: [crypto], beside: 'import, first byte to done', aim: '–', note: 'one process: fingerprint to compare, fingerprint and AES-256-GCM to store' }, // prettier-ignore
        { name: 'COPY of the same rows', unit, samples: [copy], beside: 'import, first byte to done', aim: '–', note: 'rows that are sealed already, into a table with the same indexes and the same reference to the batch' }, // prettier-ignore
        { name: 'COPY without the reference', unit, samples: [bare], beside: 'import, first byte to done', aim: '–', note: `with it and the cryptography as the floor: ${(whole / (bare + crypto)).toFixed(2)} ×` }, // prettier-ignore
        { name: 'memory of the worker, peak', unit: 'MB', samples: [peak], aim: '≤ 300' },
        { name: 'memory of the API, peak', unit: 'MB', samples: [api], aim: '≤ 300' },
      ];
    } finally {
      await bench.stop();
    }
  },
};

interface Batch {
  readonly id: number;
  readonly productId: number;
}

async function batchOf(pool: Pool, productId: number): Promise<Batch> {
  const { rows } = await pool.query<{ id: number }>(
    'select max(id)::int as id from card_batches where product_id = $1',
    [productId],
  );
  return { id: rows[0]?.id ?? 0, productId };
}

/** As COPY reads them, made before the clock runs. */
function rowsOf(keyring: Keyring, { id, productId }: Batch, salt: string, lines: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < lines; at += 5_000) {
    let piece = '';
    for (let i = at; i < Math.min(lines, at + 5_000); i++) {
      const { ciphertext, fingerprint } = sealKey(keyring, productId, keyOf(salt, i));
      piece += `${productId}\t${id}\ttest\t\\\\x${ciphertext.toString('hex')}\t\\\\x${fingerprint.toString('hex')}\n`;
    }
    pieces.push(Buffer.from(piece));
  }
  return pieces;
}

async function plainCopy(pool: Pool, pieces: readonly Buffer[], referring: boolean): Promise<number> {
  await pool.query('create table bench_cards (like cards including all)');
  if (referring) await pool.query('alter table bench_cards add foreign key (batch_id, product_id) references card_batches (id, product_id)'); // prettier-ignore
  const client = await pool.connect();
  try {
    const sink = client.query(
      copyFrom('copy bench_cards (product_id, batch_id, mode, ciphertext, fingerprint) from stdin'),
    );
    const began = performance.now();
    await pipeline(Readable.from(pieces), sink);
    return performance.now() - began;
  } finally {
    client.release();
    await pool.query('drop table bench_cards');
  }
}
