/**
 * Keys as they are sealed. A key of several parts (账号, 密码) is sealed as one text that begins with NUL, which no key of
 * one part can hold, so old rows and rows of suppliers read the same.
 */
import { cardAad, pieceAad } from './aad.ts';
import type { Keyring } from './keyring.ts';

const severalParts = '\0';

/** The text under which the parts of a key are sealed and compared. */
export function keyText(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : severalParts + JSON.stringify(parts);
}

/** The parts of a sealed text. */
export function keyParts(text: string): string[] {
  if (!text.startsWith(severalParts)) return [text];
  try {
    const parts: unknown = JSON.parse(text.slice(1));
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [text];
  } catch {
    // A key that merely begins like one of several parts is shown as it is.
    return [text];
  }
}

/** A part of a key and its name; a key of one part has none. */
export interface ShownPart {
  readonly label: string | null;
  readonly text: string;
}

const plain = { zh: ['卡号', '密码'], en: ['Number', 'Password'] };

/** What buyers see, part by part, so that each can be copied alone. */
export function shownParts(text: string, labels: readonly string[] = [], locale = 'zh-CN'): ShownPart[] {
  const parts = keyParts(text);
  if (parts.length === 1) return [{ label: null, text: parts[0] ?? '' }];
  const usual = plain[locale.startsWith('zh') ? 'zh' : 'en'];
  return parts.map((part, i) => ({ label: labels[i] ?? usual[i] ?? `#${i + 1}`, text: part }));
}

/** {@link shownParts} as one text, a line each. */
export function shownKey(parts: readonly ShownPart[]): string {
  return parts.map(({ label, text }) => (label === null ? text : `${label}: ${text}`)).join('\n');
}

export interface SealedKey {
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
}

/** The blind index by which a product's keys are compared. */
export function keyFingerprint(keyring: Keyring, productId: number, text: string): Buffer {
  return keyring.fingerprint(`card:${productId}`, text);
}

export function sealKey(keyring: Keyring, productId: number, text: string): SealedKey {
  const fingerprint = keyFingerprint(keyring, productId, text);
  return { fingerprint, ciphertext: keyring.seal('card', text, cardAad(productId, fingerprint)) };
}

/** Throws KeyringError. */
export function openKey(keyring: Keyring, productId: number, key: SealedKey): string {
  return keyring.open('card', key.ciphertext, cardAad(productId, key.fingerprint)).toString('utf8');
}

/** A piece of an uploaded file, bound to its place. */
export function sealPiece(keyring: Keyring, importId: number, n: number, piece: Buffer): Buffer {
  return keyring.seal('card', piece, pieceAad(importId, n));
}
export function openPiece(keyring: Keyring, importId: number, n: number, sealed: Buffer): Buffer {
  return keyring.open('card', sealed, pieceAad(importId, n));
}
