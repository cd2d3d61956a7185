import assert from 'node:assert/strict';
import { advanceImport } from '../../activities/imports.ts';
import type { FaultPoint } from '../../activities/deps.ts';
import { openImporter } from '../support/goods.ts';
import { startSystem, type System } from '../support/system.ts';

describe('an import that is stopped', function () {
  this.timeout(120_000);
  let system: System;
  let fault: (point: FaultPoint) => void = () => undefined;
  before(async () => {
    system = await startSystem({ fault: (point) => fault(point) });
  });
  after(() => system.stop());

  const lines = Number(process.env['IMPORT_LINES'] ?? 30_000);

  it('D4: stopped after each block of check and commit it goes on, and each key is in once; memory stays flat', async () => {
    const importer = openImporter(system);
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    await importer.upload(id, Array.from({ length: lines }, (_, i) => `RESUME-${i}-abcdefghijkl`).join('\n'));
    const { steps, pool } = system.parts;
    let stops = 0;
    let allowed = 0;
    fault = (point) => {
      // The first try of each stops after its first block, then after its second …
      if (point.startsWith('import:') && lines <= 50_000 && stops < 4 && ++allowed % 2 === 0) {
        stops++;
        throw new Error('stopped');
      }
    };
    const before = process.memoryUsage().rss;
    const began = performance.now();
    const run = async (): Promise<void> => {
      for (;;) {
        try {
          await advanceImport(steps, id);
          return;
        } catch (error) {
          assert.ok(error instanceof Error && error.message === 'stopped', String(error));
        }
      }
    };
    await run();
    const checked = performance.now();
    await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST' });
    await run();
    if (process.env['IMPORT_LINES']) {
      const mb = (process.memoryUsage().rss - before) / 1e6;
      process.stderr.write(`check ${(checked - began).toFixed(0)} ms, commit ${(performance.now() - checked).toFixed(0)} ms, +${mb.toFixed(0)} MB\n`); // prettier-ignore
    }
    const { rows } = await pool.query<{ n: number; d: number }>('select count(*)::int as n, count(distinct fingerprint)::int as d from cards where product_id = $1', [productId]); // prettier-ignore
    assert.deepEqual(rows, [{ n: lines, d: lines }]);
    const done = await importer.ask<{ state: string; added: number; late: number }>(`imports/${id}`);
    assert.deepEqual([done.state, done.added, done.late], ['done', lines, 0]);
    if (lines <= 50_000) assert.equal(stops, 4);
  });
});
