/** The form of an entry of the error catalogue. */

export interface ErrorText {
  readonly cause: string;
  readonly next: string;
}
export interface ErrorEntry {
  readonly status: number;
  readonly zh: ErrorText;
  readonly en: ErrorText;
}

export function entry(status: number, zhCause: string, zhNext: string, cause: string, next: string): ErrorEntry {
  return { status, zh: { cause: zhCause, next: zhNext }, en: { cause, next } };
}
