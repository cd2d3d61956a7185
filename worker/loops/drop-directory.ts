/**
 * 投放目录: files of keys that appear in a directory are imported like uploads, confirmed by themselves, and moved to
 * `done` or `failed` with a report beside them. A rename claims a file, so any number of workers may look.
 */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ActivityDeps } from '../../activities/deps.ts';
import { importProblems } from '../../db/import-blocks.ts';
import { addImportChunk, beginImport, importById, moveImport, type ImportRow } from '../../db/imports.ts';
import { actors } from '../../db/locks.ts';
import { productsBySku } from '../../db/products.ts';
import { errors } from '../../domain/errors.ts';
import { keyProblems } from '../../domain/key-problems.ts';
import { sealPiece } from '../../integrations/keyring/goods.ts';

type DropDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'log'>;
/** A file that was written to so recently may not be whole. */
const settledMs = 2_000;
const pieceSize = 512 * 1024;

/** One look; false always: the next one comes by itself. */
export async function lookAtDirectory(deps: DropDeps, directory: string, now = Date.now()): Promise<false> {
  const at = (...names: string[]): string => path.join(directory, ...names);
  for (const name of ['processing', 'done', 'failed']) await mkdir(at(name), { recursive: true });
  for (const name of await readdir(at('processing'))) await settle(deps, directory, name, now);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.') || !/\.(txt|csv|xlsx)$/i.test(entry.name)) continue;
    if (now - (await stat(at(entry.name))).mtimeMs < settledMs) continue;
    const mine = await rename(at(entry.name), at('processing', entry.name)).then(() => true, () => false); // prettier-ignore
    if (mine) await take(deps, directory, entry.name);
  }
  return false;
}

/** `SKU.txt` and `SKU__anything.txt` are of that product; other names: the first column names it. */
async function take(deps: DropDeps, directory: string, name: string): Promise<void> {
  const sku = name.replace(/\.\w+$/, '').split('__')[0] ?? '';
  const product = (await productsBySku(deps.pool, [sku])).get(sku);
  const id = await beginImport(deps.pool, {
    kind: 'cards',
    mode: 'live',
    source: 'directory',
    productId: product?.id ?? null,
    fileName: name.slice(0, 200),
    options: { confirmed: true, note: name },
    actorId: actors.automation,
  });
  const file = path.join(directory, 'processing', `${id}-${name}`);
  await rename(path.join(directory, 'processing', name), file);
  let n = 0;
  for await (const piece of createReadStream(file, { highWaterMark: pieceSize }) as AsyncIterable<Buffer>) {
    await addImportChunk(deps.pool, id, n, sealPiece(deps.keyring, id, n, piece), piece.length);
    n++;
  }
  await moveImport(deps.pool, id, ['receiving'], 'received', actors.automation);
  deps.log.info({ import: id }, 'a file of the drop directory is being imported');
}

async function settle(deps: DropDeps, directory: string, name: string, now: number): Promise<void> {
  const from = path.join(directory, 'processing', name);
  const id = Number(/^(\d+)-/.exec(name)?.[1]);
  if (!id) {
    // Claimed by a process that ended before it had a number: back in line.
    if (now - (await stat(from)).ctimeMs > 60_000) await rename(from, path.join(directory, name)).catch(() => undefined); // prettier-ignore
    return;
  }
  const row = await importById(deps.pool, id);
  const ended = row ? ['done', 'failed', 'cancelled', 'expired'].includes(row.state) : true;
  if (!ended) return;
  const folder = row?.state === 'done' ? 'done' : 'failed';
  await writeFile(path.join(directory, folder, `${name}.report.txt`), row ? await report(deps, row) : '');
  await rename(from, path.join(directory, folder, name)).catch(() => undefined);
}

/** Numbers and lines, never a key. */
async function report(deps: DropDeps, row: ImportRow): Promise<string> {
  const lines = [`导入 #${row.id}: ${row.state}`, `成功 ${row.added}，错误 ${row.bad}，文件内重复 ${row.inFile}，库存已有 ${row.inStock}，已售出 ${row.sold}`]; // prettier-ignore
  if (row.failureCode) lines.push(`${errors[row.failureCode].zh.cause} / ${errors[row.failureCode].en.cause}`);
  for (let after = -1; lines.length < 10_000;) {
    const blocks = await importProblems(deps.pool, row.id, after);
    for (const { problems } of blocks) lines.push(...problems.map(([line, code]) => `${line}\t${keyProblems[code].zh}\t${keyProblems[code].en}`)); // prettier-ignore
    const last = blocks.at(-1);
    if (!last) break;
    after = last.n;
  }
  return `${lines.join('\n')}\n`;
}
