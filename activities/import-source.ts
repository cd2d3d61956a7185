/** The records of an uploaded file: its sealed pieces opened, decoded, cut into cells. */
import { importChunk, type ImportRow } from '../db/imports.ts';
import { KnownError } from '../domain/errors.ts';
import { EncodingProbe, type Encoding } from '../domain/encoding.ts';
import type { KeyFileOptions } from '../domain/import-options.ts';
import { cutLine, findSeparator, readHeader, usualColumns, type ColumnKind, type FileFormat, type FileRow } from '../domain/key-file.ts'; // prettier-ignore
import { openPiece } from '../integrations/keyring/goods.ts';
import {
  csvRows,
  decoded,
  formatOf,
  textLines,
  xlsxRows,
  type Pieces,
  type TextLine,
} from '../integrations/sheets/records.ts';
import type { ActivityDeps } from './deps.ts';

/** What the records are and how they were read. */
export interface ImportSource {
  readonly format: FileFormat;
  readonly encoding: Encoding | null;
  readonly separator: string | null;
  readonly columns: readonly ColumnKind[];
  /** The records, some hundreds together; no cells stand for a line that could not be cut. */
  readonly rows: AsyncIterable<readonly FileRow[]>;
}

function piecesOf(deps: ActivityDeps, id: number): Pieces {
  return async function* () {
    // The next one comes while this one is worked on; until it is awaited its failure must not count as unhandled.
    const read = (n: number): Promise<Buffer | undefined> => {
      const coming = importChunk(deps.pool, id, n);
      coming.catch(() => undefined);
      return coming;
    };
    let coming = read(0);
    for (let n = 0; ; n++) {
      const sealed = await coming;
      if (!sealed) return;
      coming = read(n + 1);
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

/** The first page that holds anything; `pages` goes on behind it. */
async function firstPage<Row>(pages: AsyncGenerator<Row[]>): Promise<Row[]> {
  for (;;) {
    const page = await pages.next();
    if (page.done) return [];
    if (page.value.length > 0) return page.value;
  }
}

type Headed = Pick<ImportSource, 'columns' | 'rows'>;

/** A table: the first row may name its columns. */
async function headed(
  pages: AsyncGenerator<FileRow[]>,
  options: KeyFileOptions & { readonly rawHeader?: boolean },
  namesProduct: boolean,
): Promise<Headed> {
  const begin = await firstPage(pages);
  const [first] = begin;
  if (!first) throw new KnownError('IMPORT_NOTHING');
  const header = options.rawHeader ? undefined : readHeader(first.cells.map((cell) => cell?.text));
  const columns = options.columns ?? header ?? usualColumns(first.cells.length, namesProduct);
  return {
    columns,
    rows: (async function* () {
      yield header ? begin.slice(1) : begin;
      yield* pages;
    })(),
  };
}

async function textSource(
  pages: () => AsyncGenerator<TextLine[]>,
  options: KeyFileOptions,
  namesProduct: boolean,
  known: ReadonlyMap<string, unknown>,
): Promise<Headed & { separator: string | null }> {
  const sample = (await firstPage(pages())).slice(0, 50).map(({ text }) => text);
  const [firstLine] = sample;
  if (firstLine === undefined) throw new KnownError('IMPORT_NOTHING');
  const separator = options.separator ?? (namesProduct ? findSeparator(sample, known) : undefined);
  if (separator === undefined) {
    if (namesProduct) throw new KnownError('IMPORT_FORMAT', { reason: 'separator' });
    const rows = async function* (): AsyncGenerator<FileRow[]> {
      for await (const lines of pages())
        yield lines.map(({ line, text }) => ({ line, cells: [{ text, kind: 'text' }] }));
    };
    return { separator: null, columns: ['key'], rows: rows() };
  }
  const header = readHeader(firstLine.split(separator));
  // Dashes stand in keys themselves: without word from the operator they set the SKU off and nothing else.
  const cells = separator === '-' ? 0 : firstLine.split(separator).length;
  const columns =
    options.columns ?? header ?? usualColumns(namesProduct && separator === '-' ? 2 : cells, namesProduct);
  const rows = async function* (): AsyncGenerator<FileRow[]> {
    let skip = header === undefined ? 0 : 1;
    for await (const lines of pages()) {
      const rows = lines.slice(skip);
      skip -= lines.length - rows.length;
      yield rows.map(({ line, text }) => ({ line, cells: cutLine(text, separator, columns, known) ?? [] }));
    }
  };
  return { separator, columns, rows: rows() };
}
