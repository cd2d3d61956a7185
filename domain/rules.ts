/** 例外场景 (C5): which orders go straight to people. Pure: whoever asks brings the facts and the pattern engine. */
import type { CaseKind } from './cases.ts';

/** All that is given must hold. */
export interface RuleCondition {
  /** Any of these words, whatever their case. */
  readonly remarkContains?: readonly string[];
  /** A linear-time regular expression, found anywhere in the remark. */
  readonly remarkMatches?: string;
  readonly contactContains?: readonly string[];
  readonly minAmountMinor?: number;
  readonly maxAmountMinor?: number;
  readonly minQuantity?: number;
  readonly skus?: readonly string[];
  /** From this hour on, up to but not with the other one; over midnight too. In the shop's zone. */
  readonly hours?: { readonly from: number; readonly to: number };
  /** So many paid orders of the same buyer within so many hours, this one included. */
  readonly history?: { readonly hours: number; readonly minOrders: number };
}

/** Cases that a rule can open. */
export const ruleCaseKinds = ['bad_key', 'invoice', 'other'] as const satisfies readonly CaseKind[];
export type RuleCaseKind = (typeof ruleCaseKinds)[number];

export interface Rule {
  readonly id: number;
  readonly name: string;
  readonly condition: RuleCondition;
  /** A case of this kind is opened beside the stop: it outlives the order's delivery. */
  readonly caseKind: RuleCaseKind | null;
}

export interface RuleFacts {
  readonly remark: string;
  readonly contact: string;
  readonly amountMinor: number;
  readonly quantity: number;
  readonly sku: string;
  /** Of the payment, 0–23, in the shop's zone. */
  readonly hour: number;
  /** Paid orders of this buyer by window in hours; a window that is missing counts as none. */
  readonly orders: ReadonlyMap<number, number>;
}

/** True if the pattern is found in the text. A pattern that is none finds nothing. */
export type FindPattern = (pattern: string, text: string) => boolean;

function containsAny(words: readonly string[] | undefined, text: string): boolean {
  if (words === undefined) return true;
  const low = text.toLowerCase();
  return words.some((word) => low.includes(word.toLowerCase()));
}

function within({ from, to }: { from: number; to: number }, hour: number): boolean {
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}

/** True if the order is what the condition says. A condition that says nothing fits nothing. */
export function fits(c: RuleCondition, facts: RuleFacts, find: FindPattern): boolean {
  if (Object.keys(c).length === 0) return false;
  return (
    containsAny(c.remarkContains, facts.remark) &&
    containsAny(c.contactContains, facts.contact) &&
    (c.remarkMatches === undefined || find(c.remarkMatches, facts.remark)) &&
    (c.minAmountMinor === undefined || facts.amountMinor >= c.minAmountMinor) &&
    (c.maxAmountMinor === undefined || facts.amountMinor <= c.maxAmountMinor) &&
    (c.minQuantity === undefined || facts.quantity >= c.minQuantity) &&
    (c.skus === undefined || c.skus.includes(facts.sku)) &&
    (c.hours === undefined || within(c.hours, facts.hour)) &&
    (c.history === undefined || (facts.orders.get(c.history.hours) ?? 0) >= c.history.minOrders)
  );
}

/** The rules that speak, in their order: the first one, or all of them. */
export function speaking(
  rules: readonly Rule[],
  facts: RuleFacts,
  find: FindPattern,
  which: 'first' | 'all',
): readonly Rule[] {
  const found: Rule[] = [];
  for (const rule of rules) {
    if (!fits(rule.condition, facts, find)) continue;
    found.push(rule);
    if (which === 'first') break;
  }
  return found;
}

/** The windows of time that the rules want counted, in hours. */
export function windowsOf(rules: readonly Rule[]): number[] {
  return [...new Set(rules.flatMap((rule) => rule.condition.history?.hours ?? []))];
}
