/**
 * The bytes of an import on their way in: one sender at a time, in sealed pieces. A sender that broke off leaves what it
 * sent, so the next one goes on from there or begins anew; one that fell silent loses its turn.
 */
import { randomUUID } from 'node:crypto';
import { KnownError } from '../domain/errors.ts';
import { dropPieces, importById, moveImport } from './imports.ts';
import { statement, type Pool, type Queryable } from './sql.ts';

const pieceSize = 512 * 1024;
/** Of one file. */
export const largestFile = 512 * 1024 * 1024;
/** After so long without a piece its sender is taken for gone. */
const silentMs = 30_000;

const claim = statement<{ pieces: number }, [number, string, number, number]>(
  'upload_claim',
  `with mine as (
     update imports set sender = $2, sender_at = now(), bytes = $3
     where id = $1 and state = 'receiving' and ($3 = 0 or bytes = $3)
       and (sender is null or sender_at < now() - $4 * interval '1 millisecond')
     returning id
   )
   select case when $3 = 0 then 0 else (select count(*)::int from import_chunks where import_id = $1) end as pieces from mine`,
);
const add = statement<{ n: number }, [number, number, Buffer, number, string]>(
  'upload_piece',
  `with mine as (
     update imports set bytes = bytes + $4, sender_at = now() where id = $1 and state = 'receiving' and sender = $5 returning id
   )
   insert into import_chunks (import_id, n, sealed) select id, $2, $3 from mine returning n`,
);
const release = statement<object, [number, string]>(
  'upload_release',
  'update imports set sender = null where id = $1 and sender = $2',
);
const stale = statement<{ id: number }, [number, number]>(
  'upload_stale',
  `select id from imports where id = $1 and state = 'receiving'
     and coalesce(sender_at, created_at) < now() - $2 * interval '1 millisecond'`,
);

export interface Upload {
  readonly parts: AsyncIterable<Buffer>;
  readonly seal: (n: number, piece: Buffer) => Buffer;
  readonly actorId: number;
  /** Bytes that are there already and stay; 0 = all of it comes now. */
  readonly from?: number;
}

/**
 * Stores the file of an import and moves it on; returns its size. Throws IMPORT_STATE, IMPORT_UPLOADING (somebody else
 * sends), IMPORT_PLACE (other bytes are there than `from` says), IMPORT_TOO_LARGE, IMPORT_NOTHING.
 */
export async function receiveFile(pool: Pool, id: number, upload: Upload): Promise<number> {
  const { parts, seal, actorId, from = 0 } = upload;
  const sender = randomUUID();
  const [mine] = await claim(pool, [id, sender, from, silentMs]);
  if (!mine) throw await whyNot(pool, id, from);
  let n = mine.pieces;
  let size = from;
  let waiting: Buffer[] = [];
  let held = 0;
  const keep = async (): Promise<void> => {
    const piece = Buffer.concat(waiting);
    waiting = [];
    held = 0;
    const kept = await add(pool, [id, n, seal(n, piece), piece.length, sender]);
    if (kept.length === 0) throw await whyNot(pool, id, from);
    n++;
  };
  try {
    if (from === 0) await dropPieces(pool, id);
    for await (const part of parts) {
      size += part.length;
      if (size > largestFile) throw new KnownError('IMPORT_TOO_LARGE', { bytes: largestFile });
      waiting.push(part);
      held += part.length;
      if (held >= pieceSize) await keep();
    }
    if (held > 0) await keep();
    if (size === 0) throw new KnownError('IMPORT_NOTHING');
    if (!(await moveImport(pool, id, ['receiving'], 'received', actorId, {}, sender))) throw await whyNot(pool, id, from); // prettier-ignore
    return size;
  } catch (error) {
    await release(pool, [id, sender]).catch(() => undefined);
    throw error;
  }
}

/** Why an import takes no bytes from this sender. */
async function whyNot(db: Queryable, id: number, from: number): Promise<KnownError> {
  const row = await importById(db, id);
  if (!row) return new KnownError('IMPORT_NOT_FOUND');
  if (row.state !== 'receiving') return new KnownError('IMPORT_STATE', { state: row.state });
  if (from > 0 && row.bytes !== from) return new KnownError('IMPORT_PLACE', { bytes: row.bytes });
  return new KnownError('IMPORT_UPLOADING', { waitSeconds: silentMs / 1000 });
}

/** True if nobody has sent anything of it for so long. */
export async function uploadBroke(db: Queryable, id: number, silentForMs: number): Promise<boolean> {
  return (await stale(db, [id, silentForMs])).length > 0;
}
