/** A product sheet: read, checked cell by cell, and brought in whole once it is confirmed (D1). */
import { insertCards } from '../db/catalog.ts';
import { failImport, type ImportRow } from '../db/imports.ts';
import { commitSheet, loadSheet, noteChange, storeSheet, type ShownRow } from '../db/product-imports.ts';
import { createProduct, editProductIn, productsBySku } from '../db/products.ts';
import { KnownError } from '../domain/errors.ts';
import { readKeyOptions } from '../domain/import-options.ts';
import type { Cell } from '../domain/key-file.ts';
import type { ProductFields } from '../domain/product.ts';
import {
  mapHeaders,
  readSheetCell,
  readSheetRow,
  sheetHeaders,
  shownText,
  type BadRow,
  type SheetField,
} from '../domain/product-sheet.ts';
import { sheetAad } from '../integrations/keyring/aad.ts';
import { sealKey } from '../integrations/keyring/goods.ts';
import type { ActivityDeps } from './deps.ts';
import { asKnown } from './import-check.ts';
import { openSource } from './import-source.ts';

const maxRows = 5_000;

interface GoodRow {
  readonly fields: ProductFields;
  readonly content: readonly string[];
  readonly update: boolean;
}

/** What is sealed of a sheet: the rows to be brought in, and the others as they came, for the file of errors. */
interface SealedSheet {
  readonly good: readonly GoodRow[];
  readonly bad: readonly BadRow[];
}

export async function checkProducts(deps: ActivityDeps, file: ImportRow): Promise<void> {
  try {
    await check(deps, file);
  } catch (error) {
    const known = asKnown(error);
    if (!known) throw error;
    await failImport(deps.pool, file.id, ['received'], known.code, known.detail ?? null);
  }
}

async function check(deps: ActivityDeps, file: ImportRow): Promise<void> {
  const { mapping, rule } = file.options as { mapping?: Record<string, string>; rule?: 'skip' | 'update' };
  // The columns are of no use here; a header row with 商品编码 must not be taken for one of keys.
  const options = { ...readKeyOptions(file.options), columns: ['skip' as const] };
  const source = await openSource(deps, { ...file, productId: file.productId ?? 0 }, { ...options, rawHeader: true }, new Map()); // prettier-ignore
  const table: { line: number; cells: readonly (Cell | undefined)[] }[] = [];
  for await (const rows of source.rows) {
    for (const row of rows) {
      if (row.cells.every((cell) => !cell || (cell.kind === 'text' && cell.text.trim() === ''))) continue;
      if (table.push(row) > maxRows + 1) throw new KnownError('IMPORT_TOO_LARGE', { lines: maxRows });
    }
  }
  const head = table.shift();
  if (!head || table.length === 0) throw new KnownError('IMPORT_NOTHING');
  const headers = Array.from(head.cells, (cell) => shownText(cell?.text.trim() ?? '').slice(0, 80));
  const columns = mapHeaders(headers, mapping);
  const missing = (['name', 'sku', 'price'] as const).filter((field) => !columns.includes(field));
  if (missing.length > 0) throw new KnownError('IMPORT_COLUMNS', { headers, columns: columns.map((c) => c ?? null), missing: missing.map((f) => sheetHeaders[f][0]) }); // prettier-ignore

  const skuAt = columns.indexOf('sku');
  const known = await productsBySku(deps.pool, table.map((row) => row.cells[skuAt]?.text.normalize('NFKC').trim() ?? '')); // prettier-ignore
  const seen = new Set<string>();
  const shown: ShownRow[] = [];
  const good: GoodRow[] = [];
  const bad: BadRow[] = [];
  for (const { line, cells } of table) {
    const values: Partial<Record<SheetField, string>> = {};
    const problems = columns.flatMap((field, at) => {
      const cell = cells[at];
      if (!field || !cell) return [];
      const read = readSheetCell(field, cell);
      values[field] = typeof read === 'string' ? read : cell.text;
      return typeof read === 'string' ? [] : [read];
    });
    const sku = values.sku?.normalize('NFKC').trim() ?? '';
    const base = known.get(sku);
    const row = readSheetRow(values, base);
    const twice = seen.has(sku) && sku !== '' ? [{ field: 'sku', zh: '文件内 SKU编码 重复', en: 'The SKU stands in this file before' }] : []; // prettier-ignore
    seen.add(sku);
    // Of a cell that cannot be read nothing more is said.
    const said = new Set(problems.map((p) => p.field));
    const all = [...problems, ...row.problems.filter((p) => !said.has(p.field)), ...twice];
    const action = !base ? 'create' : rule === 'update' ? 'update' : 'skip';
    shown.push({
      line,
      sku: shownText(sku).slice(0, 200),
      name: shownText(values.name ?? base?.name ?? '').slice(0, 200),
      action,
      keys: row.content.length,
      problems: all,
    });
    if (all.length > 0) bad.push({ line, cells: Array.from(cells, (cell) => cell?.text ?? '') });
    else if (row.fields && action !== 'skip') good.push({ fields: row.fields, content: row.content, update: action === 'update' }); // prettier-ignore
  }
  const sheet: SealedSheet = { good, bad };
  const sealed = deps.keyring.seal('card', JSON.stringify(sheet), sheetAad(file.id));
  await storeSheet(deps.pool, file.id, shown, sealed, {
    headers,
    columns: headers.map((h, i) => columns[i] ?? `(${h})`),
  });
}

/** Creates and updates, and fills pools with 发货内容; all or nothing. */
export async function commitProducts(deps: ActivityDeps, file: ImportRow): Promise<void> {
  const sheet = await loadSheet(deps.pool, file.id);
  if (!sheet || sheet.done) return;
  const { good: rows } = JSON.parse(
    deps.keyring.open('card', sheet.sealed, sheetAad(file.id)).toString('utf8'),
  ) as SealedSheet;
  await commitSheet(deps.pool, file.id, async (tx) => {
    let changed = 0;
    for (const { fields, content, update } of rows) {
      const before = (await productsBySku(tx, [fields.sku])).get(fields.sku);
      let id = before?.id;
      if (!before) id = await createProduct(tx, fields, file.actorId, file.id);
      else if (update)
        await noteChange(tx, file.id, before, await editProductIn(tx, before.id, undefined, fields, file.actorId)); // prettier-ignore
      // Made by somebody else since the check: theirs stays.
      else continue;
      changed++;
      if (id === undefined || content.length === 0) continue;
      const productId = id;
      const cards = [...new Set(content)].map((text) => sealKey(deps.keyring, productId, text));
      await insertCards(tx, { productId, mode: file.mode, source: 'sheet', note: file.fileName, actorId: file.actorId, importId: file.id, cards }); // prettier-ignore
    }
    return changed;
  });
}
