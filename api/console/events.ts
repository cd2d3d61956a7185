/**
 * The stream of changes to the console (server-sent events): ids and names of changes only, so that rights stay where they
 * are, in the reads. `Last-Event-ID` goes on where a stream broke off, on any process: each change once. `lost` says that
 * too much was missed, or that the place is of another database: read everything again.
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
    let end = (): void => undefined;
    response.on('close', () => {
      end();
      const left = (open.get(staff.actorId) ?? 1) - 1;
      if (left > 0) open.set(staff.actorId, left);
      else open.delete(staff.actorId);
    });
    response.write('retry: 2000\n\n');
    const event = (name: string, data: object, id?: string): boolean =>
      response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    try {
      const followed = await changes.follow(request.get('last-event-id'), (rows, place) => {
        if (rows === 'lost') return event('lost', {}, place);
        const orders = [...new Set(rows.map((row) => row.orderNo).filter((no) => no !== null))];
        return event('change', { actions: [...new Set(rows.map((row) => row.action))], orders }, place);
      });
      end = followed.end;
      event('clock', {}, followed.place);
    } catch (error) {
      log.warn({ err: error }, 'a stream of changes cannot begin'); // it comes again in two seconds
      response.end();
      return;
    }
    if (response.destroyed) {
      end();
      return;
    }
    // A person who was signed out in the meantime hears nothing more.
    const clock = setInterval(() => {
      void findPerson(request).then(
        (still) => (still ? event('clock', {}) : response.end()),
        () => response.write(': the database is away\n\n'),
      );
    }, clockMs);
    response.on('close', () => clearInterval(clock));
  });
}
