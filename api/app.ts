/** The Express application, from its dependencies: no port is opened here. */
import express, { type Express } from 'express';
import helmet from 'helmet';
import { createAuthenticate, createOpsDoor } from './authenticate.ts';
import { buyerCaseRouter } from './buyer/cases.ts';
import { downloadRouter } from './buyer/download.ts';
import { roomRouter } from './buyer/room.ts';
import { buyerRoutes } from './buyer/shop.ts';
import { pickupRouter } from './buyer/pickup.ts';
import { consoleRoutes } from './console/routes.ts';
import { methodsRoutes } from './console/methods.ts';
import { goodsRoutes } from './console/goods.ts';
import { channelRoutes } from './console/channels.ts';
import { deliveryRoutes } from './console/delivery.ts';
import { ruleRoutes } from './console/rules.ts';
import { workRoutes } from './console/work.ts';
import { moneyRoutes } from './console/money.ts';
import type { ApiDeps } from './deps.ts';
import { healthRouter } from './health.ts';
import { errorHandler, refuseInsecure, requestIds, sendError } from './http.ts';
import { notifyRouter } from './notify/notify.ts';
import { probeRouter } from './notify/probe.ts';
import { returnRouter } from './notify/return.ts';
import { openApiDocument } from './openapi.ts';
import { opsDoor } from './ops/door.ts';
import { opsRoutes } from './ops/routes.ts';
import { createFindPerson } from './people.ts';
import { catalogRoutes } from './shop/catalog.ts';
import { orderRoutes } from './shop/orders.ts';
import { webRouter } from './web.ts';

/** A number of hops or a list of addresses; never `true`, which would believe anybody's X-Forwarded-For. */
function trustProxy(setting: string): number | string[] | false {
  if (setting === '') return false;
  return /^\d+$/.test(setting) ? Number(setting) : setting.split(',').map((s) => s.trim());
}

export function createApp(deps: ApiDeps): Express {
  const { environment } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', trustProxy(environment.TRUST_PROXY));
  app.use(requestIds());
  // Before everything that costs time: a gateway waits for its acknowledgement, health must answer always.
  app.use(healthRouter(deps));
  app.use(refuseInsecure(environment.ALLOW_INSECURE_HTTP));
  app.use(probeRouter(deps));
  app.use(notifyRouter(deps));
  app.use(returnRouter(deps));

  const door = createOpsDoor(environment.OPS_TOKEN, environment.PUBLIC_URL);
  const secureHeaders = helmet({
    strictTransportSecurity: environment.PUBLIC_URL.startsWith('https:'),
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
  });
  // What is proxied brings its own policy.
  app.use((request, response, next) => {
    if (/^\/ops\/(temporal|mail)\//.test(request.path)) next();
    else secureHeaders(request, response, next);
  });
  app.use(pickupRouter(deps));
  app.use(roomRouter(deps));
  app.use(downloadRouter(deps));
  app.use(buyerCaseRouter(deps));
  app.use(webRouter(deps));
  const findPerson = createFindPerson(deps.pool, door, environment.PUBLIC_URL);
  app.use(opsDoor(deps, door, findPerson));

  const routes = express.Router();
  const authenticate = createAuthenticate(deps, findPerson);
  orderRoutes(routes, authenticate, deps);
  catalogRoutes(routes, authenticate, deps);
  opsRoutes(routes, authenticate, deps);
  buyerRoutes(routes, authenticate, deps);
  consoleRoutes(routes, authenticate, deps, findPerson);
  methodsRoutes(routes, authenticate, deps);
  workRoutes(routes, authenticate, deps);
  deliveryRoutes(routes, authenticate, deps);
  ruleRoutes(routes, authenticate, deps);
  channelRoutes(routes, authenticate, deps);
  moneyRoutes(routes, authenticate, deps);
  goodsRoutes(routes, authenticate, deps);
  app.use(routes);
  const document = openApiDocument();
  app.get('/api/v1/openapi.json', (_request, response) => void response.json(document));

  app.use((_request, response) => sendError(response, 'NOT_FOUND'));
  app.use(errorHandler(deps.log));
  return app;
}
