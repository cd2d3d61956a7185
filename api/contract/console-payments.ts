/** Payments: what came, what is to be done about it, refunds, the log of notifications. */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { paymentStandings } from '../../domain/payment.ts';
import { orderStates } from '../../domain/order.ts';
import { route } from './route.ts';
import { at, idParams, mode, rowId } from './shapes.ts';

const before = rowId.optional().describe('Id of the last row of the page before');
const limit = z.coerce.number().int().min(1).max(200).default(50);
const orderNo = z.string().regex(orderNoPattern);
const requestId = z.uuid().describe('Idempotency key: the same again gives the same answer');
const note = z.string().trim().min(1).max(500).describe('Why; audited');
const standing = z.enum(paymentStandings);

const payment = z
  .strictObject({
    id: z.int(),
    accountId: z.int(),
    account: z.string(),
    provider: z.string(),
    mode,
    tradeNo: z.string(),
    orderNo: z.string().nullable().describe('The order that it belongs to'),
    claimedOrderNo: z.string().describe('As the provider gave it'),
    amountMinor: z.int(),
    currency: z.string(),
    standing,
    refundedMinor: z.int(),
    disputedAt: at.nullable(),
    receivedAt: at,
    notificationId: z.int(),
  })
  .meta({ id: 'Payment' });

export const listPayments = route({
  method: 'get',
  path: '/api/console/payments',
  summary: { zh: '付款列表', en: 'Payments' },
  auth: { right: 'payments.read' },
  query: z.object({
    mode: mode.optional(),
    standing: standing.optional(),
    accountId: rowId.optional(),
    from: at.optional(),
    to: at.optional(),
    orderNo: z.string().max(64).optional(),
    tradeNo: z.string().max(64).optional(),
    before,
    limit,
  }),
  response: z.strictObject({ payments: z.array(payment), next: z.int().nullable() }),
});

export const assignPayment = route({
  method: 'post',
  path: '/api/console/payments/:id/assign',
  summary: { zh: '把付款分配给订单', en: 'Give a payment to an order' },
  auth: { right: 'payments.confirm' },
  params: idParams,
  body: z.strictObject({
    requestId,
    orderNo,
    note,
    acceptAmount: z.boolean().default(false).describe('Although its amount is not the price'),
  }),
  response: z.strictObject({ state: z.enum(orderStates) }),
  errors: ['PAYMENT_NOT_FOUND', 'PAYMENT_TAKEN', 'PAYMENT_DOES_NOT_FIT', 'ORDER_NOT_FOUND', 'ORDER_STATE_CONFLICT', 'IDEMPOTENCY_CONFLICT'], // prettier-ignore
});

const said = z.strictObject({
  answer: z.enum(['paid', 'unpaid', 'refunded', 'closed', 'unknown', 'cannot_ask']),
  detail: z
    .string()
    .nullable()
    .describe("The provider's own code where it did not say; RATE: the account was asked too often"),
  amountMinor: z.int().nullable().describe('What was paid, where the provider says so'),
  currency: z.string().nullable(),
});

export const confirmReceipt = route({
  method: 'post',
  path: '/api/console/orders/:no/confirm-payment',
  summary: { zh: '确认收款（先查询支付平台）', en: 'Confirm a payment, after asking the provider' },
  auth: { right: 'payments.confirm' },
  params: z.object({ no: orderNo }),
  body: z.strictObject({
    requestId,
    note,
    despite: z.boolean().default(false).describe('Although the provider does not say that it is paid'),
    takeOver: z.boolean().default(false).describe("Although a colleague has taken the order's task; audited"),
  }),
  response: z.strictObject({
    ...said.shape,
    confirmed: z.enum(['by_provider', 'by_hand', 'no']).describe('no: say `despite` to answer for it yourself'),
    state: z.enum(orderStates),
  }),
  errors: ['ORDER_NOT_FOUND', 'ORDER_STATE_CONFLICT', 'IDEMPOTENCY_CONFLICT', 'TASK_CLAIMED'],
});

export const askProvider = route({
  method: 'post',
  path: '/api/console/orders/:no/ask-provider',
  summary: { zh: '查询支付平台', en: 'Ask the provider about an order' },
  // Reading alone is not enough: what is found sets the order going, and each question counts towards the account's rate.
  auth: { right: 'orders.act' },
  params: z.object({ no: orderNo }),
  response: z.strictObject({ ...said.shape, state: z.enum(orderStates) }),
  errors: ['ORDER_NOT_FOUND'],
});

const refund = z
  .strictObject({
    id: z.int(),
    no: z.string(),
    paymentId: z.int(),
    orderNo: z.string().nullable(),
    mode,
    amountMinor: z.int(),
    currency: z.string(),
    state: z.enum(['wanted', 'asked', 'done', 'failed', 'abnormal']),
    code: z.string().nullable().describe("The provider's own, or BY_HAND where it cannot refund"),
    reason: z.string(),
    by: z.string(),
    createdAt: at,
    doneAt: at.nullable(),
  })
  .meta({ id: 'Refund' });

