/** The minimal buyer room (F1): a product, a checkout, and the way back to one's own order. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Request, Router } from 'express';
import { liveAccounts, offerBySku, openByContact } from '../../db/buyer.ts';
import { liveSince } from '../../db/live.ts';
import { chargeAttempt } from '../../db/sign-in.ts';
import { topUpOf } from '../../db/topups.ts';
import { KnownError } from '../../domain/errors.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import type { Lockout } from '../../domain/lockout.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { sha256 } from '../authenticate.ts';
import { buyer } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { ownShop } from '../own-shop.ts';
import { serve, type Authenticate } from '../serve.ts';
import { numbersOf } from '../shop/catalog.ts';
import { place } from '../shop/orders.ts';
import { payRequestFor } from '../shop/pay-request.ts';
import { addressKey, limiter } from './limit.ts';
import { givePickupCookie, pickupSeconds } from './session.ts';

/** Looking for an order: per number, per contact and per address, counted in the database for all processes. */
const perKey: Lockout = { free: 8, first: 60, max: 3600 };
const perAddress: Lockout = { free: 30, first: 60, max: 3600 };
/** Every answer takes this long: what is true cannot be told from what is false by its time. */
const answerMs = 250;

export function buyerRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, providers, environment } = deps;
  router.use('/api/buyer/products', limiter(120));
  router.use('/api/buyer/orders', limiter(20));

  serve(router, authenticate, buyer.readOffer, async ({ params }) => {
    const [offer, accounts, since] = await Promise.all([
      offerBySku(pool, params.sku),
      liveAccounts(pool),
      liveSince(pool),
    ]);
    if (!offer) throw new KnownError('PRODUCT_NOT_FOUND');
    const methods = accounts.flatMap(({ id, provider: key }) => {
      const provider = providers.get(key);
      if (!provider) return [];
      const { currencies, methods: known, name } = provider;
      if (currencies !== 'any' && !currencies.includes(offer.currency)) return [];
      if (known.length === 0) return [{ accountId: id, method: '', ...name }];
      return known.map((m) => ({ accountId: id, method: m.id, ...m.label }));
    });
    const topUp = offer.kind === 'topup' ? await topUpOf(pool, offer.id) : undefined;
    const pooled = offer.kind === 'card' && (offer.cardUse !== 'loop' || offer.few === 0);
    return {
      open: since !== null,
      sku: offer.sku,
      name: offer.name,
      priceMinor: offer.priceMinor,
      currency: offer.currency,
      minQuantity: offer.minQuantity,
      maxQuantity: offer.cardUse === 'single' ? Math.min(offer.maxQuantity, 1000) : 1,
      stock: !pooled ? ('unlimited' as const) : offer.few > 10 ? ('plenty' as const) : offer.few > 0 ? ('few' as const) : ('none' as const), // prettier-ignore
      promiseSeconds: offer.promiseSeconds,
      choose: offer.kind === 'card' && offer.cardUse === 'chosen',
      account:
        topUp === undefined
          ? null
          : { zh: topUp.labelZh, en: topUp.labelEn, pattern: topUp.pattern, example: topUp.example },
      methods,
    };
  });

  serve(router, authenticate, buyer.listNumbers, async ({ params, query }) => {
    const offer = await offerBySku(pool, params.sku);
    if (!offer) throw new KnownError('PRODUCT_NOT_FOUND');
    return numbersOf(pool, offer, 'live', query);
  });

  serve(router, authenticate, buyer.buy, async ({ body, request }) => {
    const order = await place(deps, {
      caller: await ownShop(pool, 'live'),
      headers: { 'idempotency-key': body.key },
      body: {
        sku: body.sku,
        quantity: body.quantity,
        email: body.email,
        locale: body.locale,
        accountId: body.accountId,
        ...(body.method ? { payMethod: body.method } : {}),
        ...(request.ip !== undefined && { buyerAddress: request.ip }),
        ...(body.account !== undefined && { account: body.account }),
        ...(body.remark ? { remark: body.remark } : {}),
        ...(body.number !== undefined && { number: body.number }),
      },
    });
    const { kind, url } = await payRequestFor(deps, order, body.method, request.ip);
    return {
      orderNo: order.no,
      pay: { kind, url },
      token: keyring.open('contact', order.token, contactAad(order.no)).toString('utf8'),
      expiresAt: order.expiresAt.toISOString(),
    };
  });

  const charge = async (request: Request, orderNo: string, contact: Buffer): Promise<void> => {
    const keys: [string, Lockout][] = [
      [`query:address:${addressKey(request)}`, perAddress],
      [`query:order:${orderNo}`, perKey],
      [`query:contact:${contact.toString('base64url')}`, perKey],
    ];
    const waits = await Promise.all(keys.map(async ([key, lockout]) => (await chargeAttempt(pool, key, lockout)).wait));
    const waitSeconds = Math.max(...waits);
    if (waitSeconds > 0) throw new KnownError('TOO_MANY_REQUESTS', { waitSeconds });
  };

  serve(router, authenticate, buyer.findOrder, async ({ body, request }) => {
    const slow = pause(answerMs);
    const contact = keyring.fingerprint('contact', body.contact.toLowerCase());
    const session = randomBytes(32).toString('base64url');
    await charge(request, body.orderNo, contact).finally(() => slow);
    const well = orderNoPattern.test(body.orderNo);
    const no = await openByContact(pool, well ? body.orderNo : '-', contact, sha256(session), pickupSeconds);
    await slow;
    if (no === undefined) throw new KnownError('QUERY_NO_MATCH');
    if (request.res) givePickupCookie(request.res, environment.PUBLIC_URL, no, session);
    return { orderNo: no };
  });
}
