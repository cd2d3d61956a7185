/**
 * What the keys of a product look like. 自选卡号 shows its first part to buyers before they pay, so there must be a second
 * one that it does not show; 账号、密码、邮箱 are as many as the product names.
 */
import type { KeyProblem } from './key-problems.ts';
import { parseAmount } from './money.ts';

export interface KeyShape {
  /** 自选卡号: buyers choose by the first part. */
  readonly chosen: boolean;
  /** How many names the product gives to parts. */
  readonly parts: number;
  readonly currency: string;
}

const longestNumber = 64;

/** What buyers see of a key that they choose; undefined if nothing of it may be shown. */
export function numberOf(parts: readonly string[]): string | undefined {
  const [number = '', ...secret] = parts;
  return secret.length > 0 && number.trim() !== '' && number.length <= longestNumber ? number : undefined;
}

/** The surcharge of a key in minor units (undefined: none is chosen here), or what is wrong with it. */
export function readShape(
  shape: KeyShape,
  parts: readonly string[],
  surcharge: string,
): number | undefined | KeyProblem {
  if (shape.parts > 1 && parts.length !== shape.parts) return 'PARTS';
  if (!shape.chosen) return undefined;
  if (numberOf(parts) === undefined) return 'NUMBER_PARTS';
  return (surcharge === '' ? 0 : parseAmount(surcharge, shape.currency)) ?? 'BAD_SURCHARGE';
}
