/** Reads an uploaded file through, a slice at a time so that orders go on beside it, and stores what can be imported. */
import { setImmediate as yieldTo } from 'node:timers/promises';
import {
  addCheckedBlock,
  beginCheck,
  endCheck,
  importTotals,
  keyShapesOf,
  knownKeys,
  productsForKeys,
} from '../db/import-blocks.ts';
import { importRoom } from '../db/import-confirm.ts';
import { failImport, type ImportRow } from '../db/imports.ts';
import { KnownError } from '../domain/errors.ts';
import { FingerprintSet } from '../domain/fingerprint-set.ts';
import { readKeyOptions } from '../domain/import-options.ts';
import { masked, readKey, type FileRow } from '../domain/key-file.ts';
import type { LineProblem } from '../domain/key-problems.ts';
import { blockAad } from '../integrations/keyring/aad.ts';
import { keyFingerprint, keyText } from '../integrations/keyring/goods.ts';
import { SheetError } from '../integrations/sheets/zip.ts';
import type { ActivityDeps } from './deps.ts';
import { openSource, type ImportSource } from './import-source.ts';

export const blockLines = 5_000;
/** Letters of its keys: a block of long ones is cut earlier, so that PostgreSQL takes it within the time of a statement. */
const blockLetters = 2_000_000;
const slice = 100;
const previewLines = 100;
const maxLines = 3_000_000;

/** What a block holds of each good line: its text, its date in ms or 0, and what a number that is chosen costs besides. */
export type BlockText = readonly [text: string, expires: number, surchargeMinor?: number];

interface Good {
  readonly line: number;
  readonly productId: number;
  readonly text: string;
  readonly expires: number;
  readonly surchargeMinor: number | undefined;
  readonly fingerprint: Buffer;
}

/** Checks the file; a file that cannot be read at all fails the import with the reason. */
export async function checkImport(deps: ActivityDeps, file: ImportRow): Promise<void> {
  try {
    await check(deps, file);
  } catch (error) {
    const known = asKnown(error);
    if (!known) throw error;
    // Only of a file that is still to be checked: its pieces go when another try has done that, and then it reads as broken.
    await failImport(deps.pool, file.id, ['received'], known.code, known.detail ?? null);
  }
}

