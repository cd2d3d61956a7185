/**
 * Bytes in and reports out, which are not JSON and so not of the route table: the file of an import, streamed into
 * sealed pieces as it comes, and the list of what is wrong as a file.
 */
import type { Request, Router } from 'express';
import { importProblems } from '../../db/import-blocks.ts';
import { addImportChunk, importById, moveImport, type ImportRow } from '../../db/imports.ts';
import { KnownError } from '../../domain/errors.ts';
import { keyProblems } from '../../domain/key-problems.ts';
import { sealPiece } from '../../integrations/keyring/goods.ts';
import type { ApiDeps } from '../deps.ts';
import { sendPiece } from '../http.ts';
import { person, type Authenticate } from '../serve.ts';

const pieceSize = 512 * 1024;
const largest = 512 * 1024 * 1024;

export function uploadRoutes(router: Router, authenticate: Authenticate, { pool, keyring }: ApiDeps): void {
  const known = async (request: Request): Promise<ImportRow> => {
    const id = Number(request.params['id']);
    const row = Number.isSafeInteger(id) ? await importById(pool, id) : undefined;
    if (!row) throw new KnownError('IMPORT_NOT_FOUND');
    return row;
  };

  router.put('/api/console/imports/:id/file', async (request, response) => {
    // The caller is known before a byte is read.
    const admitted = await authenticate(request, 'staff');
    const staff = person({ staff: admitted.staff });
    const row = await known(request);
    const needs = row.kind === 'cards' ? 'cards.import' : 'products.edit';
    if (!staff.rights.has(needs)) throw new KnownError('FORBIDDEN', { needs });
    if (row.state !== 'receiving' || row.bytes > 0) throw new KnownError('IMPORT_STATE', { state: row.state });
    let n = 0;
    let size = 0;
    const keep = async (piece: Buffer): Promise<void> => {
      await addImportChunk(pool, row.id, n, sealPiece(keyring, row.id, n, piece), piece.length);
      n++;
    };
    let waiting: Buffer[] = [];
    let held = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > largest) throw new KnownError('IMPORT_TOO_LARGE', { bytes: largest });
      waiting.push(part);
      held += part.length;
      if (held >= pieceSize) {
        await keep(Buffer.concat(waiting));
        waiting = [];
        held = 0;
      }
    }
    if (held > 0) await keep(Buffer.concat(waiting));
    if (size === 0) throw new KnownError('IMPORT_NOTHING');
    await moveImport(pool, row.id, ['receiving'], 'received', staff.actorId);
    response.setHeader('cache-control', 'no-store').json({ id: row.id, bytes: size });
  });

  router.get('/api/console/imports/:id/report.csv', async (request, response) => {
    await authenticate(request, { right: 'products.read' });
    const row = await known(request);
    response.setHeader('content-type', 'text/csv; charset=utf-8').setHeader('cache-control', 'no-store');
    response.setHeader('content-disposition', `attachment; filename="import-${row.id}.csv"`);
    response.write('\ufeff行号,问题,说明,Problem\r\n');
    for (let after = -1; ;) {
      const blocks = await importProblems(pool, row.id, after);
      for (const { problems } of blocks) {
        const lines = problems.map(([line, code]) => `${line},${code},"${keyProblems[code].zh}","${keyProblems[code].en}"\r\n`); // prettier-ignore
        if (!(await sendPiece(response, lines.join('')))) return;
      }
      const last = blocks.at(-1);
      if (!last) break;
      after = last.n;
    }
    response.end();
  });
}
