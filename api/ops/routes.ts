/** Setting up and acting, for the holder of the ops token. */
import type { Router } from 'express';
import { ensureShop, insertAccount, insertApiKey, reserveAccountId, setWebhookSecret } from '../../db/access.ts';
import { setQuarantine } from '../../db/catalog.ts';
import { orderTasks, orderTimeline } from '../../db/order-detail.ts';
import { actors } from '../../db/locks.ts';
import { orderByNo } from '../../db/orders.ts';
import { liftQuarantine } from '../../db/quarantine.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { KnownError } from '../../domain/errors.ts';
import { secretAad } from '../../integrations/keyring/keyring.ts';
import { sealAccount } from '../../integrations/payments/account.ts';
import { sha256 } from '../authenticate.ts';
import { ops } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { actOnOrder } from '../console/act.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { viewOrder } from '../shop/orders.ts';
import { newApiKey, newWebhookSecret } from '../shop/secrets.ts';

export function opsRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, providers, environment } = deps;

  serve(router, authenticate, ops.createApiKey, async ({ body }) => {
    const shopId = await ensureShop(pool, body.shop, body.webhookUrl ?? null);
    let webhookSecret: string | null = null;
    if (body.webhookUrl !== undefined) {
      webhookSecret = newWebhookSecret();
      await setWebhookSecret(pool, shopId, keyring.seal('secret', webhookSecret, secretAad('shops', shopId)));
    }
    const apiKey = newApiKey(body.mode);
    const { mode, scopes, label } = body;
    await insertApiKey(pool, { shopId, mode, hash: sha256(apiKey), scopes, label }, actors.opsToken);
    return { apiKey, webhookSecret };
  });

  serve(router, authenticate, ops.createAccount, async ({ body }) => {
    const provider = providers.get(body.provider);
    if (!provider)
      throw new KnownError('ACCOUNT_CONFIG_INVALID', [{ field: 'provider', known: [...providers.keys()] }]);
    if (!provider.modes.includes(body.mode)) {
      throw new KnownError('ACCOUNT_CONFIG_INVALID', [{ field: 'mode', known: provider.modes }]);
    }
    const problems = provider.checkConfig(body.config);
    if (problems.length > 0) throw new KnownError('ACCOUNT_CONFIG_INVALID', problems);
    const id = await reserveAccountId(pool);
    const confirmByQuery = provider.canQuery && (body.confirmByQuery ?? provider.confirmByQueryDefault);
    const { mode, name } = body;
    const config = sealAccount(keyring, id, body.config);
    await insertAccount(pool, { id, provider: provider.id, mode, name, config, confirmByQuery }, actors.opsToken);
    return { id, notifyUrl: `${environment.PUBLIC_URL}/notify/${provider.id}/${id}` };
  });

  serve(router, authenticate, ops.orderDetail, async ({ params }) => {
    const order = await orderByNo(pool, params.no);
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    const [timeline, tasks] = await Promise.all([orderTimeline(pool, order.id), orderTasks(pool, order.id)]);
    return {
      order: viewOrder(order),
      timeline: timeline.map((row) => ({ ...row, at: row.at.toISOString() })),
      tasks: tasks.map((row) => ({
        code: row.code,
        openedAt: row.openedAt.toISOString(),
        closedAt: row.closedAt?.toISOString() ?? null,
      })),
    };
  });

  serve(router, authenticate, ops.actOnOrder, (call) => actOnOrder(deps, person(call), call.params.no, call.body));

  serve(router, authenticate, ops.switchDelivery, async ({ body }) => {
    await setAutoDelivery(pool, body.on, actors.opsToken, body.resume);
    return { on: body.on };
  });

  serve(router, authenticate, ops.liftQuarantine, async ({ body }) => {
    const actorId = actors.opsToken;
    let discarded = 0;
    if (body) discarded = await liftQuarantine(pool, { ...body, actorId });
    else await setQuarantine(pool, false, actorId);
    return { lifted: true as const, discarded };
  });
}
