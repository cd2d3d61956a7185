/** What shops call (G4). */
import { z } from 'zod';
import { orderStates } from '../../domain/order.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { route } from './route.ts';

export const sku = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u).describe('SKU编码, 1–64 letters, digits, . _ -'); // prettier-ignore
const mode = z.enum(['live', 'test']);
const key = z.string().min(1).max(4096);
export const number = z.string().min(1).max(64);
/** A page of free numbers, in the order of the numbers. */
export const numbersQuery = z.object({
  after: number.optional().describe('The last number of the page before'),
  search: z.string().min(1).max(64).optional().describe('Numbers that hold this'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const numbersPage = z.strictObject({
  items: z.array(
    z.strictObject({ number: z.string(), surchargeMinor: z.int(), priceMinor: z.int().describe('With the surcharge') }),
  ),
  next: z.string().nullable().describe('`after` of the next page; null: this is the last one'),
});

export const orderView = z
  .strictObject({
    orderNo: z.string(),
    state: z.enum(orderStates),
    failureCode: z.string().nullable().describe('Why it does not go on by itself; a code of the error catalogue'),
    placeInLine: z
      .int()
      .nullable()
      .describe('With waiting_stock: how many are served before and with this one; at most 1000 is counted'),
    mode,
    sku: z.string(),
    productName: z.string(),
    quantity: z.int(),
    number: z.string().nullable().describe('自选卡号: the one that was ordered'),
    amountMinor: z.int().describe('In minor units of the currency (fen, cents)'),
    currency: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    paidAt: z.iso.datetime().nullable(),
    deliveredAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Order' });

export const createOrder = route({
  method: 'post',
  path: '/api/v1/orders',
  summary: { zh: '创建订单', en: 'Place an order' },
  auth: 'orders',
  headers: z.object({
    'idempotency-key': z.string().regex(/^[\x21-\x7e]{1,255}$/).describe('Unique per order; the same key again returns the same order'), // prettier-ignore
  }),
  body: z.strictObject({
    sku,
    quantity: z.int().min(1).max(1000).default(1),
    email: z.email().max(254).optional().describe('Where the goods are mailed'),
    buyerAddress: z
      .union([z.ipv4(), z.ipv6()])
      .optional()
      .describe('IP address of the buyer, for caps on held stock and channels that want it (微信 H5)'),
    remark: z.string().max(500).optional(),
    number: number.optional().describe('自选卡号: one of the free numbers; its surcharge is part of the amount'),
    account: z.string().trim().min(1).max(100).optional().describe('充值账号, of products that are topped up'),
    locale: z.enum(['zh-CN', 'en']).default('zh-CN'),
    provider: z.string().max(40).optional().describe('Payment provider; default: the first account of this mode'),
    accountId: z.int().optional(),
    payMethod: z.string().regex(/^[a-z]{2,16}$/).optional().describe('Channel inside the provider: alipay, wxpay …'), // prettier-ignore
  }),
  status: 201,
  response: z.strictObject({
    order: orderView,
    payUrl: z.string().describe('Send the buyer here, or show it as a QR code: see payKind'),
    payKind: z.enum(['redirect', 'qr']).describe('redirect: a page to open; qr: the text of a QR code to scan'),
    pickupUrl: z.string().describe('Opens the goods once delivered: give it to the buyer only, keep it out of logs'),
  }),
  errors: ['IDEMPOTENCY_KEY_MISSING', 'IDEMPOTENCY_CONFLICT', 'SHOP_NOT_LIVE', 'PRODUCT_NOT_FOUND', 'PRODUCT_OFF_SALE', 'ACCOUNT_NOT_FOUND', 'PAY_METHOD_UNKNOWN', 'PAY_CURRENCY_UNSUPPORTED', 'PAY_REQUEST_FAILED', 'QUANTITY_LIMIT', 'BUYER_LIMIT', 'CONTACT_REQUIRED', 'OUT_OF_STOCK', 'HOLD_LIMIT', 'NUMBER_MISSING', 'NUMBER_TAKEN', 'TARGET_MISSING', 'TARGET_INVALID'], // prettier-ignore
});

export const readOrder = route({
  method: 'get',
  path: '/api/v1/orders/:no',
  summary: { zh: '查询订单', en: 'Read an order' },
  auth: 'orders',
  params: z.object({ no: z.string().regex(orderNoPattern) }),
  response: z.strictObject({ order: orderView }),
  errors: ['ORDER_NOT_FOUND'],
});

export const createProduct = route({
  method: 'post',
  path: '/api/v1/products',
  summary: { zh: '创建商品', en: 'Create a product' },
  auth: 'catalog',
  body: z.strictObject({
    sku,
    name: z.string().trim().min(1).max(120),
    priceMinor: z.int().min(1).max(1_000_000_000_000),
    currency: z.string().regex(/^[A-Z]{3}$/).default('CNY'), // prettier-ignore
    policy: z
      .strictObject({ retries: z.int(), intervalMs: z.int() })
      .partial()
      .default({})
      .describe('发货失败自动重试; clamped to 0–20 retries, 1 s – 24 h'),
  }),
  status: 201,
  response: z.strictObject({ sku: z.string() }),
  errors: ['SKU_TAKEN'],
});

export const addCards = route({
  method: 'post',
  path: '/api/v1/products/:sku/cards',
  summary: { zh: '导入卡密', en: 'Add card keys to the pool' },
  auth: 'catalog',
  params: z.object({ sku }),
  body: z.strictObject({
    cards: z
      .array(
        z.union([
          key,
          z.strictObject({
            parts: z.array(key).min(1).max(6),
            surchargeMinor: z.int().min(0).max(1_000_000_000_000).optional(),
            expiresAt: z.iso.datetime().optional(),
          }),
        ]),
      ) // prettier-ignore
      .min(1)
      .max(5000)
      .describe('Byte-exact, one key each. 自选卡号 needs two parts: the number that buyers see, and the secret'),
    note: z.string().max(200).default(''),
  }),
  status: 201,
  response: z.strictObject({
    batchId: z.int(),
    added: z.int(),
    duplicates: z.int().describe('In the request, in the pool or sold before, or a number that is for sale; left out'),
  }),
  errors: ['PRODUCT_NOT_FOUND', 'BAD_REQUEST'],
});

export const listNumbers = route({
  method: 'get',
  path: '/api/v1/products/:sku/numbers',
  summary: { zh: '自选卡号：可选号码', en: 'Free numbers of a product that is sold by number' },
  auth: 'orders',
  params: z.object({ sku }),
  query: numbersQuery,
  response: numbersPage,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const readStock = route({
  method: 'get',
  path: '/api/v1/products/:sku/stock',
  summary: { zh: '查询库存', en: 'Read the stock of a product' },
  auth: 'catalog',
  params: z.object({ sku }),
  response: z.strictObject({ available: z.int(), sold: z.int() }),
  errors: ['PRODUCT_NOT_FOUND'],
});