export const createRefund = route({
  method: 'post',
  path: '/api/console/payments/:id/refunds',
  summary: { zh: '退款', en: 'Refund a payment, whole or in part' },
  auth: { right: 'orders.refund' },
  params: idParams,
  body: z.strictObject({
    requestId,
    amountMinor: z.int().min(1).max(1_000_000_000_000).optional().describe('Default: all that is left'),
    reason: note,
  }),
  status: 201,
  response: z.strictObject({ refund }),
  errors: ['PAYMENT_NOT_FOUND', 'REFUND_TOO_MUCH', 'ORDER_STATE_CONFLICT', 'IDEMPOTENCY_CONFLICT'],
});

export const listRefunds = route({
  method: 'get',
  path: '/api/console/refunds',
  summary: { zh: '退款列表', en: 'Refunds' },
  auth: { right: 'payments.read' },
  query: z.object({
    mode: mode.optional(),
    state: z.enum(['wanted', 'asked', 'done', 'failed', 'abnormal']).optional(),
    paymentId: rowId.optional(),
    orderNo: z.string().max(64).optional(),
    before,
    limit,
  }),
  response: z.strictObject({ refunds: z.array(refund), next: z.int().nullable() }),
});

export const settleRefund = route({
  method: 'post',
  path: '/api/console/refunds/:id/settle',
  summary: { zh: '处理异常退款', en: 'Say how a stuck refund ended, or try it again' },
  auth: { right: 'orders.refund' },
  params: idParams,
  body: z.strictObject({
    how: z.enum(['again', 'done_by_hand', 'failed']).describe('again: the same refund number; nothing is paid twice'),
    note,
  }),
  response: z.strictObject({ refund }),
  errors: ['REFUND_NOT_FOUND', 'REFUND_STATE_CONFLICT'],
});

const notification = z
  .strictObject({
    id: z.int(),
    accountId: z.int().nullable(),
    account: z.string().nullable(),
    mode: mode.nullable(),
    provider: z.string(),
    source: z.enum(['notify', 'query', 'statement', 'replay']),
    method: z.string(),
    verdict: z.string().describe('accepted, or why it was refused'),
    decision: z.string().nullable().describe('What was made of it'),
    orderNo: z.string().nullable(),
    tradeNo: z.string().nullable(),
    receivedAt: at,
    replayOf: z.int().nullable(),
    purgedAt: at.nullable(),
  })
  .meta({ id: 'Notification' });

export const listNotifications = route({
  method: 'get',
  path: '/api/console/notifications',
  summary: { zh: '支付回调日志', en: 'Log of payment notifications' },
  auth: { right: 'payments.read' },
  query: z.object({
    accountId: rowId.optional(),
    provider: z.string().max(40).optional(),
    verdict: z.enum(['accepted', 'refused']).optional(),
    orderNo: z.string().max(64).optional(),
    before,
    limit,
  }),
  response: z.strictObject({ notifications: z.array(notification), next: z.int().nullable() }),
});

export const readNotification = route({
  method: 'get',
  path: '/api/console/notifications/:id',
  summary: { zh: '支付回调详情', en: 'A notification as it came, secrets masked' },
  auth: { right: 'payments.read' },
  params: idParams,
  response: z.strictObject({
    notification,
    headers: z.record(z.string(), z.string()),
    query: z.string(),
    body: z.string(),
    response: z
      .strictObject({ status: z.int(), body: z.string() })
      .nullable()
      .describe('What the provider was answered'),
  }),
  errors: ['NOTIFICATION_NOT_FOUND'],
});

export const replayNotification = route({
  method: 'post',
  path: '/api/console/notifications/:id/replay',
  summary: { zh: '重新处理回调', en: 'Take a notification in again' },
  auth: { right: 'payments.confirm' },
  params: idParams,
  body: z.strictObject({ note }),
  response: z.strictObject({ verdict: z.string(), decision: z.string().nullable() }),
  errors: ['NOTIFICATION_NOT_FOUND', 'NOTIFICATION_PURGED', 'ACCOUNT_NOT_FOUND'],
});

export const readRetention = route({
  method: 'get',
  path: '/api/console/notifications/retention',
  summary: { zh: '回调日志保留天数（当前）', en: 'How long raw notifications are kept now' },
  auth: { right: 'payments.read' },
  response: z.strictObject({ days: z.int() }),
});

export const retention = route({
  method: 'put',
  path: '/api/console/notifications/retention',
  summary: { zh: '回调日志保留天数', en: 'How long raw notifications are kept' },
  auth: { right: 'settings.edit' },
  body: z.strictObject({ days: z.int().min(30).max(3_650) }),
  response: z.strictObject({ days: z.int() }),
});

export const statements = route({
  method: 'get',
  path: '/api/console/statements',
  summary: { zh: '对账记录', en: "Daily matches with the providers' books" },
  auth: { right: 'payments.read' },
  response: z.strictObject({
    days: z.array(
      z.strictObject({
        accountId: z.int(),
        day: z.string(),
        lines: z.int().nullable(),
        found: z.int().nullable().describe('Payments that no notification had brought'),
        failure: z.string().nullable(),
        doneAt: at.nullable(),
      }),
    ),
  }),
});
