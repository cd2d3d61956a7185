/**
 * 投放目录: files of keys that appear in a directory are imported like uploads, confirmed by themselves, and moved to
 * `done` or `failed` with a report beside them. A rename claims a file, so any number of workers may look. A file that
 * was still being written when it was read goes through once more: the keys that are in already are left out.
 */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ActivityDeps } from '../../activities/deps.ts';
import { importProblems } from '../../db/import-blocks.ts';
import { largestFile, receiveFile, uploadBroke } from '../../db/import-upload.ts';
import { beginImport, failImport, importById, moveImport, type ImportRow } from '../../db/imports.ts';
import { actors } from '../../db/locks.ts';
import { productsBySku } from '../../db/products.ts';
import { errors, KnownError } from '../../domain/errors.ts';
import { keyProblems } from '../../domain/key-problems.ts';
import { sealPiece } from '../../integrations/keyring/goods.ts';

type DropDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'log'>;
/** A file that was written to so recently may not be whole. */
const settledMs = 2_000;
/** Nor one whose last line has no end: its writer may only have stopped for a moment. */
const unendedMs = 60_000;
/** A file that was claimed, and of which nothing has been heard for so long, goes back in line. */
const lostMs = 60_000;
/** Bytes: a number comes before the name, and `.report.txt` behind it. */
const longestName = 180;
const short = (name: string): string => {
  let kept = name;
  while (Buffer.byteLength(kept) > longestName) kept = kept.slice(1);
  return kept;
};

/** One look; false always: the next one comes by itself. */
export async function lookAtDirectory(deps: DropDeps, directory: string, now = Date.now()): Promise<false> {
  const at = (...names: string[]): string => path.join(directory, ...names);
  for (const name of ['processing', 'done', 'failed']) await mkdir(at(name), { recursive: true });
  for (const name of await readdir(at('processing'))) await settle(deps, directory, name, now);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    // Links are not followed: what they point at was not put here.
    if (!entry.isFile() || entry.name.startsWith('.') || !/\.(txt|csv|xlsx)$/i.test(entry.name)) continue;
    const found = await lstat(at(entry.name)).catch(() => undefined);
    if (!found || !(await isWhole(at(entry.name), found, now))) continue;
    // A name of its own: another file of the same name may follow at once.
    const claimed = at('processing', `new-${randomUUID()}~${short(entry.name)}`);
    const mine = await rename(at(entry.name), claimed).then(() => true, () => false); // prettier-ignore
    if (mine) await take(deps, directory, claimed, entry.name);
  }
  return false;
}

async function isWhole(file: string, found: Stats, now: number): Promise<boolean> {
  const age = now - found.mtimeMs;
  if (age < settledMs) return false;
  if (age >= unendedMs || /\.xlsx$/i.test(file) || found.size === 0) return true;
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (!handle) return false;
  try {
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, found.size - 1);
    return last[0] === 0x0a || last[0] === 0; // a line end, in UTF-16 too
  } finally {
    await handle.close();
  }
}

/** `SKU.txt` and `SKU__anything.txt` are of that product; other names: the first column names it. */
async function take(deps: DropDeps, directory: string, claimed: string, name: string): Promise<void> {
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
  const file = path.join(directory, 'processing', `${id}-${short(name)}`);
  await rename(claimed, file);
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    if (size > largestFile) throw new KnownError('IMPORT_TOO_LARGE', { bytes: largestFile });
    await receiveFile(deps.pool, id, {
      parts: handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>,
      seal: (n, piece) => sealPiece(deps.keyring, id, n, piece),
      actorId: actors.automation,
    });
    deps.log.info({ import: id }, 'a file of the drop directory is being imported');
  } catch (error) {
    // Empty, or too large: told in its report.
    if (!(error instanceof KnownError)) throw error;
    await failImport(deps.pool, id, ['receiving'], error.code, error.detail);
  } finally {
    await handle.close();
  }
}

async function settle(deps: DropDeps, directory: string, name: string, now: number): Promise<void> {
  const from = path.join(directory, 'processing', name);
  const found = await lstat(from).catch(() => undefined);
  if (!found) return;
  const id = Number(/^(\d+)-/.exec(name)?.[1]);
  const original = name.replace(/^(\d+-|new-[\w-]{36}~)/, '');
  if (!id) {
    // Claimed by a process that ended before it had a number.
    if (now - found.ctimeMs > lostMs) await putBack(directory, from, original);
    return;
  }
  const row = await importById(deps.pool, id);
  if (row?.state === 'receiving' && (await uploadBroke(deps.pool, id, lostMs))) {
    // Read by a process that ended in the middle.
    if (await moveImport(deps.pool, id, ['receiving'], 'cancelled', actors.automation)) await putBack(directory, from, original); // prettier-ignore
    return;
  }
  const ended = row ? ['done', 'failed', 'cancelled', 'expired'].includes(row.state) : true;
  if (!ended) return;
  if (row?.state === 'done' && found.size !== row.bytes && (await putBack(directory, from, original))) return;
  const folder = row?.state === 'done' ? 'done' : 'failed';
  await writeFile(path.join(directory, folder, `${name}.report.txt`), row ? await report(deps, row) : '');
  await rename(from, path.join(directory, folder, name)).catch(() => undefined);
}

/** Back in line, unless a file of that name has come meanwhile: then it waits here for its turn. */
async function putBack(directory: string, from: string, original: string): Promise<boolean> {
  try {
    await link(from, path.join(directory, original));
    await unlink(from);
    return true;
  } catch {
    return false;
  }
}

/** Lines that a report names. */
const mostTold = 10_000;

/** Numbers and lines, never a key. */
async function report(deps: DropDeps, row: ImportRow): Promise<string> {
  const lines = [`导入 #${row.id}: ${row.state}`, `成功 ${row.added}，错误 ${row.bad}，文件内重复 ${row.inFile}，库存已有 ${row.inStock}，已售出 ${row.sold}`]; // prettier-ignore
  if (row.failureCode) lines.push(`${errors[row.failureCode].zh.cause} / ${errors[row.failureCode].en.cause}`);
  let told = 0;
  for (let after = -1; told < mostTold;) {
    const blocks = await importProblems(deps.pool, row.id, after);
    const problems = blocks.flatMap((block) => block.problems).slice(0, mostTold - told);
    for (const [line, code] of problems) lines.push(`${line}\t${keyProblems[code].zh}\t${keyProblems[code].en}`);
    told += problems.length;
    const last = blocks.at(-1);
    if (!last) break;
    after = last.n;
  }
  const more = row.bad + row.inFile + row.inStock + row.sold + row.late - told;
  if (more > 0) lines.push(`…另有 ${more} 行，见控制台 / and ${more} more, see the console`);
  return `${lines.join('\n')}\n`;
}
