/** Form parameters as signed gateways send them: parsed once, from raw text, with nothing ambiguous let through. */

const maxKeys = 60;
const maxValue = 4096;

/**
 * The parameters, or why they are refused. A repeated key is refused: which of the two was signed is anybody's guess.
 */
export function parseForm(raw: string): Map<string, string> | 'DUPLICATE_PARAMETER' | 'BAD_FORMAT' {
  const out = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(raw)) {
    if (out.has(key)) return 'DUPLICATE_PARAMETER';
    // A replacement character means bytes that were not UTF-8: not what was signed.
    if (out.size >= maxKeys || value.length > maxValue || !/^\w{1,64}$/.test(key) || value.includes('\ufffd')) {
      return 'BAD_FORMAT';
    }
    out.set(key, value);
  }
  return out;
}

/** Percent-decoded once, as bytes: a gateway may sign in another charset than UTF-8. `raw` holds one byte per character. */
function decodeBytes(raw: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return undefined;
  return raw
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The same as {@link parseForm} for bodies in any charset: values are bytes, written as latin1 strings. */
export function parseFormBytes(body: Buffer): Map<string, string> | 'DUPLICATE_PARAMETER' | 'BAD_FORMAT' {
  const out = new Map<string, string>();
  for (const part of body.toString('latin1').split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const key = decodeBytes(at < 0 ? part : part.slice(0, at));
    const value = decodeBytes(at < 0 ? '' : part.slice(at + 1));
    if (key === undefined || value === undefined) return 'BAD_FORMAT';
    if (out.has(key)) return 'DUPLICATE_PARAMETER';
    if (out.size >= maxKeys || value.length > maxValue || !/^\w{1,64}$/.test(key)) return 'BAD_FORMAT';
    out.set(key, value);
  }
  return out;
}

/**
 * Canonical strings join values un-encoded, so `name=x&money=9` inside one value signs like two parameters. No honest
 * value looks like that; the same bytes re-split by an attacker would: whatever he re-splits, the real `out_trade_no`
 * and amount must hide inside a value, because a repeated key is refused.
 */
export function couldBeResplit(form: ReadonlyMap<string, string>): boolean {
  return [...form.values()].some((value) => /&\w{1,64}=/.test(value));
}

/** `a=1&b=2`, un-encoded, by key, without `sign`, `sign_type` and empty values, unless told otherwise. */
export function canonical(
  params: Iterable<readonly [string, string]>,
  { keepEmpty = false, keepSignType = false } = {},
): string {
  return [...params]
    .filter(([name, value]) => name !== 'sign' && (keepSignType || name !== 'sign_type') && (keepEmpty || value !== ''))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Order numbers that come back; ours fit, and so do those of other systems of the merchant (kept as unmatched). */
export const foreignOrderNo = /^[\w-]{1,64}$/;
export const foreignTradeNo = /^[\w-]{4,64}$/;
