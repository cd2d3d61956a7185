/** Cases: after-sale requests, bad keys, invoices, chargebacks. */
import { z } from 'zod';
import { caseActions, caseKinds, caseStates } from '../../domain/cases.ts';
import { caseNoPattern, orderNoPattern } from '../../domain/ids.ts';
import { reason } from './console-orders.ts';
import { route } from './route.ts';

const params = z.object({ no: z.string().regex(caseNoPattern) });
const text = z.string().trim().min(1).max(4_000);

export const caseView = z
  .strictObject({
    no: z.string(),
    mode: z.enum(['live', 'test']),
    kind: z.enum(caseKinds),
    source: z.string().describe('buyer, staff, provider, rule or system'),
    state: z.enum(caseStates),
    outcome: z.string().nullable(),
    code: z.string().nullable(),
    reason: reason.nullable().describe('The code in words'),
    orderNo: z.string().nullable(),
    openedAt: z.iso.datetime(),
    openedBy: z.string(),
    dueAt: z.iso.datetime().nullable().describe('null: the buyer is asked, the clock stands still'),
    overdue: z.boolean(),
    closedAt: z.iso.datetime().nullable(),
    closedBy: z.string().nullable(),
    failure: z.string().nullable().describe('Why the last decision could not be carried out'),
    failureReason: reason.nullable(),
  })
  .meta({ id: 'Case' });
export const caseMessage = z.strictObject({
  side: z.enum(['buyer', 'staff', 'system', 'internal']),
  by: z.string(),
  text: z.string(),
  at: z.iso.datetime(),
});
const whole = z.strictObject({
  case: caseView,
  messages: z.array(caseMessage),
  keys: z
    .array(z.strictObject({ id: z.int(), line: z.int(), named: z.boolean().describe('The case is about this one') }))
    .describe('What the order shows now, by the lines that the buyer sees'),
  payment: z
    .strictObject({
      id: z.int(),
      tradeNo: z.string(),
      account: z.string(),
      provider: z.string(),
      claimedOrderNo: z.string().describe('The order that the payment named; may be none of ours'),
      amountMinor: z.int(),
      currency: z.string(),
      standing: z.string(),
      refundedMinor: z.int(),
      refunds: z.enum(['by_provider', 'whole_by_provider', 'by_hand']).describe('How a refund would be done'),
    })
    .nullable()
    .describe("The case's own payment, else the one that carries its order"),
  decisions: z.array(z.enum(caseActions)),
});

export const listCases = route({
  method: 'get',
  path: '/api/console/cases',
  summary: { zh: '售后工单列表', en: 'Cases' },
  auth: { right: 'orders.read' },
  query: z.object({
    open: z.enum(['true', 'false']).default('true').transform((v) => v === 'true'), // prettier-ignore
    kind: z.enum(caseKinds).optional(),
    orderNo: z.string().max(40).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
    offset: z.coerce.number().int().min(0).max(10_000).default(0),
  }),
  response: z.strictObject({ cases: z.array(caseView), more: z.boolean() }),
});

export const readCase = route({
  method: 'get',
  path: '/api/console/cases/:no',
  summary: { zh: '售后工单', en: 'One case' },
  auth: { right: 'orders.read' },
  params,
  response: whole,
  errors: ['CASE_NOT_FOUND'],
});

export const openCase = route({
  method: 'post',
  path: '/api/console/orders/:no/cases',
  summary: { zh: '新建售后工单', en: 'Open a case' },
  auth: { right: 'orders.act' },
  params: z.object({ no: z.string().regex(orderNoPattern) }),
  body: z.strictObject({ kind: z.enum(caseKinds), text: text.optional().describe('Internal note') }),
  status: 201,
  response: whole,
  errors: ['ORDER_NOT_FOUND'],
});

export const sayInCase = route({
  method: 'post',
  path: '/api/console/cases/:no/messages',
  summary: { zh: '回复买家，或内部备注', en: 'Answer the buyer, or note something' },
  auth: { right: 'orders.act' },
  params,
  body: z.strictObject({
    text,
    internal: z.boolean().default(false).describe('Never shown to the buyer'),
    ask: z.boolean().default(false).describe('The buyer must answer first: the clock stands still'),
  }),
  response: whole,
  errors: ['CASE_NOT_FOUND', 'CASE_CLOSED'],
});

export const decideCase = route({
  method: 'post',
  path: '/api/console/cases/:no/decision',
  summary: { zh: '处理售后（换卡、退款、拒绝、答复…）', en: 'Decide a case' },
  auth: { right: 'orders.act' },
  params,
  body: z.strictObject({
    id: z.uuid().describe('Idempotency key'),
    decision: z.enum(caseActions).describe('refund needs the right orders.refund as well'),
    text: text.optional().describe('Told to the buyer'),
    amountMinor: z.int().min(1).optional().describe('Of a refund; default: all that is left'),
    cards: z
      .array(z.int().positive())
      .min(1)
      .max(1000)
      .optional()
      .describe('Of a replacement: ids of the bad keys; default: those that the case names, else all'),
  }),
  response: whole,
  errors: ['CASE_NOT_FOUND', 'CASE_CLOSED', 'CASE_DECIDED', 'CASE_DECISION_UNFIT', 'IDEMPOTENCY_CONFLICT', 'FORBIDDEN'],
});
