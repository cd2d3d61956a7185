/** Records of a file in any of the formats, as a stream: a million lines pass through, none is kept. */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'csv-parse';
import type { Encoding } from '../../domain/encoding.ts';
import type { Cell, FileFormat, FileRow } from '../../domain/key-file.ts';
import { openXlsx, sheetRows } from './xlsx.ts';
import { SheetError } from './zip.ts';

/** The file's bytes, as often as they are wanted. */
export type Pieces = () => AsyncIterable<Buffer>;

const longestLine = 200_000;
/** Records that are handed on at once. */
const together = 500;

/** Throws if the bytes are not in this encoding. */
export async function* decoded(pieces: Pieces, encoding: Encoding): AsyncGenerator<string> {
  // Without the mark at its begin, which TextDecoder drops itself.
  const decoder = new TextDecoder(encoding, { fatal: true });
  for await (const piece of pieces()) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

export interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** Lines without their ends, blank ones left out; some hundreds together, because waiting for each would cost more than it. */
export async function* textLines(text: AsyncIterable<string>): AsyncGenerator<TextLine[]> {
  let rest = '';
  let line = 0;
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    // No key is so long; without a cap, each further piece of a file without line ends would copy all before it.
    if (rest.length > longestLine) throw new SheetError('TOO_LARGE', `line ${line + lines.length + 1} is too long`);
    let found: TextLine[] = [];
    for (const each of lines) {
      line++;
      const bare = each.endsWith('\r') ? each.slice(0, -1) : each;
      if (bare.trim() === '' || found.push({ line, text: bare }) < together) continue;
      yield found;
      found = [];
    }
    yield found;
  }
  if (rest.trim() !== '') yield [{ line: line + 1, text: rest.endsWith('\r') ? rest.slice(0, -1) : rest }];
}

export async function* csvRows(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<FileRow[]> {
  const parser = parse({
    delimiter,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: longestLine,
  });
  Readable.from(text)
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  let rows: FileRow[] = [];
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
    rows.push({ line: info.lines, cells: record.map((t): Cell => ({ text: t, kind: 'text' })) });
    if (rows.length < together) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

export async function* xlsxRows(pieces: Pieces): AsyncGenerator<FileRow[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces()) all.push(piece);
  let rows: FileRow[] = [];
  for (const row of sheetRows(await openXlsx(Buffer.concat(all)))) {
    if (rows.push(row) < together) continue;
    yield rows;
    rows = [];
    // All of it is in memory, so nobody is waited for: others are let through.
    await setImmediate();
  }
  yield rows;
}

/** By the first bytes, then by name: an .xlsx is a zip archive; anything else is text. */
export function formatOf(fileName: string, head: Buffer): FileFormat | undefined {
  const magic = head.length >= 4 ? head.readUInt32BE(0) : 0;
  if (magic === 0x504b0304 || magic === 0xd0cf11e0) return 'xlsx';
  if (/\.xlsx?$/i.test(fileName)) return undefined;
  return /\.csv$/i.test(fileName) ? 'csv' : 'text';
}
