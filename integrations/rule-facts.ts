/** What exception rules look at, opened for the moment of the question. Nothing of it is stored or logged. */
import type { FindPattern, RuleFacts } from '../domain/rules.ts';
import { contactAad, type Keyring } from './keyring/keyring.ts';
import { compilePattern } from './linear-pattern.ts';

export interface SealedRuleFacts {
  readonly no: string;
  readonly remark: Buffer | null;
  readonly contact: Buffer | null;
  readonly amountMinor: number;
  readonly quantity: number;
  readonly sku: string;
  readonly paidAt: Date;
}

/** 0–23 in a time zone. */
export function hourIn(zone: string, at: Date): number {
  return Number(new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone: zone }).format(at));
}

export function openFacts(
  keyring: Keyring,
  sealed: SealedRuleFacts,
  zone: string,
  orders: ReadonlyMap<number, number>,
): RuleFacts {
  const open = (bytes: Buffer | null): string =>
    bytes === null ? '' : keyring.open('contact', bytes, contactAad(sealed.no)).toString('utf8');
  const { amountMinor, quantity, sku, paidAt } = sealed;
  return { remark: open(sealed.remark), contact: open(sealed.contact), amountMinor, quantity, sku, hour: hourIn(zone, paidAt), orders }; // prettier-ignore
}

const anywhere = (pattern: string): string => `(?is:.*)(?i:${pattern})(?is:.*)`;

/** Undefined if the text is no pattern. */
export function checkPattern(pattern: string): boolean {
  return compilePattern(pattern) !== undefined && compilePattern(anywhere(pattern)) !== undefined;
}

const known = new Map<string, (text: string) => boolean>();

/** Finds a pattern anywhere, whatever the case; compiled patterns are kept, a few hundred of them. */
export const findPattern: FindPattern = (pattern, text) => {
  let matches = known.get(pattern);
  if (!matches) {
    matches = compilePattern(anywhere(pattern)) ?? (() => false);
    if (known.size > 500) known.clear();
    known.set(pattern, matches);
  }
  return matches(text);
};
