/** How products are delivered that have no keys: links, object stores that they lead to, top-ups. */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { route } from './route.ts';
import { configFields, configOf, idParams, maskedConfig, mode } from './shapes.ts';

const params = z.object({ sku: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u) });
const limits = {
  validMinutes: z.int().min(1).max(5_256_000).nullable().describe('From the delivery on; null: for ever'),
  maxDownloads: z.int().min(1).max(100_000).nullable().describe('null: any number'),
};

const linkView = z.strictObject({
  mode,
  host: z.string().describe('The address itself is goods and is not shown'),
  storeId: z.int().nullable().describe('An object of this store, signed anew for each download'),
  signed: z.boolean(),
  ...limits,
});

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
    address: z
      .string()
      .max(2_000)
      .optional()
      .describe('https; with a store: the key of the object; left out: stays as it is'),
    storeId: z.int().positive().nullable().default(null).describe('An object store of the same mode; always signed'),
    signed: z.boolean().describe('true: through our door, which counts and expires'),
    ...limits,
  }),
  response: z.strictObject({ link: linkView.nullable() }),
  errors: ['PRODUCT_NOT_FOUND', 'LINK_INVALID', 'STORE_NOT_FOUND'],
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

const config = configOf(2_000);
const storeName = z.string().trim().min(1).max(80);

export const listStores = route({
  method: 'get',
  path: '/api/console/object-stores',
  summary: { zh: '对象存储', en: 'Object stores, and the form that describes one' },
  auth: { right: 'products.read' },
  response: z.strictObject({
    fields: configFields,
    stores: z.array(
      z.strictObject({
        id: z.int(),
        mode,
        name: z.string(),
        config: maskedConfig,
        products: z.int().describe('That lead there'),
      }),
    ),
  }),
});

export const createStore = route({
  method: 'post',
  path: '/api/console/object-stores',
  summary: { zh: '添加对象存储', en: 'Add an object store' },
  auth: { right: 'settings.edit' },
  body: z.strictObject({ mode, name: storeName, config }),
  status: 201,
  response: z.strictObject({ id: z.int() }),
  errors: ['STORE_INVALID', 'STORE_NAME_TAKEN'],
});

export const changeStore = route({
  method: 'put',
  path: '/api/console/object-stores/:id',
  summary: { zh: '修改对象存储', en: 'Change an object store' },
  auth: { right: 'settings.edit' },
  params: idParams,
  body: z
    .strictObject({ name: storeName, config })
    .describe('A secret that is left out or still masked keeps its value'),
  response: z.strictObject({ id: z.int() }),
  errors: ['STORE_NOT_FOUND', 'STORE_INVALID', 'STORE_NAME_TAKEN'],
});

export const checkStore = route({
  method: 'post',
  path: '/api/console/object-stores/:id/check',
  summary: { zh: '试读对象存储中的文件', en: 'Try to read an object' },
  auth: { right: 'settings.edit' },
  params: idParams,
  body: z.strictObject({ key: z.string().min(1).max(900) }),
  response: z.strictObject({ found: z.boolean(), status: z.int(), ms: z.int() }),
  errors: ['STORE_NOT_FOUND', 'STORE_UNREACHABLE', 'LINK_INVALID'],
});
