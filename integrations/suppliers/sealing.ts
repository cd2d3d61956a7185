/** Codes of a supplier, judged and sealed like keys of the pool. In clear they live in this process only. */
import { judgeCodes, splitCodes, type CodeProblem } from '../../domain/codes.ts';
import { cardAad, heldAad } from '../keyring/aad.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { compilePattern } from '../linear-pattern.ts';

export interface SealedLine {
  /** Among the lines as they came, 1 first. */
  readonly line: number;
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
}

export interface SealedDelivery {
  readonly good: readonly SealedLine[];
  readonly problems: readonly { readonly line: number; readonly problem: CodeProblem }[];
}

/** A key as the pool keeps it. */
export function sealCode(keyring: Keyring, productId: number, code: string): Omit<SealedLine, 'line'> {
  const fingerprint = keyring.fingerprint(`card:${productId}`, code);
  return { fingerprint, ciphertext: keyring.seal('card', code, cardAad(productId, fingerprint)) };
}

/** What a buyer reads in place of a key. The account is masked: pages and mails are forwarded. */
export function topUpReceipt(account: string, ref: string): string {
  const shown = account.length <= 5 ? account.slice(0, 1).padEnd(account.length, '*') : `${account.slice(0, 3)}****${account.slice(-2)}`; // prettier-ignore
  return `充值成功 · Topped up: ${shown} (${ref})`;
}

/** Judges a delivery by the source's pattern and seals what looks right. A broken pattern lets nothing through. */
export function sealDelivery(
  keyring: Keyring,
  productId: number,
  lines: readonly string[],
  pattern: string | null,
): SealedDelivery {
  const fits = pattern === null ? undefined : (compilePattern(pattern) ?? (() => false));
  const { good, problems } = judgeCodes(lines, fits);
  const bad = new Set(problems.map((p) => p.line));
  const places = lines.map((_, i) => i + 1).filter((line) => !bad.has(line));
  return {
    good: good.map((code, i) => ({ line: places[i] ?? 0, ...sealCode(keyring, productId, code) })),
    problems,
  };
}

/** A delivery as it came, for a person to look at. */
export function sealHeld(keyring: Keyring, purchaseId: number, text: string): Buffer {
  return keyring.seal('card', text, heldAad(purchaseId));
}

/** Its lines. */
export function openHeld(keyring: Keyring, purchaseId: number, held: Buffer): string[] {
  return splitCodes(keyring.open('card', held, heldAad(purchaseId)).toString('utf8'));
}
