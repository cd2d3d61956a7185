import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import path from 'node:path';
import { advanceImport } from '../../activities/imports.ts';
import { openKey } from '../../integrations/keyring/goods.ts';
import { lookAtDirectory } from '../../worker/loops/drop-directory.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { scratch } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('the drop directory, under attack', function () {
  this.timeout(60_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  let count = 0;
  const fresh = (): string => path.join(scratch('drops'), `${++count}`);
  const drop = (directory: string, name: string, content: string | Buffer, secondsOld = 3): string => {
    const file = path.join(directory, name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, content);
    const at = Date.now() / 1000 - secondsOld;
    utimesSync(file, at, at);
    return file;
  };
  /** Looks, lets what was begun go through, and looks again. */
  const round = async (directory: string, now = Date.now()): Promise<void> => {
    const { steps, pool } = system.parts;
    await lookAtDirectory(steps, directory, now);
    const { rows } = await pool.query<{ id: number }>(`select id from imports where source = 'directory' and state in ('received', 'ready', 'confirmed')`); // prettier-ignore
    for (const { id } of rows) await advanceImport(steps, id);
    await lookAtDirectory(steps, directory, now);
  };
  const names = (directory: string, folder = ''): string[] =>
    readdirSync(path.join(directory, folder)).filter((name) => !['done', 'failed', 'processing'].includes(name)).sort(); // prettier-ignore
  const report = (directory: string, folder: string): string => {
    const found = names(directory, folder).find((name) => name.endsWith('.report.txt'));
    assert.ok(found, `no report in ${folder}`);
    return readFileSync(path.join(directory, folder, found), 'utf8');
  };
  const keysOf = async (productId: number): Promise<string[]> => {
    const { rows } = await system.parts.pool.query<{ ciphertext: Buffer; fingerprint: Buffer }>('select ciphertext, fingerprint from cards where product_id = $1', [productId]); // prettier-ignore
    return rows.map((row) => openKey(system.parts.steps.keyring, productId, row)).sort();
  };

  it('D4: a file that is still written is left alone; one without an end of its last line for a minute', async () => {
    const { id: productId, sku } = await importer.product();
    const directory = fresh();
    drop(directory, `${sku}.txt`, 'HALF-1\nHALF-2\n', 1);
    await round(directory);
    assert.deepEqual(await keysOf(productId), []);
    const file = drop(directory, `${sku}.txt`, 'HALF-1\nHAL', 30);
    await round(directory);
    assert.deepEqual([names(directory), await keysOf(productId)], [[`${sku}.txt`], []]);
    drop(directory, path.basename(file), 'HALF-1\nHALF-2', 61);
    await round(directory);
    assert.deepEqual(await keysOf(productId), ['HALF-1', 'HALF-2']);
  });

  it('D4: a file that grew after it was read goes through again: no key is lost, none is in twice', async () => {
    const { id: productId, sku } = await importer.product();
    const directory = fresh();
    drop(directory, `${sku}.txt`, 'GROW-1\n');
    await lookAtDirectory(system.parts.steps, directory);
    const [name = ''] = names(directory, 'processing');
    // Its writer still has it open under the old name.
    appendFileSync(path.join(directory, 'processing', name), 'GROW-2\n');
    await round(directory);
    assert.deepEqual(names(directory), [`${sku}.txt`]);
    await round(directory, Date.now() + 3_000);
    assert.deepEqual(await keysOf(productId), ['GROW-1', 'GROW-2']);
    assert.equal(names(directory, 'done').length, 2);
  });

  it('D4: a report of 25,000 bad lines names the first 10,000 and says how many more there are', async () => {
    const { id: productId, sku } = await importer.product();
    const directory = fresh();
    drop(directory, `${sku}.txt`, 'TWICE\n'.repeat(25_001));
    await round(directory);
    assert.deepEqual(await keysOf(productId), ['TWICE']);
    const lines = report(directory, 'done').trimEnd().split('\n');
    assert.equal(lines.filter((line) => /^\d+\t/.test(line)).length, 10_000);
    assert.equal(lines.at(-1), '…另有 15000 行，见控制台 / and 15000 more, see the console');
  });

  it('D4: links are not followed; empty, garbled, huge and unknown files fail with a report that holds no key', async () => {
    const { sku } = await importer.product();
    const directory = fresh();
    const secret = drop(scratch('secrets'), 'master.txt', 'SECRET-OF-THE-MACHINE\n');
    mkdirSync(directory, { recursive: true });
    symlinkSync(secret, path.join(directory, `${sku}.txt`));
    symlinkSync(path.dirname(secret), path.join(directory, 'folder.txt'));
    await round(directory);
    assert.deepEqual(names(directory), [`${sku}.txt`, 'folder.txt'].sort());

    for (const [name, content, reason] of [
      [`${sku}__empty.txt`, '', '没有可导入的内容'],
      [`${sku}__latin.txt`, Buffer.from('cl\xe9-\xe91\nna\xefve-2\n', 'latin1'), '无法确定文件编码'],
      ['no-product.txt', 'SECRET-1\nSECRET-2\n', '无法识别文件格式'],
      [`${sku}__old.xlsx`, Buffer.from('d0cf11e0a1b11ae1aa0000', 'hex'), '无法识别文件格式'],
    ] as const) {
      const each = fresh();
      drop(each, name, content, 61);
      await round(each);
      const text = report(each, 'failed');
      assert.ok(text.includes(reason) && !text.includes('SECRET'), `${name}: ${text}`);
      assert.equal(names(each, 'failed').length, 2, name);
    }
    const huge = fresh();
    // Sparse: it takes no place on the disk, and is refused before much of it is read.
    truncateSync(drop(huge, `${sku}.txt`, 'x\n', 61), 513 * 1024 * 1024);
    utimesSync(path.join(huge, `${sku}.txt`), 1, 1);
    await round(huge);
    assert.ok(report(huge, 'failed').includes('文件过大'));
  });

  it('D4: two workers look at once, and one is killed in the middle: each file goes through once', async () => {
    const { id: productId, sku } = await importer.product();
    const directory = fresh();
    for (let i = 0; i < 6; i++) drop(directory, `${sku}__${i}.txt`, `TWO-${i}\n`);
    const { steps, pool } = system.parts;
    await Promise.all([lookAtDirectory(steps, directory), lookAtDirectory(steps, directory), lookAtDirectory(steps, directory)]); // prettier-ignore
    await round(directory);
    assert.equal((await keysOf(productId)).length, 6);
    assert.deepEqual([names(directory, 'done').length, names(directory, 'processing')], [12, []]);
    const { rows } = await pool.query(`select count(*)::int as n from imports where source = 'directory' and file_name like $1`, [`${sku}__%`]); // prettier-ignore
    assert.deepEqual(rows, [{ n: 6 }]);

    // Dead after its claim, and dead in the middle of reading: both files are back in line a minute later.
    const later = Date.now() + 61_000;
    drop(directory, `${sku}__claimed.txt`, 'CLAIMED\n');
    renameSync(path.join(directory, `${sku}__claimed.txt`), path.join(directory, 'processing', `new-00000000-0000-4000-8000-000000000000~${sku}__claimed.txt`)); // prettier-ignore
    const begun = await pool.query<{ id: number }>(
      `insert into imports (kind, mode, source, product_id, file_name, actor_id, created_at) values ('cards', 'live', 'directory', $1, 'x', 2, now() - interval '2 minutes') returning id`,
      [productId],
    );
    drop(directory, `${sku}__read.txt`, 'READ\n');
    renameSync(path.join(directory, `${sku}__read.txt`), path.join(directory, 'processing', `${begun.rows[0]?.id}-${sku}__read.txt`)); // prettier-ignore
    await lookAtDirectory(steps, directory, later);
    await round(directory, later + 3_000);
    assert.deepEqual((await keysOf(productId)).slice(0, 2), ['CLAIMED', 'READ']);
    assert.deepEqual(names(directory, 'processing'), []);
  });
});
