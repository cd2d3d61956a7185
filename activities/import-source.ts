/** The records of an uploaded file: its sealed pieces opened, decoded, cut into cells. */
import { importChunk, type ImportRow } from '../db/imports.ts';
import { KnownError } from '../domain/errors.ts';
import { EncodingProbe, type Encoding } from '../domain/encoding.ts';
import type { KeyFileOptions } from '../domain/import-options.ts';
import { cutLine, findSeparator, readHeader, usualColumns, type ColumnKind, type FileFormat, type FileRow } from '../domain/key-file.ts'; // prettier-ignore
import { openPiece } from '../integrations/keyring/goods.ts';
import { csvRows, decoded, formatOf, textLines, xlsxRows, type Pieces } from '../integrations/sheets/records.ts';
import type { ActivityDeps } from './deps.ts';

/** What the records are and how they were read. */
export interface ImportSource {
  readonly format: FileFormat;
  readonly encoding: Encoding | null;
  readonly separator: string | null;
  readonly columns: readonly ColumnKind[];
  /** Each record; undefined cells stand for a line that could not be cut. */
  readonly rows: AsyncIterable<FileRow>;
}

function piecesOf(deps: ActivityDeps, id: number): Pieces {
  return async function* () {
    for (let n = 0; ; n++) {
      const sealed = await importChunk(deps.pool, id, n);
      if (!sealed) return;
      yield openPiece(deps.keyring, id, n, sealed);
    }
  };
}

/** Finds out what the file is. Throws IMPORT_FORMAT, IMPORT_ENCODING, IMPORT_NOTHING. */
export async function openSource(
  deps: ActivityDeps,
  file: Pick<ImportRow, 'id' | 'fileName' | 'productId'>,
  options: KeyFileOptions & { readonly rawHeader?: boolean },
  known: ReadonlyMap<string, unknown>,
): Promise<ImportSource> {
  const pieces = piecesOf(deps, file.id);
  const format = options.format ?? (await guessFormat(pieces, file.fileName));
  const encoding = format === 'xlsx' ? null : (options.encoding ?? (await guessEncoding(pieces)));
  const namesProduct = file.productId === null;
  if (format === 'xlsx' || encoding === null) {
    return { format, encoding, separator: null, ...(await headed(xlsxRows(pieces), options, namesProduct)) };
  }
  if (format === 'csv') {
    const separator = options.separator ?? ',';
    const rows = csvRows(decoded(pieces, encoding), separator);
    return { format, encoding, separator, ...(await headed(rows, options, namesProduct)) };
  }
  return { format, encoding, ...(await textSource(() => textLines(decoded(pieces, encoding)), options, namesProduct, known)) }; // prettier-ignore
}

async function guessFormat(pieces: Pieces, fileName: string): Promise<FileFormat> {
  let head: Buffer = Buffer.alloc(0);
  for await (const piece of pieces()) {
    head = piece;
    break;
  }
  const format = formatOf(fileName, head);
  if (!format) throw new KnownError('IMPORT_FORMAT');
  return format;
}

async function guessEncoding(pieces: Pieces): Promise<Encoding> {
  const probe = new EncodingProbe();
  for await (const piece of pieces()) probe.push(piece);
  const encoding = probe.result();
  if (!encoding) throw new KnownError('IMPORT_ENCODING');
  return encoding;
}

type Headed = Pick<ImportSource, 'columns' | 'rows'>;

/** A table: the first row may name its columns. */
async function headed(
  rows: AsyncGenerator<FileRow>,
  options: KeyFileOptions & { readonly rawHeader?: boolean },
  namesProduct: boolean,
): Promise<Headed> {
  const first = await rows.next();
  if (first.done) throw new KnownError('IMPORT_NOTHING');
  const header = options.rawHeader ? undefined : readHeader(first.value.cells.map((cell) => cell?.text));
  const columns = options.columns ?? header ?? usualColumns(first.value.cells.length, namesProduct);
  return {
    columns,
    rows: (async function* () {
      if (!header) yield first.value;
      yield* rows;
    })(),
  };
}

async function textSource(
  lines: () => AsyncGenerator<{ line: number; text: string }>,
  options: KeyFileOptions,
  namesProduct: boolean,
  known: ReadonlyMap<string, unknown>,
): Promise<Headed & { separator: string | null }> {
  const sample: string[] = [];
  for await (const { text } of lines()) if (sample.push(text) === 50) break;
  const [firstLine] = sample;
  if (firstLine === undefined) throw new KnownError('IMPORT_NOTHING');
  const separator = options.separator ?? (namesProduct ? findSeparator(sample, known) : undefined);
  if (separator === undefined) {
    if (namesProduct) throw new KnownError('IMPORT_FORMAT', { reason: 'separator' });
    const rows = async function* (): AsyncGenerator<FileRow> {
      for await (const { line, text } of lines()) yield { line, cells: [{ text, kind: 'text' }] };
    };
    return { separator: null, columns: ['key'], rows: rows() };
  }
  const header = readHeader(firstLine.split(separator));
  // Dashes stand in keys themselves: without word from the operator they set the SKU off and nothing else.
  const cells = separator === '-' ? 0 : firstLine.split(separator).length;
  const columns =
    options.columns ?? header ?? usualColumns(namesProduct && separator === '-' ? 2 : cells, namesProduct);
  const rows = async function* (): AsyncGenerator<FileRow> {
    let skip = header !== undefined;
    for await (const { line, text } of lines()) {
      if (!skip) yield { line, cells: cutLine(text, separator, columns, known) ?? [] };
      skip = false;
    }
  };
  return { separator, columns, rows: rows() };
}
