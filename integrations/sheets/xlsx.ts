/**
 * Rows of the first sheet of an .xlsx file as Excel, WPS and LibreOffice write it. Own, because a reader of tables may
 * do what a reader of keys must not: give a formula's remembered result as a value, a date as a number, or a number
 * whose last digits Excel has lost. Nothing is evaluated. (ECMA-376 part 1, §18.3, §18.4, §18.8.)
 */
import { setImmediate } from 'node:timers/promises';
import type { Cell, FileRow } from '../../domain/key-file.ts';
import { attribute, elements, firstElement, unescape, without } from './xml.ts';
import { openArchive, SheetError, type Archive } from './zip.ts';

const unpackedCap = 256 * 1024 * 1024;
/** What a sheet of Excel holds at most. */
const rowCap = 1_048_576;
/** No cell behind the 60th column is read, nor one behind so many of the same row. */
const cellCap = 1_000;

interface Book {
  readonly sheet: string;
  readonly strings: readonly string[];
  /** By style number: what a number is shown as. */
  readonly styles: readonly NumberStyle[];
  /** Days by which the book counts later than 1899-12-30: 1462 where it begins with 1904 (Excel for old Macs). */
  readonly dayShift?: number;
}
type NumberStyle = 'plain' | 'date' | { readonly zeros: number };

/** Opens a workbook; rejects with SheetError. */
export async function openXlsx(bytes: Buffer): Promise<Book> {
  const archive = openArchive(bytes, unpackedCap);
  const sheet = await archive.text(await firstSheet(archive));
  if (sheet === undefined) throw new SheetError('NOT_A_SHEET', 'no worksheet in the archive');
  const strings = await archive.text('xl/sharedStrings.xml');
  const styles = await archive.text('xl/styles.xml');
  for (const xml of [sheet, strings, styles]) {
    // No writer of spreadsheets declares entities; who does, attacks.
    if (xml !== undefined && /<!DOCTYPE|<!ENTITY/i.test(xml.slice(0, 2_000))) throw new SheetError('NOT_A_SHEET', 'a DTD'); // prettier-ignore
  }
  const book = firstElement((await archive.text('xl/workbook.xml')) ?? '', 'workbookPr');
  const dayShift = /^(1|true)$/.test((book && attribute(book.attributes, 'date1904')) ?? '') ? 1462 : 0;
  return { dayShift, sheet, strings: strings === undefined ? [] : await sharedStrings(strings), styles: styles === undefined ? [] : numberStyles(styles) }; // prettier-ignore
}

async function firstSheet(archive: Archive): Promise<string> {
  const book = await archive.text('xl/workbook.xml');
  const links = await archive.text('xl/_rels/workbook.xml.rels');
  const named = firstElement(book ?? '', 'sheet');
  const id = named && attribute(named.attributes, 'id');
  for (const { attributes } of elements(links ?? '', 'Relationship')) {
    if (attribute(attributes, 'Id') !== id) continue;
    const target = attribute(attributes, 'Target') ?? '';
    return target.startsWith('/') ? target.slice(1) : `xl/${target}`;
  }
  return archive.names.find((name) => name.startsWith('xl/worksheets/')) ?? 'xl/worksheets/sheet1.xml';
}

/** The rows that hold anything, in order; a cell that was merged downwards counts for each of its rows. */
export function* sheetRows({ sheet, strings, styles, dayShift = 0 }: Book): Generator<FileRow> {
  const merged = mergedColumns(sheet);
  const above = new Map<number, { cell: Cell; until: number }>();
  let line = 0;
  let rows = 0;
  for (const row of elements(sheet, 'row')) {
    if (++rows > rowCap) throw new SheetError('TOO_LARGE', `more than ${rowCap} rows`);
    line = Number(attribute(row.attributes, 'r') ?? line + 1);
    const cells: (Cell | undefined)[] = [];
    let column = -1;
    let seen = 0;
    for (const { attributes, inner } of elements(row.inner ?? '', 'c')) {
      if (++seen > cellCap) break;
      const at = attribute(attributes, 'r');
      column = at === undefined ? column + 1 : columnOf(at);
      if (column > 60) break;
      const cell = inner === undefined ? undefined : readCell(attributes, inner, strings, styles, dayShift);
      if (cell) cells[column] = cell;
      const until = merged.get(`${column}:${line}`);
      if (cell && until !== undefined) above.set(column, { cell, until });
    }
    if (cells.length === 0) continue;
    for (const [at, { cell, until }] of above) if (line <= until) cells[at] ??= cell;
    yield { line, cells };
  }
}

