/**
 * A line of a key file: 商品编码-卡密-密码, or what of it the operator has. Keys are kept byte for byte: nothing is
 * unquoted, unescaped or changed in the middle; the key column takes every separator that is one too many.
 */
import { readShape, type KeyShape } from './key-shape.ts';
import type { KeyProblem } from './key-problems.ts';

export const columnKinds = ['sku', 'key', 'part', 'expires', 'surcharge', 'skip'] as const;
export type ColumnKind = (typeof columnKinds)[number];
export const fileFormats = ['text', 'csv', 'xlsx'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** A cell as read. Kinds other than `text` come from spreadsheets only. */
export interface Cell {
  readonly text: string;
  readonly kind: 'text' | 'number' | 'date' | 'formula' | 'error';
}

/** One record of a file, whatever its format. */
export interface FileRow {
  /** As the operator counts them, from 1. */
  readonly line: number;
  readonly cells: readonly (Cell | undefined)[];
}

export interface KeyLine {
  readonly productId: number;
  /** The key, then its further parts. */
  readonly parts: readonly string[];
  readonly expiresAt: Date | undefined;
  /** 自选卡号: in minor units; undefined for keys that nobody chooses. */
  readonly surchargeMinor: number | undefined;
}

export interface KeyRules {
  /** Where each cell belongs. */
  readonly columns: readonly ColumnKind[];
  /** The product if the file names none. */
  readonly productId: number | undefined;
  /** Products that take keys, by SKU; null for one that takes none. */
  readonly products: ReadonlyMap<string, number | null>;
  /** Where a product wants more of its keys than that they are there. */
  readonly shapes?: ReadonlyMap<number, KeyShape>;
  /** Spaces around keys are dropped. */
  readonly trim: boolean;
  /** Keys past this time are refused. */
  readonly now: Date;
  /** Minutes that the shop's clock is ahead of UTC: a date means the end of that day there. */
  readonly zoneMinutes: number;
}

const maxLength = 4096;
// Anything below space but tab, and the C1 block: no redeem page accepts them, and some reach logs as commands.
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** The key of a record, or what is wrong with it. */
export function readKey(row: FileRow, rules: KeyRules): KeyLine | KeyProblem {
  let sku: string | undefined;
  let expires: Cell | undefined;
  let surcharge: Cell | undefined;
  const parts: string[] = [];
  for (const [i, kind] of rules.columns.entries()) {
    const cell = row.cells[i];
    if (kind === 'sku') sku = cell?.text.trim() ?? '';
    else if (kind === 'expires') expires = cell;
    else if (kind === 'surcharge') surcharge = cell;
    else if (kind !== 'skip') {
      if (cell === undefined && kind === 'part') return 'COLUMNS';
      const text = rules.trim ? trimmed(cell?.text ?? '') : (cell?.text ?? '');
      const problem = cell && cellProblem(cell, text);
      if (problem) return problem;
      if (text === '') return kind === 'key' ? 'EMPTY_KEY' : 'COLUMNS';
      parts.push(text);
    }
  }
  if (parts.length === 0) return 'EMPTY_KEY';
  const productId = rules.productId ?? rules.products.get(sku ?? '');
  if (productId === undefined) return 'UNKNOWN_SKU';
  if (productId === null) return 'NO_POOL';
  const expiresAt = expires && expires.text.trim() !== '' ? readDate(expires, rules.zoneMinutes) : undefined;
  if (expiresAt === null) return 'BAD_DATE';
  if (expiresAt && expiresAt <= rules.now) return 'EXPIRED';
  const shape = rules.shapes?.get(productId);
  const surchargeMinor = shape && readShape(shape, parts, surcharge?.text.trim() ?? '');
  return typeof surchargeMinor === 'string' ? surchargeMinor : { productId, parts, expiresAt, surchargeMinor };
}

function cellProblem(cell: Cell, text: string): KeyProblem | undefined {
  if (cell.kind === 'formula') return 'FORMULA';
  if (cell.kind === 'error') return 'CELL_ERROR';
  if (cell.kind === 'date') return 'DATE_CELL';
  if (cell.kind === 'number' && (!/^-?\d+(\.\d+)?$/.test(text) || text.replace(/\D/g, '').length > 15)) return 'NUMBER_LOST'; // prettier-ignore
  if (text.length > maxLength) return 'TOO_LONG';
  if (text.includes('\ufffd')) return 'GARBLED';
  return control.test(text) ? 'CONTROL' : undefined;
}

const space = /[ \t\u00a0\u3000]/;
/** Without spaces, tabs, full-width and non-breaking spaces at the ends. */
function trimmed(text: string): string {
  if (!space.test(text)) return text;
  return text.replace(/^[ \t\u00a0\u3000]+|[ \t\u00a0\u3000]+$/gu, '');
}

const dayMs = 86_400_000;

/** A day as the end of that day in the shop's zone; a serial number of a spreadsheet likewise. Null if it is no date. */
function readDate(cell: Cell, zoneMinutes: number): Date | null {
  const text = cell.text.trim();
  const endOf = (utcDay: number): Date => new Date(utcDay + dayMs - 1000 - zoneMinutes * 60_000);
  if (cell.kind !== 'text' && /^\d{5}(\.\d+)?$/.test(text)) return endOf(Date.UTC(1899, 11, 30) + Math.floor(Number(text)) * dayMs); // prettier-ignore
  const match = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? endOf(at.getTime()) : null;
}

/** Separators that are tried, the longer and rarer ones first. */
export const separators = ['----', '\t', '|', ',', '，', ';', '-', ' '] as const;

/**
 * Cuts a text line. A SKU may hold the separator: the longest known SKU that one follows is it. What is left goes to
 * the columns from both ends, and the key takes the rest. Undefined if there are too few.
 */
export function cutLine(
  text: string,
  separator: string,
  columns: readonly ColumnKind[],
  known: ReadonlyMap<string, unknown>,
): Cell[] | undefined {
  const cell = (t: string): Cell => ({ text: t, kind: 'text' });
  let rest = text;
  const head: Cell[] = [];
  let kinds = columns;
  if (columns[0] === 'sku') {
    let cut = -1;
    for (let at = rest.indexOf(separator); at >= 0 && at <= 64; at = rest.indexOf(separator, at + 1)) {
      if (cut < 0 || known.has(rest.slice(0, at).trim())) cut = at;
    }
    if (cut < 0) return undefined;
    head.push(cell(rest.slice(0, cut)));
    rest = rest.slice(cut + separator.length);
    kinds = columns.slice(1);
  }
  const fields = separator === ' ' ? rest.trim().split(/[ \t]+/) : rest.split(separator);
  const keyAt = kinds.indexOf('key');
  const surplus = fields.length - kinds.length;
  if (surplus < 0) return undefined;
  const key = fields.slice(keyAt, keyAt + surplus + 1).join(separator);
  return [...head, ...fields.slice(0, keyAt).map(cell), cell(key), ...fields.slice(keyAt + surplus + 1).map(cell)];
}

/** The separator of a file that names products: the one that sets a known SKU off in most of the sample lines. */
export function findSeparator(sample: readonly string[], known: ReadonlyMap<string, unknown>): string | undefined {
  return separators.find((separator) => {
    const fitting = sample.filter((line) => {
      const cells = cutLine(line, separator, ['sku', 'key'], known);
      return cells !== undefined && known.has(cells[0]?.text.trim() ?? '');
    });
    return fitting.length * 2 > sample.length;
  });
}

/** Columns of a file that neither the operator nor a header row names: the key, before it the SKU, after it parts. */
export function usualColumns(cells: number, namesProduct: boolean): ColumnKind[] {
  const first: ColumnKind[] = namesProduct ? ['sku', 'key'] : ['key'];
  return [...first, ...Array<ColumnKind>(Math.max(0, cells - first.length)).fill('part')];
}

const headers: readonly (readonly [ColumnKind, RegExp])[] = [
  ['sku', /^(商品编码|商品编号|sku|sku编码|货号|product)$/i],
  ['key', /^(卡密|卡号|卡密内容|密钥|激活码|兑换码|key|card|code|cdkey|account|账号|帐号)$/i],
  ['part', /^(密码|卡密密码|password|pass|pin|邮箱|email|mail|secret|密保)$/i],
  ['surcharge', /^(加价|加价金额|选号加价|surcharge|premium)$/i],
  ['expires', /^(有效期|有效期至|过期时间|到期日|到期时间|expires|expiry|expires_at)$/i],
];

/** The columns that a header row names, or undefined if the row is no header. */
export function readHeader(cells: readonly (string | undefined)[]): ColumnKind[] | undefined {
  const kinds = cells.map((text) => headers.find(([, pattern]) => pattern.test(text?.trim() ?? ''))?.[0] ?? 'skip');
  return kinds.includes('key') ? kinds : undefined;
}

/** `A***Z (16)`: enough to see whether the columns are right, too little to redeem. */
export function masked(text: string): string {
  const shown = text.length >= 12 ? 2 : 0;
  return `${text.slice(0, shown)}***${shown ? text.slice(-shown) : ''} (${text.length})`;
}
