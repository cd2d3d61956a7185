/**
 * The stream of changes to the console (server-sent events): ids and names of changes only, so that rights stay where they
 * are, in the reads. A client that lost the stream reads everything again; `Last-Event-ID` tells it nothing it needs.
 */
import type { Request, Response, Router } from 'express';
import { noStore } from '../http.ts';
import type { ApiDeps } from '../deps.ts';
import type { FindPerson } from '../people.ts';
import { KnownError } from '../../domain/errors.ts';
import { createChanges } from './changes.ts';

const clockMs = 15_000;
/** Streams of one person: tabs, not an attack. */
const perPerson = 20;

export function eventStream(router: Router, { pool, log }: ApiDeps, findPerson: FindPerson): void {
  const changes = createChanges(pool, log);
  const open = new Map<number, number>();
  router.get('/api/console/events', noStore(), async (request: Request, response: Response) => {
    const staff = await findPerson(request);
    if (!staff) throw new KnownError('UNAUTHENTICATED');
    // Gone while we looked: 'close' has been and would never free its place.
    if (request.socket.destroyed) return;
    const mine = open.get(staff.actorId) ?? 0;
    if (mine >= perPerson) throw new KnownError('TOO_MANY_REQUESTS');
    open.set(staff.actorId, mine + 1);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: 2000\n\nevent: clock\ndata: {}\n\n`);
    const end = changes.follow((rows) => {
      const last = rows.at(-1);
      if (!last) return;
      const orders = [...new Set(rows.map((row) => row.orderNo).filter((no) => no !== null))].slice(0, 50);
      const actions = [...new Set(rows.map((row) => row.action))];
      response.write(`id: ${last.id}\nevent: change\ndata: ${JSON.stringify({ actions, orders })}\n\n`);
    });
    // A person who was signed out in the meantime hears nothing more.
    const clock = setInterval(() => {
      void findPerson(request).then(
        (still) => (still ? response.write(`event: clock\ndata: {}\n\n`) : response.end()),
        () => response.write(': the database is away\n\n'),
      );
    }, clockMs);
    response.on('close', () => {
      clearInterval(clock);
      end();
      const left = (open.get(staff.actorId) ?? 1) - 1;
      if (left > 0) open.set(staff.actorId, left);
      else open.delete(staff.actorId);
    });
  });
}
