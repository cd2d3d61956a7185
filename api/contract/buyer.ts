/** What buyers' pages ask: a product on sale, an order of their own, nothing else. Open to everybody, limited in number. */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { route } from './route.ts';
import { sku } from './goods-shapes.ts';
import { number, numbersPage, numbersQuery } from './shop.ts';

const locale = z.enum(['zh-CN', 'en']).default('zh-CN');

export const readOffer = route({
  method: 'get',
  path: '/api/buyer/products/:sku',
  summary: { zh: '商品页', en: 'A product on sale' },
  auth: 'public',
  params: z.object({ sku }),
  response: z.strictObject({
    open: z.boolean().describe('False until the shop has gone live: it takes no orders yet'),
    sku: z.string(),
    name: z.string(),
    priceMinor: z.int(),
    currency: z.string(),
    minQuantity: z.int(),
    maxQuantity: z.int(),
    stock: z.enum(['plenty', 'few', 'none', 'unlimited']).describe('none: an order waits for stock'),
    promiseSeconds: z.int().nullable().describe('Of its own: how long delivery may take; null: at once'),
    choose: z.boolean().describe('自选卡号: the buyer chooses a number (GET …/numbers), and orders it with `number`'),
    account: z
      .strictObject({ zh: z.string(), en: z.string(), pattern: z.string(), example: z.string() })
      .nullable()
      .describe('Of a top-up: what the buyer must say, and how it is checked'),
    methods: z.array(z.strictObject({ accountId: z.int(), method: z.string(), zh: z.string(), en: z.string() })),
  }),
  errors: ['PRODUCT_NOT_FOUND', 'TOO_MANY_REQUESTS'],
});

export const listNumbers = route({
  method: 'get',
  path: '/api/buyer/products/:sku/numbers',
  summary: { zh: '可选卡号', en: 'Free numbers to choose from' },
  auth: 'public',
  params: z.object({ sku }),
  query: numbersQuery,
  response: numbersPage,
  errors: ['PRODUCT_NOT_FOUND', 'TOO_MANY_REQUESTS'],
});

export const buy = route({
  method: 'post',
  path: '/api/buyer/orders',
  summary: { zh: '下单', en: 'Buy' },
  auth: 'public',
  body: z.strictObject({
    key: z.uuid().describe('Idempotency key'),
    sku,
    quantity: z.int().min(1).max(1000),
    email: z.email().max(254),
    remark: z.string().max(500).optional(),
    number: number.optional().describe('自选卡号: the one that the buyer chose'),
    account: z.string().trim().min(1).max(100).optional().describe('The account to top up'),
    accountId: z.int(),
    method: z.string().regex(/^[a-z]{2,16}$/).optional(), // prettier-ignore
    locale,
  }),
  status: 201,
  response: z.strictObject({
    orderNo: z.string(),
    pay: z.strictObject({ kind: z.enum(['redirect', 'qr']), url: z.string() }),
    token: z.string().describe('Opens the goods; it stays in the fragment of the address'),
    expiresAt: z.iso.datetime(),
  }),
  errors: ['SHOP_NOT_LIVE', 'PRODUCT_NOT_FOUND', 'PRODUCT_OFF_SALE', 'ACCOUNT_NOT_FOUND', 'QUANTITY_LIMIT', 'BUYER_LIMIT', 'OUT_OF_STOCK', 'HOLD_LIMIT', 'TARGET_MISSING', 'TARGET_INVALID', 'PAY_REQUEST_FAILED', 'NUMBER_MISSING', 'NUMBER_TAKEN', 'IDEMPOTENCY_CONFLICT', 'TOO_MANY_REQUESTS'], // prettier-ignore
});

export const findOrder = route({
  method: 'post',
  path: '/api/buyer/query',
  summary: { zh: '订单查询（订单号 + 下单邮箱）', en: 'Find an order by its number and contact' },
  auth: 'public',
  body: z.strictObject({ orderNo: z.string().trim().toUpperCase().max(40), contact: z.string().trim().max(254) }),
  response: z.strictObject({ orderNo: z.string().regex(orderNoPattern) }),
  errors: ['QUERY_NO_MATCH', 'TOO_MANY_REQUESTS'],
});
