/** What the holder of the ops token may do, until accounts exist. */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { actionAnswer, actionBody, actionErrors } from './console-work.ts';
import { route, scopes } from './route.ts';
import { orderView, sku } from './shop.ts';

const mode = z.enum(['live', 'test']);
const params = z.object({ no: z.string().regex(orderNoPattern) });

export const createApiKey = route({
  method: 'post',
  path: '/ops/api/keys',
  summary: { zh: '创建 API 密钥', en: 'Create an API key' },
  auth: 'ops',
  body: z.strictObject({
    shop: z.string().trim().min(1).max(80),
    mode,
    scopes: z.array(z.enum(scopes)).min(1),
    label: z.string().max(80).default(''),
    webhookUrl: z.url().max(500).optional(),
  }),
  status: 201,
  response: z.strictObject({
    apiKey: z.string().describe('Shown once'),
    webhookSecret: z.string().nullable().describe('Shown once; verifies our webhooks (Standard Webhooks)'),
  }),
});

export const createAccount = route({
  method: 'post',
  path: '/ops/api/payment-accounts',
  summary: { zh: '添加收款账户', en: 'Add a payment account' },
  auth: 'ops',
  body: z.strictObject({
    provider: z.string(),
    mode,
    name: z.string().trim().min(1).max(80),
    config: z.record(z.string().max(40), z.string().max(8192)),
    confirmByQuery: z.boolean().optional().describe('Ask the gateway before delivery; default as the provider advises'),
  }),
  status: 201,
  response: z.strictObject({ id: z.int(), notifyUrl: z.string() }),
  errors: ['ACCOUNT_CONFIG_INVALID'],
});

export const orderDetail = route({
  method: 'get',
  path: '/ops/api/orders/:no',
  summary: { zh: '订单详情与时间线', en: 'An order and its timeline' },
  auth: 'ops',
  params,
  response: z.strictObject({
    order: orderView,
    timeline: z.array(z.strictObject({ at: z.iso.datetime(), actor: z.string(), action: z.string(), detail: z.unknown() })), // prettier-ignore
    tasks: z.array(z.strictObject({ code: z.string(), openedAt: z.iso.datetime(), closedAt: z.iso.datetime().nullable() })), // prettier-ignore
  }),
  errors: ['ORDER_NOT_FOUND'],
});

export const actOnOrder = route({
  method: 'post',
  path: '/ops/api/orders/:no/actions',
  summary: { zh: '处理订单', en: 'Act on an order' },
  auth: 'ops',
  params,
  body: actionBody,
  response: actionAnswer,
  errors: [...actionErrors],
});

export const switchDelivery = route({
  method: 'post',
  path: '/ops/api/auto-delivery',
  summary: { zh: '全局自动发货开关', en: 'Switch automatic delivery on or off' },
  auth: 'ops',
  body: z.strictObject({
    on: z.boolean(),
    resume: z.boolean().default(true).describe('With on: let the orders go that waited for it'),
  }),
  response: z.strictObject({ on: z.boolean() }),
});

export const liftQuarantine = route({
  method: 'post',
  path: '/ops/api/quarantine/lift',
  summary: { zh: '解除恢复后的卡密隔离', en: 'Lift the quarantine after a restore' },
  auth: 'ops',
  body: z
    .strictObject({
      sku,
      mode: mode.default('live'),
      discard: z.int().min(0).max(100_000).default(0).describe('Keys at the head of the pool that were sold after the backup: never sell them'), // prettier-ignore
    })
    .optional()
    .describe('One pool; without a body all pools, as they are'),
  response: z.strictObject({ lifted: z.literal(true), discarded: z.int() }),
  errors: ['PRODUCT_NOT_FOUND'],
});