/** Top cell `column:row` of each area that was merged downwards → its last row. */
function mergedColumns(sheet: string): Map<string, number> {
  const areas = new Map<string, number>();
  const at = sheet.indexOf('mergeCells');
  if (at < 0) return areas;
  for (const { attributes } of elements(sheet.slice(at), 'mergeCell')) {
    const [, from = '', row = '', last = ''] =
      /^([A-Z]+)(\d+):[A-Z]+(\d+)$/.exec(attribute(attributes, 'ref') ?? '') ?? [];
    areas.set(`${columnOf(from)}:${row}`, Number(last));
  }
  return areas;
}

// Almost every cell and text is one of these, whole: a match saves the general reading, which comes to the same.
const plainValue = /^<v>([^<]*)<\/v>$/;
const plainRun = /^(?:<is>)?<t(?: xml:space="preserve")?>([^<]*)<\/t>(?:<\/is>)?$/;

function readCell(
  attributes: string,
  inner: string,
  strings: readonly string[],
  styles: readonly NumberStyle[],
  dayShift: number,
): Cell | undefined {
  // prettier-ignore
  const type = attribute(attributes, 't') ?? 'n';
  const plain = plainValue.exec(inner)?.[1];
  if (plain === undefined && /<(?:\w+:)?f\b/.test(inner)) return { text: '', kind: 'formula' };
  if (type === 'inlineStr') return text(plainText(inner));
  const raw = plain ?? firstElement(inner, 'v')?.inner;
  if (raw === undefined || raw === '') return undefined;
  if (type === 's') return text(strings[Number(raw)] ?? '');
  if (type === 'str') return text(unescape(raw));
  if (type === 'b') return text(raw === '1' ? 'TRUE' : 'FALSE');
  if (type === 'e') return { text: '', kind: 'error' };
  if (type === 'd') return { text: raw.slice(0, 10), kind: 'date' };
  const style = styles[Number(attribute(attributes, 's') ?? 0)] ?? 'plain';
  if (style === 'date') return { text: dayShift > 0 ? String(Number(raw) + dayShift) : raw, kind: 'date' };
  // "00000": the zeros in front are shown by Excel and stand in no file.
  if (style !== 'plain' && /^\d+$/.test(raw)) return { text: raw.padStart(style.zeros, '0'), kind: 'number' };
  return { text: raw, kind: 'number' };
}

function text(value: string): Cell | undefined {
  return value === '' ? undefined : { text: value, kind: 'text' };
}

/** A million of them take a while: others are let through in between. */
async function sharedStrings(xml: string): Promise<string[]> {
  const all: string[] = [];
  for (const { inner = '' } of elements(xml, 'si')) {
    if (all.push(plainText(inner)) % 5_000 === 0) await setImmediate();
  }
  return all;
}

/** The text of runs, without the reading aids (rPh) of East Asian text. */
function plainText(xml: string): string {
  const only = plainRun.exec(xml)?.[1];
  if (only !== undefined) return unescape(only);
  let all = '';
  for (const { inner = '' } of elements(xml.includes('rPh') ? without(xml, 'rPh') : xml, 't')) all += inner;
  return unescape(all);
}

function columnOf(reference: string): number {
  let column = 0;
  for (const letter of reference) {
    const code = letter.charCodeAt(0) - 64;
    if (code < 1 || code > 26) break;
    column = column * 26 + code;
  }
  return column - 1;
}

/** Numbers of built-in formats that show dates or times (§18.8.30 and its East Asian lists). */
const builtInDates = (id: number): boolean => (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58); // prettier-ignore

function numberStyles(xml: string): NumberStyle[] {
  const custom = new Map<number, string>();
  for (const { attributes } of elements(xml, 'numFmt')) {
    custom.set(
      Number(attribute(attributes, 'numFmtId')),
      unescape((attribute(attributes, 'formatCode') ?? '').slice(0, 1_000)),
    );
  }
  const cells = firstElement(xml, 'cellXfs')?.inner ?? '';
  return Array.from(elements(cells, 'xf'), ({ attributes }) => {
    const id = Number(attribute(attributes, 'numFmtId') ?? 0);
    const code = custom.get(id);
    if (code === undefined) return builtInDates(id) ? 'date' : 'plain';
    if (/^0+$/.test(code)) return { zeros: code.length };
    const bare = code.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, '');
    return /[ymdhs年月日]/i.test(bare) && !/general/i.test(bare) ? 'date' : 'plain';
  });
}
