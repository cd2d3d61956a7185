/** Shops that order by the API: their keys and webhooks (G4). */
import { z } from 'zod';
import { reason } from './console-orders.ts';
import { route, scopes } from './route.ts';
import { at, idParams, mode } from './shapes.ts';

const auth = { right: 'shops.manage' } as const;

const shop = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    own: z.boolean().describe('Our own checkout: it has no key and needs none'),
    webhookUrl: z.string().nullable(),
    createdAt: at,
    keys: z.array(
      z.strictObject({
        id: z.int(),
        mode,
        label: z.string(),
        scopes: z.array(z.string()),
        createdAt: at,
        lastUsedAt: at.nullable().describe('To the minute'),
        revokedAt: at.nullable(),
      }),
    ),
  })
  .meta({ id: 'Shop' });

export const listShops = route({
  method: 'get',
  path: '/api/console/shops',
  summary: { zh: '店铺与接口密钥', en: 'Shops and their API keys' },
  auth,
  response: z.strictObject({ shops: z.array(shop) }),
});

export const createShop = route({
  method: 'post',
  path: '/api/console/shops',
  summary: { zh: '添加店铺', en: 'Add a shop' },
  auth,
  body: z.strictObject({ name: z.string().trim().min(1).max(80) }),
  status: 201,
  response: z.strictObject({ id: z.int() }),
  errors: ['SHOP_NAME_TAKEN'],
});

export const createShopKey = route({
  method: 'post',
  path: '/api/console/shops/:id/keys',
  summary: { zh: '创建接口密钥', en: 'Make an API key' },
  auth,
  params: idParams,
  body: z.strictObject({
    mode,
    scopes: z.array(z.enum(scopes)).min(1),
    label: z.string().trim().max(80).default(''),
  }),
  status: 201,
  response: z.strictObject({ id: z.int(), apiKey: z.string().describe('Shown once') }),
  errors: ['SHOP_NOT_FOUND'],
});

export const revokeShopKey = route({
  method: 'post',
  path: '/api/console/api-keys/:id/revoke',
  summary: { zh: '吊销接口密钥', en: 'Revoke an API key; in force at once' },
  auth,
  params: idParams,
  response: z.strictObject({ revoked: z.literal(true) }),
  errors: ['API_KEY_NOT_FOUND'],
});

export const writeWebhook = route({
  method: 'put',
  path: '/api/console/shops/:id/webhook',
  summary: { zh: '设置店铺回调', en: 'Where the shop is told of deliveries' },
  auth,
  params: idParams,
  body: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(500).nullable().describe('null: the shop is not told'), // prettier-ignore
    newSecret: z
      .boolean()
      .default(false)
      .describe('Both sign for 24 hours (two signatures with a space between); on another host the new one alone'),
  }),
  response: z.strictObject({ webhookSecret: z.string().nullable().describe('A new one, shown once') }),
  errors: ['SHOP_NOT_FOUND'],
});

export const testWebhook = route({
  method: 'post',
  path: '/api/console/shops/:id/webhook/test',
  summary: { zh: '发送测试回调', en: 'Send a signed test message now' },
  auth,
  params: idParams,
  response: z.strictObject({
    taken: z.boolean().describe('It answered 2xx'),
    status: z.int().nullable(),
    failure: z.string().nullable().describe('Why it could not be reached, a short word'),
    ms: z.int(),
  }),
  errors: ['SHOP_NOT_FOUND', 'WEBHOOK_MISSING'],
});

export const listDeliveries = route({
  method: 'get',
  path: '/api/console/shops/:id/webhook/deliveries',
  summary: { zh: '最近的回调记录', en: 'What the shop was told lately' },
  auth,
  params: idParams,
  response: z.strictObject({
    deliveries: z.array(
      z.strictObject({
        orderNo: z.string(),
        mode,
        state: z.enum(['pending', 'sent', 'failed']),
        reason: reason.nullable(),
        createdAt: at,
        sentAt: at.nullable(),
      }),
    ),
  }),
  errors: ['SHOP_NOT_FOUND'],
});
