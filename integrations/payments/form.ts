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

/**
 * Canonical strings join values un-encoded, so `name=x&money=9` inside one value signs like two parameters. No honest
 * value looks like that; the same bytes re-split by an attacker would (payments.md, finding 1).
 */
export function couldBeResplit(form: ReadonlyMap<string, string>): boolean {
  return [...form.values()].some((value) => /&\w{1,64}=/.test(value));
}
