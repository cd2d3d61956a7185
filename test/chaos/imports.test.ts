import assert from 'node:assert/strict';
import type { FaultPoint } from '../../activities/deps.ts';
import { until } from '../../dev/client.ts';
import { importWorkflowId } from '../../domain/ids.ts';
import { openImporter, type Importer, type ImportState } from '../support/goods.ts';
import { forkWorker, type TestWorker } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

const kills = Number(process.env['KILLS'] ?? 2);
const lines = Number(process.env['IMPORT_LINES'] ?? 12_000);

/** The API of this process takes files in and runs no import; a worker process is killed with SIGKILL and started again. */
describe('a worker is killed with SIGKILL in the middle of an import', function () {
  this.timeout(120_000 + kills * 20_000);
  let system: System;
  let importer: Importer;
  let worker: TestWorker | undefined;
  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false });
    importer = openImporter(system);
  });
  after(async () => {
    await worker?.kill();
    await system.stop();
  });

  it(`D4: killed ${kills} times in check and commit of ${lines} lines: it goes on by itself, and each key is in once`, async () => {
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    await importer.upload(id, Array.from({ length: lines }, (_, i) => `KILL-${i}-0123456789abcdef`).join('\n'));
    const die = async (at: FaultPoint): Promise<void> => {
      worker = await forkWorker(system, { at, signal: 'SIGKILL' });
      await worker.struck();
      await worker.gone;
    };
    const inCheck = Math.ceil(kills / 2);
    for (let n = 0; n < inCheck; n++) await die('import:checked');
    worker = await forkWorker(system);
    const checked = await importer.settled(id, 60_000);
    assert.deepEqual([checked.state, checked.lines, checked.good, checked.bad], ['ready', lines, lines, 0]);
    await worker.kill();
    await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST' });
    for (let n = inCheck; n < kills; n++) await die('import:block');
    const before = await importer.ask<ImportState>(`imports/${id}`);
    worker = await forkWorker(system);
    const done = await importer.settled(id, 60_000);
    assert.deepEqual([done.state, done.added, done.late], ['done', lines, 0]);
    if (kills > 1) assert.ok(before.added > 0 && before.added < lines, `${before.added} before the last start`);
    const { rows } = await system.parts.pool.query(
      'select count(*)::int as n, count(distinct fingerprint)::int as d, count(distinct batch_id)::int as b from cards where product_id = $1',
      [productId],
    );
    assert.deepEqual(rows, [{ n: lines, d: lines, b: 1 }]);
  });

  it('D4: nobody confirms: the import ends by itself a day after it was begun, and keeps its report, not its keys', async () => {
    const { pool } = system.parts;
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    const { rows: usual } = await pool.query(`select expires_at - created_at = interval '24 hours' as a_day from imports where id = $1`, [id]); // prettier-ignore
    assert.deepEqual(usual, [{ a_day: true }]);
    // A day less some seconds have passed.
    await pool.query(`update imports set expires_at = now() + interval '4 seconds' where id = $1`, [id]);
    await importer.upload(id, 'kept?\ntwice\ntwice\n');
    await until('ready', async () => ((await importer.ask<ImportState>(`imports/${id}`)).state === 'ready' ? true : undefined), 20_000, 20); // prettier-ignore
    const handle = system.link?.client?.workflow.getHandle(importWorkflowId(id));
    assert.deepEqual(await handle?.result(), { state: 'expired' });
    const { rows } = await pool.query(
      `select state, (select count(*)::int from import_chunks where import_id = i.id) as chunks,
         (select count(*)::int from import_blocks where import_id = i.id and sealed <> '') as sealed from imports i where id = $1`,
      [id],
    );
    assert.deepEqual(rows, [{ state: 'expired', chunks: 0, sealed: 0 }]);
    assert.deepEqual(await importer.problems(id), [[3, 'IN_FILE']]);
    await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST', expect: 409 });
  });
});
