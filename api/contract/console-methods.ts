/** How products are delivered that have no keys: links and top-ups. */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { route } from './route.ts';

const params = z.object({ sku: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u) });
const mode = z.enum(['live', 'test']);
const limits = {
  validMinutes: z.int().min(1).max(5_256_000).nullable().describe('From the delivery on; null: for ever'),
  maxDownloads: z.int().min(1).max(100_000).nullable().describe('null: any number'),
};

const linkView = z.strictObject({ mode, host: z.string().describe('The address itself is goods and is not shown'), signed: z.boolean(), ...limits }); // prettier-ignore

export const readLink = route({
  method: 'get',
  path: '/api/console/products/:sku/link',
  summary: { zh: '商品的下载链接', en: 'Link of a product' },
  auth: { right: 'products.read' },
  params,
  query: z.object({ mode: mode.default('live') }),
  response: z.strictObject({ link: linkView.nullable() }),
  errors: ['PRODUCT_NOT_FOUND'],
});

export const writeLink = route({
  method: 'put',
  path: '/api/console/products/:sku/link',
  summary: { zh: '设置商品的下载链接', en: 'Set the link of a product' },
  auth: { right: 'products.edit' },
  params,
  body: z.strictObject({
    mode,
    address: z.string().max(2_000).optional().describe('https; left out: stays as it is'),
    signed: z.boolean().describe('true: through our door, which counts and expires'),
    ...limits,
  }),
  response: z.strictObject({ link: linkView.nullable() }),
  errors: ['PRODUCT_NOT_FOUND', 'LINK_INVALID'],
});

export const renewLink = route({
  method: 'post',
  path: '/api/console/orders/:no/link/renew',
  summary: { zh: '重新开放订单的下载链接', en: "Open an order's link again" },
  auth: { right: 'orders.act' },
  params: z.object({ no: z.string().regex(orderNoPattern) }),
  body: z.strictObject(limits),
  response: z.strictObject({ renewed: z.literal(true) }),
  errors: ['LINK_UNKNOWN'],
});

const topUp = z.strictObject({
  labelZh: z.string().trim().min(1).max(40).describe('What the buyer is asked for: 手机号, QQ号'),
  labelEn: z.string().trim().min(1).max(40),
  pattern: z.string().min(1).max(200).describe('Regular expression for the whole account'),
  example: z.string().max(60).default(''),
});

export const readTopUp = route({
  method: 'get',
  path: '/api/console/products/:sku/topup',
  summary: { zh: '直充账号要求', en: 'What a top-up asks for' },
  auth: { right: 'products.read' },
  params,
  response: z.strictObject({ topUp: topUp.nullable() }),
  errors: ['PRODUCT_NOT_FOUND'],
});

export const writeTopUp = route({
  method: 'put',
  path: '/api/console/products/:sku/topup',
  summary: { zh: '设置直充账号要求', en: 'Set what a top-up asks for' },
  auth: { right: 'products.edit' },
  params,
  body: topUp,
  response: z.strictObject({ topUp: topUp.nullable() }),
  errors: ['PRODUCT_NOT_FOUND', 'TOPUP_INVALID'],
});
