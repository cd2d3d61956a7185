/** What a buyer asks after the sale (F3), by the session of the pickup page: one request per kind at a time, answers shown. */
import express, { type Router } from 'express';
import { z } from 'zod';
import { caseMessages, casesOfOrder, lockCase, sayInCase } from '../../db/cases.ts';
import { actors } from '../../db/locks.ts';
import { transaction } from '../../db/sql.ts';
import { isClosed } from '../../domain/cases.ts';
import { KnownError } from '../../domain/errors.ts';
import { caseNoPattern } from '../../domain/ids.ts';
import { openWords, sealWords } from '../../integrations/case-words.ts';
import { beginCase } from '../console/cases.ts';
import type { ApiDeps } from '../deps.ts';
import { orderOf, perSession } from './session.ts';

const text = z.string().trim().min(1).max(2_000);
const opening = z.strictObject({
  kind: z.enum(['bad_key', 'invoice', 'other']),
  text,
  /** Which keys, by their lines on the page. */
  lines: z.array(z.int().min(1)).min(1).max(1000).optional(),
});
const saying = z.strictObject({ text });

export function buyerCaseRouter(deps: ApiDeps): Router {
  const { pool, keyring } = deps;
  const router = express.Router();
  const json = express.json({ limit: '16kb' });
  const mayWrite = perSession(20, 600_000);

  const parsed = <T>(schema: z.ZodType<T>, body: unknown): T => {
    const result = schema.safeParse(body);
    if (!result.success) throw new KnownError('BAD_REQUEST');
    return result.data;
  };
  const view = async (orderId: number): Promise<object> => {
    const cases = await casesOfOrder(pool, orderId);
    // A dispute is between us and the provider.
    const shown = cases
      .filter((c) => c.kind !== 'chargeback')
      .map(async (c) => ({
        no: c.no,
        kind: c.kind,
        state: c.state,
        outcome: c.outcome,
        openedAt: c.openedAt.toISOString(),
        messages: (await caseMessages(pool, c.id, false)).map((m) => ({
          side: m.side,
          text: openWords(keyring, c.no, m.body),
          at: m.at.toISOString(),
        })),
      }));
    return { cases: await Promise.all(shown) };
  };

  router.get('/pickup/:no/cases', perSession(60), async (request, response) => {
    response.json(await view((await orderOf(pool, request)).id));
  });
  router.post('/pickup/:no/cases', mayWrite, json, async (request, response) => {
    const order = await orderOf(pool, request);
    await beginCase(deps, order, { ...parsed(opening, request.body), source: 'buyer', actorId: actors.buyer });
    response.status(201).json(await view(order.id));
  });
  router.post('/pickup/:no/cases/:case/messages', mayWrite, json, async (request, response) => {
    const order = await orderOf(pool, request);
    const words = parsed(saying, request.body);
    const no = String(request.params['case']);
    await transaction(pool, async (tx) => {
      const found = caseNoPattern.test(no) ? await lockCase(tx, no) : undefined;
      if (found?.orderId !== order.id || found.kind === 'chargeback') throw new KnownError('CASE_NOT_FOUND');
      if (isClosed(found.state)) throw new KnownError('CASE_CLOSED');
      await sayInCase(tx, found.id, { side: 'buyer', actorId: actors.buyer, body: sealWords(keyring, no, words.text) });
    });
    response.json(await view(order.id));
  });
  return router;
}
