/** What a person does about a purchase that automation cannot settle. */
import { z } from 'zod';
import { orderStates } from '../../domain/order.ts';
import { purchaseView } from './console-suppliers.ts';
import { route } from './route.ts';

const params = z.object({ id: z.coerce.number().int().positive() });
const action = {
  id: z.uuid().describe('Idempotency key'),
  note: z.string().max(500).default(''),
};

export const readPurchase = route({
  method: 'get',
  path: '/api/console/purchases/:id',
  summary: { zh: '采购详情', en: 'One purchase' },
  auth: { right: 'suppliers.read' },
  params,
  response: z.strictObject({
    purchase: purchaseView,
    canFetch: z.boolean().describe('Goods can be fetched by the number of the supplier'),
    balanceBeforeMinor: z.int().nullable().describe('Evidence, no proof: orders run in parallel'),
  }),
  errors: ['PURCHASE_NOT_FOUND'],
});

export const answerPurchase = route({
  method: 'post',
  path: '/api/console/purchases/:id/answer',
  summary: { zh: '回答采购结果（已售出 / 未售出 / 接受 / 重新获取 / 拒绝）', en: 'Say what became of a purchase' },
  auth: { right: 'orders.act' },
  params,
  body: z.discriminatedUnion('answer', [
    z.strictObject({ ...action, answer: z.literal('not_sold') }),
    z.strictObject({
      ...action,
      answer: z.literal('sold'),
      supplierRef: z.string().regex(/^[\w-]{4,64}$/).optional().describe('Number of the supplier: the keys are fetched by it'), // prettier-ignore
      codes: z.array(z.string().min(1).max(4096)).max(1000).optional().describe('Or the keys themselves, as the supplier shows them'), // prettier-ignore
    }),
    z.strictObject({
      ...action,
      answer: z.literal('accept'),
      lines: z.array(z.int().min(1)).max(1000).optional().describe('Only these; default: all that may be keys'),
    }),
    z.strictObject({ ...action, answer: z.literal('refetch') }),
    z.strictObject({ ...action, answer: z.literal('reject') }),
  ]),
  response: z.strictObject({
    purchase: purchaseView,
    orderState: z.enum(orderStates).nullable().describe('After the order has gone on; null: it goes on when it can'),
  }),
  errors: ['PURCHASE_NOT_FOUND', 'PURCHASE_STATE_CONFLICT', 'PURCHASE_ANSWER_INVALID', 'IDEMPOTENCY_CONFLICT'],
});

export const revealPurchase = route({
  method: 'post',
  path: '/api/console/purchases/:id/reveal',
  summary: { zh: '查看供应商发来的内容', en: 'Look at what the supplier sent' },
  auth: { right: 'cards.reveal' },
  params,
  body: z.strictObject({ reason: z.string().trim().min(2).max(300) }),
  response: z.strictObject({ lines: z.array(z.string()) }),
  errors: ['PURCHASE_NOT_FOUND', 'PURCHASE_STATE_CONFLICT'],
});
