/** Home with its checklist, the dashboard, the analysis of failures, the audit log. */
import { z } from 'zod';
import { orderLine, reason } from './console-orders.ts';
import { route } from './route.ts';

const mode = z.enum(['live', 'test']);
const time = z.iso.datetime();

export const setupSteps = [
  'account',
  'payment',
  'product',
  'cards',
  'template',
  'channels',
  'test_order',
  'live',
] as const;

export const home = route({
  method: 'get',
  path: '/api/console/home',
  summary: { zh: '首页与开通向导', en: 'Home: how far the set-up is' },
  auth: 'staff',
  response: z.strictObject({
    steps: z.array(
      z.strictObject({
        id: z.enum(setupSteps),
        state: z.enum(['done', 'open', 'attention']).describe('attention: done, but something is missing'),
        minutes: z.int().describe('What it takes'),
        facts: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
      }),
    ),
    autoDelivery: z.boolean(),
    selling: z.int().describe('Products that are on sale'),
    openTasks: z.int(),
    quarantined: z.int().describe('Products whose pool waits for the operator after a restore'),
    lastOrder: z.strictObject({ no: z.string(), state: z.string(), at: z.string() }).nullable(),
    liveReady: z.boolean(),
    publicUrl: z.string(),
  }),
});

const figures = z.strictObject({
  paid: z.int(),
  delivered: z.int(),
  failed: z.int(),
  rate: z.int().nullable().describe('Failure rate in hundredths of a per cent; null without orders'),
  averageMs: z.int().nullable(),
  p50Ms: z.int().nullable(),
  p99Ms: z.int().nullable(),
});

export const dashboard = route({
  method: 'get',
  path: '/api/console/dashboard',
  summary: { zh: '发货监控', en: 'The figures of today' },
  auth: { right: 'stats.read' },
  query: z.object({ mode: mode.default('live') }),
  response: z.strictObject({
    zone: z.string(),
    from: time,
    now: time,
    today: figures.extend({ waiting: z.int(), byHand: z.int(), openTasks: z.int(), oldestTask: time.nullable() }),
    hours: z.array(z.strictObject({ hour: z.int(), paid: z.int(), failed: z.int() })),
    products: z.array(figures.extend({ sku: z.string(), name: z.string() })),
    accounts: z.array(figures.extend({ name: z.string(), provider: z.string() })),
    suppliers: z
      .array(
        z.strictObject({
          id: z.int(),
          name: z.string(),
          bought: z.int(),
          delivered: z.int(),
          failed: z.int(),
          open: z.int(),
          rate: z.int().nullable().describe('Failed of those that ended, in hundredths of a per cent'),
          p50Ms: z.int().nullable(),
          p99Ms: z.int().nullable(),
        }),
      )
      .describe('Purchases of today'),
    alarm: z
      .strictObject({
        on: z.boolean(),
        rate: z.int().nullable(),
        windowMinutes: z.int(),
        limit: z.int(),
        floor: z.int(),
      })
      .describe('Of the window that ends now; rates in parts per ten thousand'),
    live: z.array(orderLine),
  }),
});

export const failures = route({
  method: 'get',
  path: '/api/console/failures',
  summary: { zh: '失败分析', en: 'Failures by reason, product and day, with advice' },
  auth: { right: 'stats.read' },
  query: z.object({ mode: mode.default('live'), days: z.coerce.number().int().min(1).max(90).default(7) }),
  response: z.strictObject({
    from: time,
    paid: z.int(),
    failed: z.int(),
    rate: z.int().nullable(),
    days: z.array(z.string()),
    reasons: z.array(
      z.strictObject({
        reason,
        count: z.int(),
        products: z.array(z.strictObject({ sku: z.string(), name: z.string(), count: z.int() })),
        suppliers: z
          .array(z.strictObject({ name: z.string(), count: z.int() }))
          .describe('Whom the order was bought from last'),
        byDay: z.array(z.int()),
      }),
    ),
  }),
});

export const auditList = route({
  method: 'get',
  path: '/api/console/audit',
  summary: { zh: '审计记录', en: 'The audit log' },
  auth: { right: 'audit.read' },
  query: z.object({
    actor: z.string().max(80).optional(),
    action: z.string().max(60).optional(),
    orderNo: z.string().max(40).optional(),
    from: time.optional(),
    to: time.optional(),
    before: z.coerce.number().int().positive().optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.strictObject({
    entries: z.array(
      z.strictObject({
        id: z.int(),
        at: time,
        actor: z.string(),
        actorKind: z.string(),
        action: z.string(),
        orderNo: z.string().nullable(),
        detail: z.unknown(),
        reason: reason.nullable().describe('The code in its detail, in words'),
        sealed: z.boolean().describe('Chained by the sealer: it cannot be changed unseen'),
      }),
    ),
    next: z.int().nullable(),
    actors: z.array(z.string()),
  }),
});

export const auditVerify = route({
  method: 'post',
  path: '/api/console/audit/verify',
  summary: { zh: '校验审计链', en: 'Walk the chain of the audit log' },
  auth: { right: 'audit.read' },
  response: z.strictObject({ intact: z.boolean(), brokenAt: z.int().nullable() }),
});
