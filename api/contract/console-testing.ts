/** Test orders (E2): the whole way with a sandbox payment, in test mode only. */
import { z } from 'zod';
import { route } from './route.ts';
import { sku } from './goods-shapes.ts';

export const placeTestOrder = route({
  method: 'post',
  path: '/api/console/test-orders',
  summary: { zh: '下一笔测试订单', en: 'Place a test order and pay it in the sandbox' },
  auth: { right: 'orders.act' },
  body: z.strictObject({
    id: z.uuid().describe('Idempotency key'),
    sku,
    quantity: z.int().min(1).max(100).default(1),
    email: z.email().max(254).optional(),
    sampleCards: z.int().min(0).max(100).default(0).describe('So many made-up keys are put into the test pool first'),
  }),
  status: 201,
  response: z.strictObject({
    orderNo: z.string(),
    pickupUrl: z.string(),
    before: z.int().describe('Keys in the test pool before'),
  }),
  errors: ['PRODUCT_NOT_FOUND', 'PRODUCT_OFF_SALE', 'QUANTITY_LIMIT', 'IDEMPOTENCY_CONFLICT', 'TEST_PAYMENT_REFUSED'],
});

export const testStock = route({
  method: 'get',
  path: '/api/console/test-orders/stock',
  summary: { zh: '测试库存', en: 'Keys in the test pool of a product, now' },
  auth: { right: 'orders.act' },
  query: z.object({ sku }),
  response: z.strictObject({ available: z.int() }),
  errors: ['PRODUCT_NOT_FOUND'],
});

export const cleanTestOrders = route({
  method: 'post',
  path: '/api/console/test-orders/clean',
  summary: { zh: '清理测试数据', en: 'Close open test orders, and take unsold test keys out of the pools' },
  auth: { right: 'settings.edit' },
  response: z.strictObject({ closed: z.int(), cards: z.int() }),
});
