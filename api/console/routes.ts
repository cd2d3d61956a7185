/** The console's routes that belong to no trade of their own: people, and what they look at. */
import type { Router } from 'express';
import type { ApiDeps } from '../deps.ts';
import type { FindPerson } from '../people.ts';
import type { Authenticate } from '../serve.ts';
import { eventStream } from './events.ts';
import { liveRoutes } from './live.ts';
import { orderLogRoutes } from './orders.ts';
import { overviewRoutes } from './overview.ts';
import { shopRoutes } from './shops.ts';
import { sessionRoutes } from './session.ts';
import { staffRoutes } from './staff.ts';
import { testingRoutes } from './testing.ts';
import { upkeepRoutes } from './upkeep.ts';

export function consoleRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps, findPerson: FindPerson): void {
  sessionRoutes(router, authenticate, deps, findPerson);
  staffRoutes(router, authenticate, deps);
  orderLogRoutes(router, authenticate, deps);
  overviewRoutes(router, authenticate, deps);
  testingRoutes(router, authenticate, deps);
  shopRoutes(router, authenticate, deps);
  liveRoutes(router, authenticate, deps);
  upkeepRoutes(router, authenticate, deps);
  eventStream(router, deps, findPerson);
}