async function check(deps: ActivityDeps, file: ImportRow): Promise<void> {
  const options = readKeyOptions(file.options);
  const products = await productsForKeys(deps.pool);
  const source = await openSource(deps, file, options, products);
  const checker = await beginCheck(deps.pool, file.id, source.encoding, source.format);
  if (checker === undefined) return;

  const rules = {
    columns: source.columns,
    productId: file.productId ?? undefined,
    products,
    shapes: await keyShapesOf(deps.pool),
    trim: options.trim,
    now: new Date(),
    zoneMinutes: options.zoneMinutes,
  };
  const seen = new FingerprintSet();
  const numbers = new Set<string>();
  const skuOf = new Map([...products].map(([sku, id]) => [id, sku]));
  const preview: object[] = [];
  let good: Good[] = [];
  let problems: LineProblem[] = [];
  let letters = 0;
  let n = 0;
  let rows = 0;

  const write = async (n: number, upTo: number, lines: Good[], bad: LineProblem[]): Promise<boolean> => {
    const block = await sorted(deps, lines, bad);
    const texts: BlockText[] = block.good.map(({ text, expires, surchargeMinor }) =>
      surchargeMinor === undefined ? [text, expires] : [text, expires, surchargeMinor],
    );
    const stored = await addCheckedBlock(deps.pool, file.id, checker, {
      n,
      lines: block.good.map((g) => g.line),
      productIds: block.good.map((g) => g.productId),
      fingerprints: block.good.map((g) => g.fingerprint),
      sealed: deps.keyring.seal('card', JSON.stringify(texts), blockAad(file.id, n)),
      problems: block.problems,
      upTo,
    });
    await deps.fault?.('import:checked', file.id);
    return stored;
  };
  // While PostgreSQL compares and takes one block, the next is read. False: somebody cancelled.
  let writing = Promise.resolve(true);
  const store = async (): Promise<boolean> => {
    const goOn = await writing;
    if (goOn) writing = write(n++, rows, good, problems);
    // Awaited in the next round; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
    good = [];
    problems = [];
    letters = 0;
    return goOn;
  };

  const take = (row: FileRow): void => {
    const { line } = row;
    const key = readKey(row, rules);
    if (typeof key === 'string') {
      problems.push([line, row.cells.length === 0 ? 'COLUMNS' : key]);
      return;
    }
    const { productId, parts, surchargeMinor } = key;
    const number = surchargeMinor === undefined ? undefined : `${productId}:${parts[0]}`;
    const text = keyText(parts);
    letters += text.length;
    const fingerprint = keyFingerprint(deps.keyring, productId, text);
    if (!seen.add(fingerprint)) problems.push([line, 'IN_FILE']);
    else if (number !== undefined && numbers.has(number)) problems.push([line, 'NUMBER_TWICE']);
    else good.push({ line, productId, text, fingerprint, surchargeMinor, expires: key.expiresAt?.getTime() ?? 0 });
    if (number !== undefined) numbers.add(number);
    if (preview.length < previewLines) {
      preview.push({
        line,
        sku: skuOf.get(productId) ?? '',
        key: parts.map(masked),
        ...(key.expiresAt && { expiresAt: key.expiresAt.toISOString() }),
      });
    }
  };

  try {
    for await (const page of source.rows) {
      for (const row of page) {
        if (++rows % slice === 0) await yieldTo();
        if (rows > maxLines) throw new KnownError('IMPORT_TOO_LARGE', { lines: maxLines });
        take(row);
        if ((good.length + problems.length >= blockLines || letters >= blockLetters) && !(await store())) return;
      }
    }
    if (good.length + problems.length > 0 && !(await store())) return;
    if (!(await writing)) return;
  } finally {
    // Nothing of this try comes after its end: the next one begins by dropping what it finds.
    await writing.catch(() => undefined);
  }
  if (rows === 0) throw new KnownError('IMPORT_NOTHING');
  await endCheck(deps.pool, file.id, checker, await summaryOf(deps, file.id, source, preview));
}

async function summaryOf(deps: ActivityDeps, id: number, source: ImportSource, preview: object[]): Promise<object> {
  const [totals, room] = await Promise.all([importTotals(deps.pool, id), importRoom(deps.pool, id)]);
  const over = room.filter((r) => r.have + r.come > r.limit).map(({ sku, limit, have, come }) => ({ sku, limit, have, come })); // prettier-ignore
  return { separator: source.separator, columns: source.columns, preview, totals, overLimit: over };
}

/** The good lines without those that the products have or had; these become problems, by line. */
async function sorted(
  deps: ActivityDeps,
  good: Good[],
  problems: LineProblem[],
): Promise<{ good: Good[]; problems: LineProblem[] }> {
  // prettier-ignore
  if (good.length === 0) return { good, problems };
  const known = await knownKeys(deps.pool, good.map((g) => g.productId), good.map((g) => g.fingerprint)); // prettier-ignore
  if (known.length === 0) return { good, problems };
  const found = new Map(known.map((row) => [row.at, row.sold]));
  const duplicates = good.flatMap((g, at): LineProblem[] => {
    const sold = found.get(at);
    return sold === undefined ? [] : [[g.line, sold ? 'SOLD' : 'IN_STOCK']];
  });
  return { good: good.filter((_g, at) => !found.has(at)), problems: [...problems, ...duplicates] };
}

/** What is the file's fault, in words of the catalogue. */
export function asKnown(error: unknown): KnownError | undefined {
  if (error instanceof KnownError) return error;
  if (error instanceof SheetError) {
    return new KnownError(error.code === 'TOO_LARGE' ? 'IMPORT_TOO_LARGE' : 'IMPORT_FORMAT', { reason: error.code });
  }
  const code = (error as { code?: unknown }).code;
  // TextDecoder met bytes that are not of the encoding.
  if (error instanceof TypeError && code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return new KnownError('IMPORT_ENCODING'); // prettier-ignore
  if (typeof code === 'string' && code.startsWith('CSV_')) {
    const { lines } = error as { lines?: number };
    return new KnownError('IMPORT_FORMAT', { reason: code, line: lines });
  }
  return undefined;
}
