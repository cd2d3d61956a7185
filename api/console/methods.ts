/** The console's routes on where goods come from. */
import type { Router } from 'express';
import type { ApiDeps } from '../deps.ts';
import type { Authenticate } from '../serve.ts';
import { caseRoutes } from './cases.ts';
import { linkRoutes } from './links.ts';
import { storeRoutes } from './object-stores.ts';
import { purchaseRoutes } from './purchases.ts';
import { sourceRoutes } from './sources.ts';
import { supplierRoutes } from './suppliers.ts';

export function methodsRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  supplierRoutes(router, authenticate, deps);
  sourceRoutes(router, authenticate, deps);
  caseRoutes(router, authenticate, deps);
  linkRoutes(router, authenticate, deps);
  storeRoutes(router, authenticate, deps);
  purchaseRoutes(router, authenticate, deps);
}
