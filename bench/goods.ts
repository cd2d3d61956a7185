/** What the benchmarks of imports share: a file goes through the running stack as an operator sends it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { localKek } from '../integrations/keyring/kek.ts';
import { Keyring, newDataKey } from '../integrations/keyring/keyring.ts';
import { call } from '../dev/client.ts';
import type { BenchStack } from './stack.ts';

export interface ImportTimes {
  /** Milliseconds. */
  readonly upload: number;
  /** From the last byte to the preview. */
  readonly check: number;
  /** From the confirmation to the last key in the pool. */
  readonly commit: number;
}

interface Row {
  readonly id: number;
  readonly state: string;
  readonly good: number;
  readonly added: number;
}

export interface Goods {
  product(sku: string): Promise<number>;
  /** Sends the file; with `confirm` it is brought in as well. */
  bring(productId: number, fileName: string, bytes: Buffer, confirm: boolean): Promise<ImportTimes>;
}

export function goodsOf({ stack }: BenchStack): Goods {
  const base = stack.settings.publicUrl;
  const token = readFileSync(stack.settings.opsTokenFile, 'utf8').trim();
  const ask = <T>(path: string, body?: unknown, method?: string): Promise<T> =>
    call<T>(`${base}/api/console/${path}`, { token, body, ...(method !== undefined && { method }) });
  const reached = async (id: number, state: string): Promise<Row> => {
    for (;;) {
      const row = await ask<Row>(`imports/${id}`);
      if (row.state === state) return row;
      if (row.state === 'failed') throw new Error(`the import failed: ${JSON.stringify(row)}`);
      await pause(250);
    }
  };
  return {
    async product(sku) {
      return (await ask<{ id: number }>('products', { sku, name: sku, priceMinor: 100 })).id;
    },
    async bring(productId, fileName, bytes, confirm) {
      const { id } = await ask<Row>('imports/cards', { mode: 'test', productId, fileName });
      const began = performance.now();
      const answer = await fetch(`${base}/api/console/imports/${id}/file`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
        body: new Uint8Array(bytes),
      });
      if (!answer.ok) throw new Error(`upload → ${answer.status} ${await answer.text()}`);
      const sent = performance.now();
      await reached(id, 'ready');
      const ready = performance.now();
      if (confirm) {
        await ask(`imports/${id}/confirm`, {}, 'POST');
        await reached(id, 'done');
      }
      return { upload: sent - began, check: ready - sent, commit: performance.now() - ready };
    },
  };
}

/** A keyring of this process alone, for the cost of the cryptography. */
export async function looseKeyring(): Promise<Keyring> {
  const kek = localKek(Buffer.alloc(32, 7));
  const rows = await Promise.all((['card', 'index'] as const).map((ring) => newDataKey(ring, kek)));
  return Keyring.open(kek, rows.map((row, i) => ({ ...row, id: i + 1, state: 'active' as const, settled: true }))); // prettier-ignore
}
