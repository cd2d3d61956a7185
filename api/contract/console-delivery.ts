/** How orders are delivered: 全局自动发货, trigger, retries, ladder, warnings; and what a product does otherwise. */
import { z } from 'zod';
import { isErrorCode } from '../../domain/errors.ts';
import { route } from './route.ts';

const retrying = z.strictObject({
  retries: z.int().min(0).max(20).describe('After the first try'),
  intervalMs: z.int().min(1000).max(86_400_000),
});
const policy = retrying.extend({
  kinds: z
    .record(
      z.string().refine((code): boolean => isErrorCode(code), 'no code of the catalogue'),
      retrying,
    )
    .optional()
    .describe('Reasons that are treated otherwise; {"GATEWAY_SILENT": {…}}'),
});
const trigger = z.strictObject({
  when: z.enum(['paid', 'confirmed']).describe('支付成功后立即发货, or after 已确认'),
  confirmations: z.int().min(0).max(1000).default(0),
});
const minutes = z.int().min(1).max(43_200);
const ladder = z.strictObject({
  ownerMinutes: minutes.nullable(),
  buyerMinutes: minutes.nullable(),
  refundMinutes: minutes.nullable(),
  remindMinutes: minutes,
});

const settings = z.strictObject({
  policy,
  trigger,
  ladder,
  stockLine: z.strictObject({ headMinutes: z.int().min(0).max(1440) }),
  alarm: z
    .strictObject({
      rate: z.int().min(1).max(10_000).describe('Parts per ten thousand: 200 = 2 %'),
      windowMinutes: z.int().min(5).max(1440),
      floor: z.int().min(1).max(10_000).describe('Not below so many orders'),
    })
    .describe('When too many deliveries fail (发货失败率报警)'),
  retention: z
    .strictObject({ noticeDays: z.int().min(30).max(3_650) })
    .describe('How long messages to people are kept'),
  stockWarning: z.strictObject({ threshold: z.int().min(0).max(1_000_000), remindHours: z.int().min(1).max(720), expiryDays: z.int().min(0).max(365).default(7).describe('Keys that expire within so many days are told about; 0: never') }), // prettier-ignore
});

export const readDelivery = route({
  method: 'get',
  path: '/api/console/delivery-settings',
  summary: { zh: '发货设置', en: 'How orders are delivered' },
  auth: { right: 'orders.read' },
  response: settings,
});

export const writeDelivery = route({
  method: 'put',
  path: '/api/console/delivery-settings',
  summary: {
    zh: '修改发货设置',
    en: 'Change how orders are delivered; orders under way keep what they were sold with',
  },
  auth: { right: 'settings.edit' },
  body: settings.partial(),
  response: settings,
});

const productBody = z.strictObject({
  policy: policy.partial().describe('{} = the setting for all'),
  trigger: trigger.nullable().describe('null = the setting for all'),
});
const productParams = z.object({ sku: z.string().min(1).max(80) });

export const readProductDelivery = route({
  method: 'get',
  path: '/api/console/products/:sku/delivery',
  summary: { zh: '商品的发货设置', en: 'How a product is delivered' },
  auth: { right: 'products.read' },
  params: productParams,
  response: productBody,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const writeProductDelivery = route({
  method: 'put',
  path: '/api/console/products/:sku/delivery',
  summary: { zh: '修改商品的发货设置', en: 'Change how a product is delivered' },
  auth: { right: 'products.edit' },
  params: productParams,
  body: productBody,
  response: productBody,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const readSwitch = route({
  method: 'get',
  path: '/api/console/auto-delivery',
  summary: { zh: '全局自动发货状态', en: 'The switch of automatic delivery' },
  auth: { right: 'orders.read' },
  response: z.strictObject({
    on: z.boolean(),
    waiting: z.int().describe('Orders that wait for the switch'),
    products: z.strictObject({ onSale: z.int(), total: z.int() }),
    onTheWire: z
      .array(z.strictObject({ orderNo: z.string(), supplier: z.string(), since: z.iso.datetime() }))
      .describe('Purchases that had left before the switch; they may still come in'),
  }),
});

export const writeSwitch = route({
  method: 'post',
  path: '/api/console/auto-delivery',
  summary: { zh: '开关全局自动发货', en: 'Switch automatic delivery; after the answer to off none begins' },
  auth: { right: 'settings.edit' },
  body: z.strictObject({
    on: z.boolean(),
    resume: z.boolean().default(true).describe('With on: let the orders go that waited for it, oldest paid first'),
  }),
  response: z.strictObject({ on: z.boolean() }),
});
