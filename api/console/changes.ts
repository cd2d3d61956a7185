/**
 * One look per second at what changed, for all streams of this process; none while nobody listens. Ids are not commit
 * order, so each look goes back over the last few hundred ids and passes on those that were not seen.
 */
import type { Logger } from 'pino';
import { changesSince, newestChange, type Change } from '../../db/changes.ts';
import type { Pool } from '../../db/sql.ts';

const everyMs = 1_000;
const window = 400;

export interface Changes {
  /** Calls `listener` with what changed; undefined says that a look was taken and found nothing. Returns the end. */
  follow(listener: (changes: readonly Change[]) => void): () => void;
}

export function createChanges(pool: Pool, log: Logger): Changes {
  const listeners = new Set<(changes: readonly Change[]) => void>();
  let timer: NodeJS.Timeout | undefined;
  let seen = new Set<number>();
  let newest: number | undefined;

  const look = async (): Promise<void> => {
    if (newest === undefined) {
      newest = await newestChange(pool);
      seen = new Set((await changesSince(pool, newest - window, window)).map((row) => row.id));
      return;
    }
    const rows = (await changesSince(pool, newest - window, window * 5)).filter((row) => !seen.has(row.id));
    for (const row of rows) seen.add(row.id);
    newest = Math.max(newest, ...rows.map((row) => row.id));
    for (const id of seen) if (id < newest - window * 2) seen.delete(id);
    for (const listener of listeners) listener(rows);
  };
  const again = (): void => {
    timer = setTimeout(() => {
      look()
        .catch((error: unknown) => log.warn({ err: error }, 'the stream of changes cannot look'))
        .finally(() => {
          if (listeners.size > 0) again();
          else timer = undefined;
        });
    }, everyMs);
    timer.unref();
  };
  return {
    follow(listener) {
      if (listeners.size === 0) newest = undefined;
      listeners.add(listener);
      if (timer === undefined) again();
      return () => void listeners.delete(listener);
    },
  };
}
