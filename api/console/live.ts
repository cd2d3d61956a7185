/** 正式上线: nothing here is a click that was remembered; each condition is read from the data. */
import type { Router } from 'express';
import { setupState } from '../../db/checklist.ts';
import { goLive, liveSince } from '../../db/live.ts';
import { readSetting } from '../../db/settings.ts';
import { KnownError } from '../../domain/errors.ts';
import { consoleLive } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type View = (typeof consoleLive.readLive)['response']['_output'];
type Condition = View['conditions'][number];

/** Providers and buyers reach it: https, and no name of this machine only. */
function isPublic(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && hostname !== 'localhost' && !/^(127|10)\.|^192\.168\.|^\[/.test(hostname);
}

export function liveRoutes(router: Router, authenticate: Authenticate, { pool, environment }: ApiDeps): void {
  const check = async (): Promise<View> => {
    const [s, on, at] = await Promise.all([setupState(pool), readSetting(pool, 'auto_delivery'), liveSince(pool)]);
    const must = (id: Condition['id'], ok: boolean): Condition => ({ id, state: ok ? 'ok' : 'blocking' });
    const should = (id: Condition['id'], ok: boolean): Condition => ({ id, state: ok ? 'ok' : 'warning' });
    const conditions = [
      must('payment', s.accountsLive > 0),
      should('callback', s.notifiedLive > 0),
      must('product', s.selling > 0),
      must('cards', s.cardsLive > 0 || s.sellingWithoutCards > 0),
      must('test_order', s.testDelivered !== null),
      should('channels', s.channelsWell > 0),
      should('second_factor', s.withTotp > 0),
      should('address', isPublic(environment.PUBLIC_URL)),
      must('switch', on === true),
      must('quarantine', s.quarantined === 0),
    ];
    return { liveAt: at?.toISOString() ?? null, conditions, ready: conditions.every((c) => c.state !== 'blocking') };
  };

  serve(router, authenticate, consoleLive.readLive, check);

  serve(router, authenticate, consoleLive.goLive, async (call) => {
    const found = await check();
    const blocking = found.conditions.filter((c) => c.state === 'blocking').map((c) => c.id);
    if (blocking.length > 0) throw new KnownError('NOT_READY_FOR_LIVE', { blocking });
    await goLive(pool, person(call).actorId);
    return check();
  });
}
