/** Codes of the error catalogue as people read them, and contacts as staff may see them. */
import { errors, isErrorCode } from '../../domain/errors.ts';

interface Words {
  readonly cause: string;
  readonly next: string;
}

/** A code in both languages; a code that the catalogue lost stays readable. */
export function reasonOf(code: string): { code: string; zh: Words; en: Words } {
  if (!isErrorCode(code)) return { code, zh: { cause: code, next: '' }, en: { cause: code, next: '' } };
  const { zh, en } = errors[code];
  return { code, zh, en };
}

/** The code in the detail of a log entry, in words. */
export function reasonIn(detail: unknown): ReturnType<typeof reasonOf> | null {
  const code = (detail as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? reasonOf(code) : null;
}

/** "z•••@example.com": enough to recognise what a buyer says, too little to write to. */
export function maskContact(contact: string): string {
  const [name = '', host = ''] = contact.split('@', 2);
  return host ? `${name.slice(0, 1)}•••@${host}` : `•••${contact.slice(-4)}`;
}

/** A cell of a CSV file that no spreadsheet runs (ASVS 1.2.10). */
export function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const harmless = typeof value === 'string' && /^[=+\-@\t\r\n\0＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
