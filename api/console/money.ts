/** The console's routes about money: payments, refunds, their log, accounts and the callback check. */
import type { Router } from 'express';
import type { ApiDeps } from '../deps.ts';
import type { Authenticate } from '../serve.ts';
import { callbackCheckRoutes } from './callback-check.ts';
import { paymentAccountRoutes } from './payment-accounts.ts';
import { paymentLogRoutes } from './payment-log.ts';
import { paymentRoutes } from './payments.ts';

export function moneyRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  paymentRoutes(router, authenticate, deps);
  paymentLogRoutes(router, authenticate, deps);
  paymentAccountRoutes(router, authenticate, deps);
  callbackCheckRoutes(router, authenticate, deps);
}
