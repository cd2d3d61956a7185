/** The order log and the file of one order. */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { orderStates } from '../../domain/order.ts';
import { route } from './route.ts';

const mode = z.enum(['live', 'test']);
const time = z.iso.datetime();
const words = z.strictObject({ cause: z.string(), next: z.string() });
/** A code of the error catalogue in words. */
export const reason = z.strictObject({ code: z.string(), zh: words, en: words });
const list = z.union([z.string(), z.array(z.string())]).transform((v) => (Array.isArray(v) ? v : v.split(',')));

export const orderLine = z.strictObject({
  id: z.int(),
  no: z.string(),
  mode,
  state: z.enum(orderStates),
  reason: reason.nullable(),
  sku: z.string(),
  productName: z.string(),
  quantity: z.int(),
  amountMinor: z.int(),
  currency: z.string(),
  provider: z.string().nullable(),
  shop: z.string(),
  createdAt: time,
  paidAt: time.nullable(),
  deliveredAt: time.nullable(),
  tookMs: z.int().nullable().describe('From payment (or 已确认) to the goods'),
  openTasks: z.int(),
});

export const listOrders = route({
  method: 'get',
  path: '/api/console/orders',
  summary: { zh: '订单日志', en: 'The order log' },
  auth: { right: 'orders.read' },
  query: z.object({
    state: list.pipe(z.array(z.enum(orderStates)).max(9)).optional(),
    mode: mode.optional(),
    no: z.string().trim().max(40).optional().describe('The beginning of the number'),
    sku: z.string().trim().max(64).optional(),
    provider: z.string().max(40).optional(),
    reason: z.string().max(60).optional(),
    contact: z.string().trim().max(254).optional().describe('The whole e-mail address'),
    from: time.optional(),
    to: time.optional(),
    before: z.coerce.number().int().positive().optional().describe('Id of the last order of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.strictObject({ orders: z.array(orderLine), next: z.int().nullable() }),
});

export const exportOrders = route({
  method: 'get',
  path: '/api/console/orders-export',
  summary: { zh: '导出订单（脱敏）', en: 'Export orders, masked' },
  auth: { right: 'orders.read' },
  query: listOrders.query,
  response: z.strictObject({ csv: z.string(), rows: z.int() }),
});

export const orderFile = route({
  method: 'get',
  path: '/api/console/orders/:no',
  summary: { zh: '订单详情', en: 'An order with all that happened' },
  auth: { right: 'orders.read' },
  params: z.object({ no: z.string().regex(orderNoPattern) }),
  response: z.strictObject({
    order: orderLine.omit({ openTasks: true }).extend({
      productId: z.int(),
      productKind: z.string(),
      accountName: z.string().nullable(),
      contact: z.string().nullable().describe('Masked'),
      remark: z.string().nullable(),
      expiresAt: time,
      confirmedAt: time.nullable(),
      doneAt: time.nullable(),
      cards: z.int().describe('Keys that belong to it'),
    }),
    timeline: z.array(
      z.strictObject({ at: time, actor: z.string(), action: z.string(), detail: z.unknown(), reason: reason.nullable() }), // prettier-ignore
    ),
    tasks: z.array(z.strictObject({ reason, openedAt: time, closedAt: time.nullable() })),
    payments: z.array(
      z.strictObject({
        tradeNo: z.string(),
        amountMinor: z.int(),
        currency: z.string(),
        standing: z.string(),
        provider: z.string(),
        receivedAt: time,
      }),
    ),
    notifications: z.array(
      z.strictObject({ id: z.int(), source: z.string(), verdict: z.string(), decision: z.string().nullable(), receivedAt: time }), // prettier-ignore
    ),
    messages: z.array(
      z.strictObject({ kind: z.string(), state: z.string(), reason: reason.nullable(), createdAt: time, sentAt: time.nullable() }), // prettier-ignore
    ),
    workflowUrl: z.string().nullable().describe('Temporal Web UI, for people with right `ops`'),
  }),
  errors: ['ORDER_NOT_FOUND'],
});
