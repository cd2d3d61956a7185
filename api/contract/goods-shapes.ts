/** Shapes that the routes on products, keys and templates share. */
import { z } from 'zod';
import { cardUses, productKinds, productStates, skuPattern } from '../../domain/product.ts';

export { mode, at as time } from './shapes.ts';
export const id = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const idParam = z.object({ id });
export const sku = z.string().regex(skuPattern).describe('SKU编码, 1–64 letters, digits, . _ -');
/** A page of a list, newest first: `after` is the last id of the page before. */
export const paging = { after: id.optional(), limit: z.coerce.number().int().min(1).max(200).default(50) };
export const flagQuery = z.enum(['true', 'false']).transform((v) => v === 'true');

/** zh-CN and en, each with the texts that buyers read; what is missing comes from the template, then the built-in. */
export const texts = z
  .strictObject({
    validity: z.string().max(2_000),
    instructions: z.string().max(8_000),
    mailSubject: z.string().max(300),
    mailBody: z.string().max(20_000),
    page: z.string().max(20_000),
    sms: z.string().max(500),
  })
  .partial();
export const localizedTexts = z.strictObject({ 'zh-CN': texts, en: texts }).partial();

export const productFields = {
  sku,
  name: z.string().trim().min(1).max(120),
  kind: z.enum(productKinds).default('card'),
  state: z.enum(productStates).default('on_sale'),
  priceMinor: z.int().min(1).max(1_000_000_000_000).describe('In minor units (fen, cents)'),
  currency: z.string().regex(/^[A-Z]{3}$/).default('CNY'), // prettier-ignore
  minQuantity: z.int().min(1).max(1000).default(1),
  maxQuantity: z.int().min(1).max(1000).default(1000),
  buyerLimit: z.int().min(1).max(1_000_000).nullable().default(null).describe('每人限购, in units; null: none'),
  stockLimit: z.int().min(1).max(100_000_000).nullable().default(null).describe('库存上限; null: none'),
  warnBelow: z.int().min(0).max(100_000_000).nullable().default(null).describe('库存预警; null: the setting for all'),
  holdMinutes: z.int().min(1).max(1440).nullable().default(null).describe('下单锁库存; null: off'),
  promiseSeconds: z.int().min(10).max(604_800).nullable().default(null).describe('承诺发货时间, seconds from the payment; later is a failure (E3); null: 60'), // prettier-ignore
  cardUse: z.enum(cardUses).default('single'),
  partLabels: z.array(z.string().trim().min(1).max(20)).max(6).default([]).describe('Names of the parts of a key: 账号, 密码'), // prettier-ignore
  templateId: z.int().nullable().default(null),
  texts: localizedTexts.default({}),
  tags: z.array(z.string().trim().min(1).max(30)).max(20).default([]),
  note: z.string().max(2_000).default('').describe('For staff only'),
  policy: z.record(z.string().max(40), z.unknown()).default({}).describe('Overrides of trigger, retries and source'),
};

export const fieldProblems = z.array(z.strictObject({ field: z.string(), zh: z.string(), en: z.string() }));

export const stock = z.strictObject({
  available: z.int(),
  held: z.int(),
  sold: z.int(),
  expired: z.int(),
  void: z.int(),
  expiring: z.int().describe('Available, but expiring soon'),
  soldWeek: z.int(),
  daysOfSupply: z.number().nullable(),
});

export const nameParts = z.strictObject({
  type: z.string(),
  brand: z.string().nullable(),
  face: z.string(),
  validity: z.string(),
});
