/** A person of the console who imports files. */
import { call, until } from '../../dev/client.ts';
import type { System } from './system.ts';

export interface ImportState {
  id: number;
  state: string;
  lines: number;
  good: number;
  bad: number;
  inFile: number;
  inStock: number;
  sold: number;
  added: number;
  late: number;
  encoding: string | null;
  format: string | null;
  separator: string | null;
  columns: string[];
  preview: { line: number; sku: string; key: string[] }[];
  totals: { sku: string; keys: number }[];
  failureCode: string | null;
  failureDetail: unknown;
}

export interface Importer {
  ask<T>(path: string, body?: unknown, options?: { method?: string; expect?: number }): Promise<T>;
  product(fields?: object): Promise<{ id: number; sku: string }>;
  begin(options: object): Promise<ImportState>;
  upload(id: number, bytes: RequestInit['body']): Promise<void>;
  /** Waits for a state that is not on the way. */
  settled(id: number, timeoutMs?: number): Promise<ImportState>;
  /** A file, checked. */
  check(options: object, bytes: Buffer): Promise<ImportState>;
  /** A file, checked, confirmed and brought in. */
  bring(options: object, bytes: Buffer): Promise<ImportState>;
  confirm(id: number): Promise<ImportState>;
  problems(id: number): Promise<[number, string][]>;
}

let products = 0;

export function openImporter(system: Pick<System, 'base' | 'opsToken'>): Importer {
  const ask: Importer['ask'] = (path, body, options = {}) =>
    call(`${system.base}/api/console/${path}`, { token: system.opsToken, body, ...options });
  const self: Importer = {
    ask,
    product: (fields = {}) =>
      ask('products', { sku: `IMP-${process.pid}-${++products}`, name: '测试', priceMinor: 100, ...fields }),
    begin: (options) => ask('imports/cards', { mode: 'test', ...options }),
    async upload(id, bytes) {
      const response = await fetch(`${system.base}/api/console/imports/${id}/file`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${system.opsToken}`, 'content-type': 'application/octet-stream' },
        ...(bytes !== undefined && { body: bytes }),
        duplex: 'half',
      });
      if (!response.ok) throw new Error(`upload → ${response.status} ${await response.text()}`);
      await response.text();
    },
    settled: (id, timeoutMs = 30_000) =>
      until(
        `import ${id}`,
        async () => {
          const row = await ask<ImportState>(`imports/${id}`);
          return ['receiving', 'received', 'confirmed'].includes(row.state) ? undefined : row;
        },
        timeoutMs,
        20,
      ),
    async check(options, bytes) {
      const { id } = await self.begin(options);
      await self.upload(id, bytes);
      return self.settled(id);
    },
    async confirm(id) {
      await ask(`imports/${id}/confirm`, {}, { method: 'POST' });
      return self.settled(id);
    },
    async bring(options, bytes) {
      const { id } = await self.check(options, bytes);
      return self.confirm(id);
    },
    async problems(id) {
      const all: [number, string][] = [];
      for (let after = -1; ;) {
        const page = await ask<{ items: { line: number; code: string }[]; next: number | null }>(`imports/${id}/problems?after=${after}`); // prettier-ignore
        all.push(...page.items.map((p): [number, string] => [p.line, p.code]));
        if (page.next === null) return all;
        after = page.next;
      }
    },
  };
  return self;
}
