/**
 * Bytes in and reports out, which are not JSON and so not of the route table: the file of an import, streamed into
 * sealed pieces as it comes, and the list of what is wrong as a file.
 */
import type { Request, Router } from 'express';
import { importProblems } from '../../db/import-blocks.ts';
import { importById, type ImportRow } from '../../db/imports.ts';
import { largestFile, receiveFile } from '../../db/import-upload.ts';
import { KnownError } from '../../domain/errors.ts';
import { keyProblems } from '../../domain/key-problems.ts';
import { sealPiece } from '../../integrations/keyring/goods.ts';
import type { ApiDeps } from '../deps.ts';
import { sendPiece } from '../http.ts';
import { person, type Authenticate } from '../serve.ts';

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
    const given = request.query['from'] ?? '0';
    const from = typeof given === 'string' && /^\d{1,10}$/.test(given) ? Number(given) : NaN;
    if (!(from <= largestFile)) throw new KnownError('IMPORT_PLACE', { bytes: row.bytes });
    const size = await receiveFile(pool, row.id, {
      parts: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
      seal: (n, piece) => sealPiece(keyring, row.id, n, piece),
      actorId: staff.actorId,
      from,
    }).catch((error: unknown) => {
      // Nobody is there to be told; what came is kept for the next try.
      if (!request.complete && request.destroyed) return undefined;
      // A browser reads its answer once it has sent all.
      request.resume();
      throw error;
    });
    if (size === undefined) return;
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
