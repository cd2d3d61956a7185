/**
 * `/healthz`: alive. `/readyz`: can take notifications, that is PostgreSQL with the current schema; Temporal's absence is
 * reported and does not count, it must not stop notifications. `/readyz?all=1`: everything (rule 16).
 */
import express, { type Router } from 'express';
import { schemaIsCurrent } from '../db/migrate.ts';
import type { ApiDeps } from './deps.ts';

export function healthRouter({ pool, temporal }: Pick<ApiDeps, 'pool' | 'temporal'>): Router {
  const router = express.Router();
  router.get('/healthz', (_request, response) => void response.json({ status: 'alive' }));
  router.get('/readyz', async (request, response) => {
    const database = await schemaIsCurrent(pool).then(
      (current) => (current ? 'ok' : 'schema is not current'),
      () => 'down',
    );
    const parts = { database, temporal: temporal.up ? 'ok' : 'down' };
    const needed = request.query['all'] === '1' ? Object.values(parts) : [database];
    const ready = needed.every((part) => part === 'ok');
    const degraded = Object.values(parts).some((part) => part !== 'ok');
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? (degraded ? 'degraded' : 'ready') : 'not ready', ...parts });
  });
  return router;
}
