/** The work of staff: the queue of tasks, what may be done to an order, delivery by hand. */
import { z } from 'zod';
import { actionKinds, sourcePattern } from '../../domain/actions.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { orderStates } from '../../domain/order.ts';
import { route } from './route.ts';

const mode = z.enum(['live', 'test']);
const text = z.strictObject({ cause: z.string(), next: z.string() });
const orderParams = z.object({ no: z.string().regex(orderNoPattern) });
const taskParams = z.object({ id: z.coerce.number().int().positive() });

/** Typed keys: byte-exact, one entry each. They are sealed at once and never come back. */
const goods = z.array(z.string().min(1).max(4096)).min(1).max(1000);

export const actionBody = z.strictObject({
  id: z.uuid().describe('Idempotency key: the same again gives the same answer'),
  kind: z.enum(actionKinds),
  note: z.string().max(500).default('').describe('Why; audited'),
  goods: goods.optional().describe('With deliver_by_hand: as many keys as the order still wants'),
  source: z.string().regex(sourcePattern).optional().describe('With choose_source: auto, pool, suppliers or supplier:<id>'), // prettier-ignore
  takeOver: z.boolean().default(false).describe("Although a colleague has taken the order's task; audited"),
});

export const task = z.strictObject({
  id: z.int(),
  code: z.string(),
  zh: text,
  en: text,
  detail: z.unknown(),
  proposals: z.array(z.enum(actionKinds)).describe('What may be done, best first'),
  refundProposed: z.boolean(),
  mode: mode.nullable(),
  order: z
    .strictObject({
      no: z.string(),
      state: z.enum(orderStates),
      sku: z.string(),
      productName: z.string(),
      quantity: z.int(),
      amountMinor: z.int(),
      currency: z.string(),
      paidAt: z.iso.datetime().nullable(),
    })
    .nullable(),
  openedAt: z.iso.datetime(),
  nextAt: z.iso.datetime().nullable().describe('When the ladder goes on, unless somebody acts'),
  claimedBy: z.string().nullable(),
  claimedAt: z.iso.datetime().nullable(),
  closedAt: z.iso.datetime().nullable(),
  closedBy: z.string().nullable(),
});

