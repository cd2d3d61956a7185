/**
 * The pickup page (提货页). The token comes in the URL's fragment, which no server sees, and is exchanged for an HttpOnly
 * cookie that holds for one order. Looking is GET; the goods come by POST, audited, never cached (rule 12).
 */
import { randomBytes } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { soldText } from '../../db/templates.ts';
import { textsFor } from '../../domain/templates.ts';
import { openPickup, pickupGoods, pickupState } from '../../db/orders.ts';
import { KnownError } from '../../domain/errors.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { rendered } from '../../integrations/delivery-mail.ts';
import { openKey, shownKey, shownParts } from '../../integrations/keyring/goods.ts';
import { cookie, sha256 } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import { noStore, sendError } from '../http.ts';

export const pickupSeconds = 3600;
const cookieName = 'miaofa_pickup';
const exchange = z.strictObject({ token: z.string().regex(/^[\w-]{22}$/) });

/** Exchanges per address and minute: enough for a family behind one address, too few to guess 128 bits. */
const limiter = rateLimit({
  windowMs: 60_000,
  limit: 60,
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  handler: (_request, response) => sendError(response, 'TOO_MANY_REQUESTS'),
});

/** The cookie that holds for one order: its path is the order's. */
export function givePickupCookie(response: Response, publicUrl: string, no: string, session: string): void {
  response.cookie(cookieName, session, {
    httpOnly: true,
    sameSite: 'strict',
    secure: publicUrl.startsWith('https:'),
    path: `/pickup/${no}`,
    maxAge: pickupSeconds * 1000,
  });
}

export function pickupRouter({ pool, keyring, environment }: ApiDeps): Router {
  const router = express.Router();
  router.use(['/pickup', '/paid'], noStore());

  router.post('/pickup/session', limiter, express.json({ limit: '1kb' }), async (request, response) => {
    const body = exchange.safeParse(request.body);
    const session = randomBytes(32).toString('base64url');
    const no = body.success
      ? await openPickup(pool, sha256(body.data.token), sha256(session), pickupSeconds)
      : undefined;
    if (no === undefined) throw new KnownError('PICKUP_DENIED');
    givePickupCookie(response, environment.PUBLIC_URL, no, session);
    response.json({ orderNo: no });
  });

  /** The session's hash, if the path names an order at all. */
  const sessionOf = (request: Request): Buffer => {
    const session = cookie(request, cookieName);
    if (!session || !orderNoPattern.test(String(request.params['no']))) throw new KnownError('PICKUP_DENIED');
    return sha256(session);
  };

  router.get('/pickup/:no/state', async (request, response) => {
    const order = await pickupState(pool, sessionOf(request));
    if (order?.no !== request.params['no']) throw new KnownError('PICKUP_DENIED');
    response.json({
      orderNo: order.no,
      product: order.productName,
      quantity: order.quantity,
      state: order.state,
      test: order.mode === 'test',
      released: order.released,
      place: order.place,
      waitingFor: order.state === 'waiting_stock' ? 'stock' : order.state === 'attention' ? 'staff' : null,
    });
  });

  router.post('/pickup/:no/goods', async (request, response) => {
    const session = sessionOf(request);
    const cards = await pickupGoods(pool, session, request.ip ?? '');
    if (cards.length === 0) {
      const order = await pickupState(pool, session);
      throw new KnownError(order ? 'NOT_RELEASED' : 'PICKUP_DENIED');
    }
    const order = await pickupState(pool, session);
    if (!order) throw new KnownError('PICKUP_DENIED');
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
