/**
 * The pickup page (提货页). The token comes in the URL's fragment, which no server sees, and is exchanged for an HttpOnly
 * cookie that holds for one order. Looking is GET; the goods come by POST, audited, never cached (rule 12).
 */
import { randomBytes } from 'node:crypto';
import express, { type Router } from 'express';
import { z } from 'zod';
import { soldText } from '../../db/templates.ts';
import { textsFor } from '../../domain/templates.ts';
import { openPickup, pickupGoods } from '../../db/orders.ts';
import { KnownError } from '../../domain/errors.ts';
import { rendered } from '../../integrations/delivery-mail.ts';
import { openKey, shownKey, shownParts } from '../../integrations/keyring/goods.ts';
import { sha256 } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import { noStore } from '../http.ts';
import { limiter } from './limit.ts';
import { givePickupCookie, perSession, pickupSeconds, sessionOf, stateOf } from './session.ts';

const exchange = z.strictObject({ token: z.string().regex(/^[\w-]{22}$/) });

export function pickupRouter({ pool, keyring, environment }: ApiDeps): Router {
  const router = express.Router();
  router.use(['/pickup', '/paid', '/p', '/query'], noStore());
  // A whole university may sit behind one address and wait; somebody who invents sessions gets no further than they do.
  router.use('/pickup', limiter(6_000));

  // Enough for a family behind one address, too few to guess 128 bits.
  router.post('/pickup/session', limiter(60), express.json({ limit: '1kb' }), async (request, response) => {
    const body = exchange.safeParse(request.body);
    const session = randomBytes(32).toString('base64url');
    const no = body.success
      ? await openPickup(pool, sha256(body.data.token), sha256(session), pickupSeconds)
      : undefined;
    if (no === undefined) throw new KnownError('PICKUP_DENIED');
    givePickupCookie(response, environment.PUBLIC_URL, no, session);
    response.json({ orderNo: no });
  });

  // Pages look every 0.4 s at first, every 10 s later, and not at all while they are hidden.
  router.get('/pickup/:no/state', perSession(600), async (request, response) => {
    const order = await stateOf(pool, request);
    response.json({
      orderNo: order.no,
      product: order.productName,
      quantity: order.quantity,
      state: order.state,
      test: order.mode === 'test',
      released: order.released,
      place: order.place,
      kind: order.kind,
      amountMinor: order.amountMinor,
      currency: order.currency,
      expiresAt: order.expiresAt.toISOString(),
      oddMoney: order.oddMoney,
      refund: order.refund,
      waitingFor: order.state === 'waiting_stock' ? 'stock' : order.state === 'attention' ? 'staff' : null,
    });
  });

  // What was shown is counted; who asks before there is something to show is not shut out when it comes.
  router.post('/pickup/:no/goods', perSession(30, 60_000, true), async (request, response) => {
    const order = await stateOf(pool, request);
    const cards = await pickupGoods(pool, sessionOf(request), request.ip ?? '');
    if (cards.length === 0) throw new KnownError('NOT_RELEASED');
    const sold = await soldText(pool, order.orderId);
    const locale = /^\s*zh/i.test(request.headers['accept-language'] ?? 'zh') ? 'zh-CN' : 'en';
    const keys = await keyring.knowing(() =>
      cards.map((card) => shownParts(openKey(keyring, card.productId, card), sold.labels, locale)),
    );
    const goods = keys.map(shownKey);
    const { validity, instructions, page } = rendered({
      orderNo: order.no,
      sku: '',
      quantity: order.quantity,
      productName: order.productName,
      test: order.mode === 'test',
      goods,
      pickupUrl: '',
      texts: textsFor(sold.texts, locale),
    });
    // `keys`: the same, part by part, so that each can be copied alone.
    response.json({ goods, keys, texts: { validity, instructions, page } });
  });
  return router;
}
