/**
 * Money: integer minor units + ISO currency, parsed from decimal strings, never floats. USDT is counted in hundredths:
 * shops price in two digits, and gateways report the fiat amount beside the coin's.
 */

const zeroDecimal = new Set([
  'JPY',
  'KRW',
  'VND',
  'CLP',
  'ISK',
  'UGX',
  'XAF',
  'XOF',
  'XPF',
  'PYG',
  'RWF',
  'DJF',
  'GNF',
  'KMF',
  'BIF',
  'VUV',
]);

/** Digits after the point. */
export function minorDigits(currency: string): 0 | 2 {
  return zeroDecimal.has(currency) ? 0 : 2;
}

/**
 * "10.00" → 1000. Digits beyond the currency's must be zeros ("100.0000" is legal at one gateway). Undefined for
 * signs, spaces, exponents, more than 2^53, or anything else that is not plainly an amount.
 */
export function parseAmount(text: string, currency: string): number | undefined {
  const match = /^(0|[1-9]\d{0,14})(?:\.(\d{1,8}))?$/.exec(text);
  if (!match) return undefined;
  const [, whole = '', fraction = ''] = match;
  const digits = minorDigits(currency);
  if (!/^0*$/.test(fraction.slice(digits))) return undefined;
  const minor = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  return Number.isSafeInteger(minor) ? minor : undefined;
}

/** 1000 → "10.00". Throws for what is no amount. */
export function formatAmount(minor: number, currency: string): string {
  if (!Number.isSafeInteger(minor) || minor < 0) throw new RangeError('an amount is a safe non-negative integer');
  const digits = minorDigits(currency);
  if (digits === 0) return String(minor);
  const text = String(minor).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
