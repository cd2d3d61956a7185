/**
 * The browser comes back from paying. Whatever its parameters say, and 易支付 signs them like a notification, it is only a
 * hint: the provider is asked. The redirect drops them from the address.
 */
import express, { type Router } from 'express';
import { askSoon } from '../../db/payment-queries.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import type { ApiDeps } from '../deps.ts';

/** Where a provider sends the buyer's browser back to. */
export function returnUrl(base: string, orderNo: string): string {
  return `${base}/paid/${orderNo}`;
}

export function returnRouter({ pool, log }: Pick<ApiDeps, 'pool' | 'log'>): Router {
  const router = express.Router();
  router.all('/paid/:no', async (request, response) => {
    const { no } = request.params;
    if (orderNoPattern.test(no)) {
      await askSoon(pool, no).catch((error: unknown) => {
        log.info({ order: no, err: error }, 'the hint of a browser was lost; the schedule goes on');
      });
    }
    response.redirect(303, '/paid');
  });
  return router;
}
