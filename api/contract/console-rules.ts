/** 例外规则 (C5). */
import { z } from 'zod';
import { ruleCaseKinds } from '../../domain/rules.ts';
import { route } from './route.ts';

const words = z.array(z.string().trim().min(1).max(60)).min(1).max(50);
const minor = z.int().min(0).max(1_000_000_000_000);
const hour = z.int().min(0).max(24);

export const condition = z
  .strictObject({
    remarkContains: words.describe('买家留言包含任一词'),
    remarkMatches: z.string().min(1).max(300).describe('买家留言匹配正则 (RE2, found anywhere, whatever the case)'),
    contactContains: words,
    minAmountMinor: minor,
    maxAmountMinor: minor,
    minQuantity: z.int().min(1).max(1000),
    skus: z.array(z.string().min(1).max(80)).min(1).max(200),
    hours: z.strictObject({ from: hour, to: hour }).describe("Hours of payment in the shop's zone; over midnight too"),
    history: z
      .strictObject({ hours: z.int().min(1).max(8760), minOrders: z.int().min(1).max(10_000) })
      .describe('So many paid orders of one buyer within so many hours'),
  })
  .partial()
  .refine((c) => Object.values(c).some((value) => value !== undefined), 'a rule without a condition fits nothing')
  .describe('All that is given must hold');

const rule = z.strictObject({
  name: z.string().trim().min(1).max(80),
  enabled: z.boolean().default(true),
  condition,
  caseKind: z.enum(ruleCaseKinds).nullable().default(null).describe('A case (售后工单) of this kind is opened as well'),
});
const which = z.enum(['first', 'all']);

export const readRules = route({
  method: 'get',
  path: '/api/console/rules',
  summary: { zh: '例外规则', en: 'Exception rules' },
  auth: { right: 'orders.read' },
  response: z.strictObject({ which, rules: z.array(rule.extend({ id: z.int() })) }),
});

export const writeRules = route({
  method: 'put',
  path: '/api/console/rules',
  summary: { zh: '保存例外规则（整个列表，按顺序）', en: 'Save the whole list of exception rules, in order' },
  auth: { right: 'rules.edit' },
  body: z.strictObject({ which: which.default('first'), rules: z.array(rule).max(200) }),
  response: z.strictObject({ saved: z.int() }),
  errors: ['RULE_INVALID'],
});

export const tryRules = route({
  method: 'post',
  path: '/api/console/rules/dry-run',
  summary: { zh: '用历史订单试运行规则', en: 'Try rules against past orders; nothing is changed' },
  auth: { right: 'orders.read' },
  body: z.strictObject({
    which: which.default('first'),
    rules: z.array(rule).min(1).max(200),
    days: z.int().min(1).max(90).default(7),
    limit: z.int().min(1).max(2000).default(500).describe('Newest orders first'),
  }),
  response: z.strictObject({
    looked: z.int(),
    fitted: z.int(),
    byRule: z.array(z.strictObject({ name: z.string(), count: z.int() })),
    orders: z.array(z.strictObject({ orderNo: z.string(), rules: z.array(z.string()) })).describe('The first 100'),
  }),
  errors: ['RULE_INVALID'],
});
