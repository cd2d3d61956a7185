/** Products: their kinds, and what must hold between the fields of one. */

export const productKinds = [
  'card', // 卡密发放 from the pool
  'link', // 链接跳转
  'supplier', // API 对接
  'topup', // 直充
  'manual', // 人工发货
] as const;
export type ProductKind = (typeof productKinds)[number];

export const productStates = ['draft', 'on_sale', 'off_sale'] as const;
export type ProductState = (typeof productStates)[number];

export const cardUses = [
  'single', // each key is sold once
  'loop', // 循环卡密: one key for everybody, never used up
  'chosen', // 自选卡号: the buyer picks a number
] as const;
export type CardUse = (typeof cardUses)[number];

/** The operator's words for a product; undefined fields take the template's, then the built-in ones. */
export type ProductTexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** All that an operator sets. Prices in minor units. */
export interface ProductFields {
  readonly sku: string;
  readonly name: string;
  readonly kind: ProductKind;
  readonly state: ProductState;
  readonly priceMinor: number;
  readonly currency: string;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly buyerLimit: number | null;
  readonly stockLimit: number | null;
  readonly warnBelow: number | null;
  readonly holdMinutes: number | null;
  /** Seconds from payment to delivery that buyers are promised; null: the usual 60 (domain/failure-rate.ts). */
  readonly promiseSeconds: number | null;
  readonly cardUse: CardUse;
  readonly partLabels: readonly string[];
  readonly templateId: number | null;
  readonly texts: ProductTexts;
  readonly tags: readonly string[];
  readonly note: string;
  /** Overrides of trigger, retries and source; what is missing comes from the settings. */
  readonly policy: Readonly<Record<string, unknown>>;
}

/** The fields alone, of a row that holds more. */
export function productFieldsOf(row: ProductFields): ProductFields {
  const { sku, name, kind, state, priceMinor, currency, minQuantity, maxQuantity, buyerLimit, stockLimit, warnBelow } =
    row;
  const { holdMinutes, promiseSeconds, cardUse, partLabels, templateId, texts, tags, note, policy } = row;
  return {
    ...{ sku, name, kind, state, priceMinor, currency, minQuantity, maxQuantity, buyerLimit, stockLimit, warnBelow },
    ...{ holdMinutes, promiseSeconds, cardUse, partLabels, templateId, texts, tags, note, policy },
  };
}

export interface FieldProblem {
  readonly field: string;
  readonly zh: string;
  readonly en: string;
}

/** SKU编码: letters of any script, digits, `.`, `_`, `-`. */
export const skuPattern = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;

/** What does not fit together; each field alone was checked at the door. */
export function checkProduct(p: ProductFields): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const say = (field: string, zh: string, en: string): void => void problems.push({ field, zh, en });
  if (p.minQuantity > p.maxQuantity) {
    say('maxQuantity', '最大购买数量不能小于最小购买数量', 'The largest quantity is below the smallest');
  }
  if (p.buyerLimit !== null && p.buyerLimit < p.minQuantity) {
    say('buyerLimit', '每人限购不能小于最小购买数量', 'The limit per buyer is below the smallest quantity');
  }
  if (p.kind !== 'card' && p.cardUse !== 'single') {
    say('cardUse', '只有卡密商品可以设置卡密用法', 'Only products of kind card have a use of keys');
  }
  if (p.kind !== 'card' && p.holdMinutes !== null) {
    say('holdMinutes', '只有卡密商品可以下单锁库存', 'Only products of kind card can hold keys');
  }
  if (p.cardUse === 'loop' && p.holdMinutes !== null) {
    say('holdMinutes', '循环卡密不需要锁库存', 'Loop keys are never used up, so nothing is to be held');
  }
  if (p.cardUse === 'chosen' && p.maxQuantity !== 1) {
    say('maxQuantity', '自选卡号每单只能购买 1 件', 'Chosen numbers are sold one per order');
  }
  if (p.cardUse === 'loop' && p.maxQuantity !== 1) {
    say(
      'maxQuantity',
      '循环卡密每单只能购买 1 件：同一张卡密不会卖给同一单两次',
      'Loop keys are sold one per order: the same key is not sold twice in one',
    );
  }
  if (p.partLabels.length === 1) {
    say('partLabels', '卡密分部分时至少要有两个名称', 'A key of several parts has at least two names');
  }
  return problems;
}

type Diff = Record<string, { readonly from: unknown; readonly to: unknown }>;

/** The fields that an edit changes, for the audit. */
export function diffProduct(from: ProductFields, to: ProductFields): Diff {
  const diff: Diff = {};
  for (const key of Object.keys(to) as (keyof ProductFields)[]) {
    if (canonical(from[key]) !== canonical(to[key])) diff[key] = { from: from[key], to: to[key] };
  }
  return diff;
}

/** JSON with sorted keys: PostgreSQL's jsonb gives keys in an order of its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}
