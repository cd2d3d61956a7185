/** Shops, their API keys and webhooks. A key and a secret are shown once: what is kept is a hash, or sealed. */
import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { insertApiKey } from '../../db/access.ts';
import { createShop, listShops, revokeApiKey, setShopWebhook, shopById, webhookDeliveries } from '../../db/shops.ts';
import { KnownError } from '../../domain/errors.ts';
import { secretAad } from '../../integrations/keyring/keyring.ts';
import { OutboundError } from '../../integrations/outbound.ts';
import { openWebhookSecrets, signWebhookByEach } from '../../integrations/webhook.ts';
import { sha256 } from '../authenticate.ts';
import { consoleShops } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { ownShopName } from '../own-shop.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { newApiKey, newWebhookSecret } from '../shop/secrets.ts';
import { reasonOf } from './words.ts';

const iso = (text: string | null): string | null => (text === null ? null : new Date(text).toISOString());

export function shopRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring } = deps;

  serve(router, authenticate, consoleShops.listShops, async () => ({
    shops: (await listShops(pool)).map((s) => ({
      ...s,
      own: s.name === ownShopName,
      createdAt: s.createdAt.toISOString(),
      keys: s.keys.map((k) => ({
        ...k,
        scopes: [...k.scopes],
        createdAt: new Date(k.createdAt).toISOString(),
        lastUsedAt: iso(k.lastUsedAt),
        revokedAt: iso(k.revokedAt),
      })),
    })),
  }));

  serve(router, authenticate, consoleShops.createShop, async (call) => ({
    id: await createShop(pool, call.body.name, person(call).actorId),
  }));

  serve(router, authenticate, consoleShops.createShopKey, async (call) => {
    const shop = await shopById(pool, call.params.id);
    const apiKey = newApiKey(call.body.mode);
    const key = { ...call.body, shopId: shop.id, hash: sha256(apiKey) };
    return { id: await insertApiKey(pool, key, person(call).actorId), apiKey };
  });

  serve(router, authenticate, consoleShops.revokeShopKey, async (call) => {
    await revokeApiKey(pool, call.params.id, person(call).actorId);
    return { revoked: true as const };
  });

  serve(router, authenticate, consoleShops.writeWebhook, async (call) => {
    const { url, newSecret } = call.body;
    const shop = await shopById(pool, call.params.id);
    // Another host gets another secret: the one before never told it anything.
    const moved = url !== null && shop.webhookUrl !== null && new URL(url).host !== new URL(shop.webhookUrl).host;
    const wanted = url !== null && (newSecret || moved || shop.webhookSecret === null);
    const secret = wanted ? newWebhookSecret() : null;
    const sealed = secret === null ? null : keyring.seal('secret', secret, secretAad('shops', shop.id));
    await setShopWebhook(pool, shop.id, url, sealed, person(call).actorId, sealed !== null && !moved);
    return { webhookSecret: secret };
  });

  serve(router, authenticate, consoleShops.testWebhook, async ({ params }) => {
    const shop = await shopById(pool, params.id);
    if (shop.webhookUrl === null || shop.webhookSecret === null) throw new KnownError('WEBHOOK_MISSING');
    const secrets = openWebhookSecrets(keyring, shop.id, shop);
    const id = `msg_test_${randomBytes(8).toString('hex')}`;
    const began = Date.now();
    const at = Math.floor(began / 1000);
    const body = JSON.stringify({ type: 'test', timestamp: new Date(began).toISOString(), data: {} });
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signWebhookByEach(secrets, id, at, body) }; // prettier-ignore
    try {
      const { status } = await deps.outbound.request({ method: 'POST', url: shop.webhookUrl, headers, body });
      return { taken: status >= 200 && status < 300, status, failure: null, ms: Date.now() - began };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return { taken: false, status: null, failure: error.code, ms: Date.now() - began };
    }
  });

  serve(router, authenticate, consoleShops.listDeliveries, async ({ params }) => {
    const shop = await shopById(pool, params.id);
    const rows = await webhookDeliveries(pool, shop.id);
    return {
      deliveries: rows.map(({ failureCode, ...row }) => ({
        ...row,
        reason: failureCode === null ? null : reasonOf(failureCode),
        createdAt: row.createdAt.toISOString(),
        sentAt: row.sentAt?.toISOString() ?? null,
      })),
    };
  });
}
