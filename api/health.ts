/**
 * `/healthz`: alive. `/readyz`: can take notifications, that is PostgreSQL with the current schema and room to write, and keys that open;
 * Temporal's absence is reported and does not count, it must not stop notifications. `/readyz?all=1`: everything (rule 16).
 */
import express, { type Router } from 'express';
import { schemaIsCurrent } from '../db/migrate.ts';
import { hasRoom } from '../db/sql.ts';
import type { ApiDeps } from './deps.ts';

const freshMs = 2_000;

export function healthRouter({ pool, temporal, keyring }: Pick<ApiDeps, 'pool' | 'temporal' | 'keyring'>): Router {
  const router = express.Router();
  let seen: { reached: boolean; at: number } | undefined;
  let asking = false;
  /** What was seen last, at once; asked anew in the background when it is old. */
  const glance = (): boolean => {
    if (!asking && performance.now() - (seen?.at ?? -Infinity) > freshMs) {
      asking = true;
      void temporal.answers().then((reached) => {
        seen = { reached, at: performance.now() };
        asking = false;
      });
    }
    return temporal.up && (seen?.reached ?? true);
  };
  router.get('/healthz', (_request, response) => void response.json({ status: 'alive' }));
  router.get('/readyz', async (request, response) => {
    const all = request.query['all'] === '1';
    const [database, reached] = await Promise.all([
      schemaIsCurrent(pool).then(
        async (current) =>
          current ? ((await hasRoom(pool)) ? 'ok' : 'cannot write: its disk is full') : 'schema is not current',
        () => 'down',
      ),
      // A Temporal that is gone or hangs is found out only by asking it, which takes its time.
      all ? temporal.answers() : glance(),
    ]);
    // Keys made under a new master key: this process cannot open what they seal.
    const keys = keyring.unopened.length === 0 ? 'ok' : 'the master key was changed: start again with the new one';
    const parts = { database, keys, temporal: reached ? 'ok' : 'down' };
    const needed = all ? Object.values(parts) : [database, keys];
    const ready = needed.every((part) => part === 'ok');
    const degraded = Object.values(parts).some((part) => part !== 'ok');
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? (degraded ? 'degraded' : 'ready') : 'not ready', ...parts });
  });
  return router;
}