export const listTasks = route({
  method: 'get',
  path: '/api/console/tasks',
  summary: { zh: '待处理任务', en: 'The queue of staff' },
  auth: { right: 'orders.read' },
  query: z.object({
    state: z.enum(['open', 'closed']).default('open'),
    code: z.string().max(60).optional(),
    sku: z.string().max(80).optional(),
    mode: mode.optional(),
    orderNo: z.string().max(40).optional(),
    claimed: z.enum(['mine', 'nobody', 'others']).optional(),
    after: z.coerce.number().int().positive().optional().describe('Id of the last task of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.strictObject({ tasks: z.array(task), next: z.int().nullable() }),
});

export const countTasks = route({
  method: 'get',
  path: '/api/console/tasks/summary',
  summary: { zh: '待处理任务统计', en: 'How many tasks wait, by reason' },
  auth: { right: 'orders.read' },
  query: z.object({ mode: mode.optional() }),
  response: z.strictObject({
    open: z.int(),
    mine: z.int(),
    reasons: z.array(
      z.strictObject({ code: z.string(), zh: text, en: text, count: z.int(), oldest: z.iso.datetime() }),
    ),
  }),
});

export const claimTask = route({
  method: 'post',
  path: '/api/console/tasks/:id/claim',
  summary: { zh: '领取任务', en: 'Take a task' },
  auth: { right: 'orders.act' },
  params: taskParams,
  body: z.strictObject({ takeOver: z.boolean().default(false).describe('Although somebody else has it') }),
  response: z.strictObject({ claimed: z.literal(true) }),
  errors: ['TASK_NOT_FOUND', 'TASK_CLAIMED'],
});

export const releaseTask = route({
  method: 'post',
  path: '/api/console/tasks/:id/release',
  summary: { zh: '放回任务', en: 'Put a task back' },
  auth: { right: 'orders.act' },
  params: taskParams,
  response: z.strictObject({ claimed: z.literal(false) }),
  errors: ['TASK_NOT_FOUND', 'TASK_CLAIMED'],
});

export const closeTask = route({
  method: 'post',
  path: '/api/console/tasks/:id/close',
  summary: { zh: '标记任务已处理', en: 'Mark a task as done' },
  auth: { right: 'orders.act' },
  params: taskParams,
  body: z.strictObject({ note: z.string().trim().min(1).max(500).describe('What was done') }),
  response: z.strictObject({ closed: z.literal(true) }),
  errors: ['TASK_NOT_FOUND', 'ORDER_STATE_CONFLICT'],
});

export const orderWork = route({
  method: 'get',
  path: '/api/console/orders/:no/work',
  summary: { zh: '订单可执行的操作', en: 'What may be done to an order, and what was' },
  auth: { right: 'orders.read' },
  params: orderParams,
  response: z.strictObject({
    state: z.enum(orderStates),
    failureCode: z.string().nullable(),
    missing: z.int().describe('Pieces that are not there yet'),
    placeInLine: z.int().nullable(),
    actions: z.array(z.enum(actionKinds)),
    tasks: z.array(task),
    done: z.array(
      z.strictObject({
        id: z.uuid(),
        kind: z.string(),
        by: z.string(),
        note: z.string(),
        from: z.string(),
        to: z.string(),
        at: z.iso.datetime(),
      }),
    ),
  }),
  errors: ['ORDER_NOT_FOUND'],
});

export const actionAnswer = z.strictObject({
  state: z.enum(orderStates),
  workflow: z.enum(['answered', 'later']).describe('later: the action is kept and the order goes on when it can'),
});
export const actionErrors = [
  'ORDER_NOT_FOUND', 'ORDER_STATE_CONFLICT', 'TASK_CLAIMED', 'IDEMPOTENCY_CONFLICT', 'GOODS_COUNT', 'KEY_TWICE', 'KEY_ALREADY_USED',
  'POOL_TOO_FEW', 'POOL_QUARANTINED', 'PAYMENT_NOT_CONFIRMED_YET', 'SOURCE_UNKNOWN',
] as const; // prettier-ignore

export const act = route({
  method: 'post',
  path: '/api/console/orders/:no/actions',
  summary: { zh: '处理订单', en: 'Act on an order' },
  auth: { right: 'orders.act' },
  params: orderParams,
  body: actionBody,
  response: actionAnswer,
  errors: [...actionErrors],
});

export const deliverManually = route({
  method: 'post',
  path: '/api/console/manual-deliveries',
  summary: { zh: '手动发货（系统中没有的订单）', en: 'Deliver by hand what no order was placed for' },
  auth: { right: 'orders.act' },
  body: z.strictObject({
    id: z.uuid().describe('Idempotency key'),
    mode: mode.default('live'),
    sku: z.string().min(1).max(80),
    quantity: z.int().min(1).max(1000).default(1),
    goods: goods.optional().describe('Typed keys; without them they come from the pool'),
    email: z.email().max(254).optional().describe('Where the goods are mailed'),
    locale: z.enum(['zh-CN', 'en']).default('zh-CN'),
    amountMinor: z.int().min(1).optional().describe('What was paid; default: the price'),
    note: z.string().trim().min(1).max(500).describe('Why by hand, and the reference of the sale'),
  }),
  status: 201,
  response: z.strictObject({ orderNo: z.string(), pickupUrl: z.string() }),
  errors: ['PRODUCT_NOT_FOUND', 'IDEMPOTENCY_CONFLICT', 'GOODS_COUNT', 'KEY_TWICE', 'KEY_ALREADY_USED', 'POOL_TOO_FEW', 'POOL_QUARANTINED'], // prettier-ignore
});
