/** What a buyer does on the pickup page beside reading the goods: paying after all, and having them sent again (F2). */
import express, { type Request, type Router } from 'express';
import { latestPayRequest } from '../../db/payment-facts.ts';
import { contactOf } from '../../db/buyer.ts';
import { resendsLeft, wantResend } from '../../db/resends.ts';
import { KnownError } from '../../domain/errors.ts';
import { resendLimit } from '../../domain/resend.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { maskContact } from '../console/words.ts';
import type { ApiDeps } from '../deps.ts';
import { payRequestFor } from '../shop/pay-request.ts';
import { orderOf, perSession, stateOf } from './session.ts';

export function roomRouter(deps: ApiDeps): Router {
  const { pool, keyring } = deps;
  const router = express.Router();
  const tenMinutes = 600_000;

  // A buyer who lost the tab finds the way to pay again; what is needed for it is never in a mail or an address.
  router.post('/pickup/:no/pay', perSession(20, tenMinutes), async (request, response) => {
    const order = await orderOf(pool, request);
    if (order.state !== 'unpaid' || order.expiresAt <= new Date()) throw new KnownError('ORDER_NOT_PAYABLE');
    const { kind, url } =
      (await latestPayRequest(pool, order.id)) ?? (await payRequestFor(deps, order, undefined, request.ip));
    response.json({ kind, url });
  });

  const resend = async (request: Request): Promise<{ orderId: number; to: string | null; left: number }> => {
    const { orderId, no, released } = await stateOf(pool, request);
    if (!released) throw new KnownError('NOT_RELEASED');
    const contact = await contactOf(pool, orderId);
    const to = contact && maskContact(keyring.open('contact', contact, contactAad(no)).toString('utf8'));
    return { orderId, to, left: to === null ? 0 : await resendsLeft(pool, orderId) };
  };
  router.get('/pickup/:no/resend', perSession(60), async (request, response) => {
    const { to, left } = await keyring.knowing(() => resend(request));
    response.json({ to, left, limit: resendLimit });
  });
  router.post('/pickup/:no/resend', perSession(20, tenMinutes), async (request, response) => {
    const { orderId, to } = await resend(request);
    if (to === null) throw new KnownError('NO_MAIL_ADDRESS');
    if (!(await wantResend(pool, orderId, request.ip ?? ''))) throw new KnownError('RESEND_LIMIT', { limit: resendLimit }); // prettier-ignore
    response.status(202).json({ to, left: await resendsLeft(pool, orderId), limit: resendLimit });
  });
  return router;
}
