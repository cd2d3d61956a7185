/** Imports and batches of keys in the console. */
import { Readable } from 'node:stream';
import type { Router } from 'express';
import { findBatches, undoBatch } from '../../db/batches.ts';
import { importProblems } from '../../db/import-blocks.ts';
import { confirmKeys } from '../../db/import-confirm.ts';
import { receiveFile } from '../../db/import-upload.ts';
import { beginImport, findImports, importById, moveImport, type ImportRow } from '../../db/imports.ts';
import { productById } from '../../db/products.ts';
import { errors, KnownError } from '../../domain/errors.ts';
import { keyProblems } from '../../domain/key-problems.ts';
import { sealPiece } from '../../integrations/keyring/goods.ts';
import { consoleImports } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { uploadRoutes } from './import-upload.ts';

type View = (typeof consoleImports.importView)['_output'];

export function viewImport(row: ImportRow): View {
  const summary = row.summary as Partial<
    Pick<View, 'separator' | 'columns' | 'headers' | 'undone' | 'actions' | 'preview' | 'totals' | 'overLimit'>
  >;
  return {
    id: row.id,
    kind: row.kind,
    mode: row.mode,
    source: row.source,
    state: row.state,
    productId: row.productId,
    fileName: row.fileName,
    bytes: row.bytes,
    format: row.format,
    encoding: row.encoding,
    lines: row.lines,
    good: row.good,
    bad: row.bad,
    inFile: row.inFile,
    inStock: row.inStock,
    sold: row.sold,
    added: row.added,
    late: row.late,
    failureCode: row.failureCode,
    failure: row.failureCode && { zh: errors[row.failureCode].zh, en: errors[row.failureCode].en },
    failureDetail: row.failureDetail,
    headers: summary.headers ?? [],
    undone: summary.undone ?? null,
    actions: summary.actions ?? null,
    separator: summary.separator ?? null,
    columns: summary.columns ?? [],
    preview: summary.preview ?? [],
    totals: summary.totals ?? [],
    overLimit: summary.overLimit ?? [],
    createdAt: row.createdAt.toISOString(),
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
  };
}

export function importRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring } = deps;
  const known = async (id: number): Promise<ImportRow> => {
    const row = await importById(pool, id);
    if (!row) throw new KnownError('IMPORT_NOT_FOUND');
    return row;
  };
  const show = async (id: number): Promise<View> => viewImport(await known(id));

  serve(router, authenticate, consoleImports.beginCardImport, async (call) => {
    const { text, mode, productId, fileName, ...options } = call.body;
    const { actorId } = person(call);
    if (productId !== null && !(await productById(pool, productId))) throw new KnownError('PRODUCT_NOT_FOUND');
    const source = text === undefined ? ('upload' as const) : ('paste' as const);
    // Pasted text is text: what it looks like at its begin decides nothing.
    const given = text === undefined ? options : { format: 'text' as const, ...options, encoding: 'utf-8' as const };
    const id = await beginImport(pool, { kind: 'cards', mode, source, productId, fileName, options: given, actorId });
    if (text !== undefined) {
      const parts = Readable.from([Buffer.from(text, 'utf8')]);
      await receiveFile(pool, id, { parts, seal: (n, piece) => sealPiece(keyring, id, n, piece), actorId });
    }
    return show(id);
  });

  uploadRoutes(router, authenticate, deps);

  serve(router, authenticate, consoleImports.listImports, async ({ query }) => {
    const rows = await findImports(pool, query.kind, query);
    return { items: rows.map(viewImport), next: rows.length === query.limit ? (rows.at(-1)?.id ?? null) : null };
  });
  serve(router, authenticate, consoleImports.readImport, ({ params }) => show(params.id));

  serve(router, authenticate, consoleImports.confirmImport, async (call) => {
    const row = await known(call.params.id);
    if (row.kind !== 'cards') throw new KnownError('IMPORT_NOT_FOUND');
    if (row.state === 'ready' && row.good === 0) throw new KnownError('IMPORT_NOTHING');
    const moved = row.state === 'ready' && (await confirmKeys(pool, row.id, person(call).actorId));
    // Pressed twice: the second press finds what the first one wanted.
    const now = await known(row.id);
    if (!moved && now.state !== 'confirmed' && now.state !== 'done') throw new KnownError('IMPORT_STATE', { state: now.state }); // prettier-ignore
    return viewImport(now);
  });

  serve(router, authenticate, consoleImports.cancelImport, async (call) => {
    const row = await known(call.params.id);
    const needs = row.kind === 'cards' ? 'cards.import' : 'products.edit';
    if (!person(call).rights.has(needs)) throw new KnownError('FORBIDDEN', { needs });
    const open = ['receiving', 'received', 'ready', 'confirmed'] as const;
    const moved = await moveImport(pool, row.id, open, 'cancelled', person(call).actorId);
    if (!moved && row.state !== 'cancelled') throw new KnownError('IMPORT_STATE', { state: row.state });
    return show(row.id);
  });

  serve(router, authenticate, consoleImports.importProblems, async ({ params, query }) => {
    await known(params.id);
    const blocks = await importProblems(pool, params.id, query.after);
    return {
      items: blocks.flatMap((b) => b.problems.map(([line, code]) => ({ line, code, ...keyProblems[code] }))),
      next: blocks.at(-1)?.n ?? null,
    };
  });

  serve(router, authenticate, consoleImports.listBatches, async (call) => {
    const rows = await findBatches(pool, call.params.id, call.query);
    const costs = person(call).rights.has('costs.read');
    return {
      items: rows.map((row) => ({
        ...row,
        costMinor: costs ? row.costMinor : null,
        expiresAt: row.expiresAt?.toISOString() ?? null,
        createdAt: row.createdAt.toISOString(),
        undoneAt: row.undoneAt?.toISOString() ?? null,
      })),
      next: rows.length === call.query.limit ? (rows.at(-1)?.id ?? null) : null,
    };
  });

  serve(router, authenticate, consoleImports.undoBatch, async (call) => {
    await undoBatch(pool, call.params.id, person(call).actorId, call.body.reason);
    return { undone: true as const };
  });
}
