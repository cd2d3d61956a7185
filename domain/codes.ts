/**
 * What a supplier sends in place of keys: real keys, fewer than ordered, or an apology. Nothing that only looks like a
 * key reaches a buyer by itself.
 */

export type CodeProblem =
  | 'shape' // does not fit the product's pattern, or cannot be a key at all
  | 'sentence' // a sentence of the supplier to its customer
  | 'repeated' // twice in one delivery
  | 'seen'; // a key that was ours before, sold or not

export interface JudgedCodes {
  /** Those that look right, in the order in which they came. */
  readonly good: readonly string[];
  /** By line, 1 first. The key itself is never repeated here. */
  readonly problems: readonly { readonly line: number; readonly problem: CodeProblem }[];
}

/** One key per line, as suppliers join them; blank lines are no keys. Nothing else is trimmed. */
export function splitCodes(text: string): string[] {
  return text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
}

/** What suppliers write when there is nothing to deliver, in the words of the common shop systems. */
const sentences =
  /抱歉|对不起|请联系|联系客服|请耐心|耐心等待|请稍[候等后]|稍后再|正在(?:发货|处理|充值)|等待(?:发货|处理)|库存不足|已售罄|缺货|暂时无货|人工(?:发货|处理)|抢走了|sorry|please (?:wait|contact)|out of stock|being processed|try again/i;

function problemOf(code: string, fits: ((code: string) => boolean) | undefined): CodeProblem | undefined {
  if (sentences.test(code)) return 'sentence';
  // A replacement character means that bytes were lost on the way.
  if (code.length > 4096 || code.includes('\ufffd') || /<\/?[a-z!][^>]*>/i.test(code)) return 'shape';
  if (fits) return fits(code) ? undefined : 'shape';
  return code.trim().length >= 4 && /[A-Za-z0-9]/.test(code) ? undefined : 'shape';
}

/** `fits`: the product's own pattern. Without one, a key has at least four characters and a letter or a digit. */
export function judgeCodes(codes: readonly string[], fits?: (code: string) => boolean): JudgedCodes {
  const good: string[] = [];
  const problems: { line: number; problem: CodeProblem }[] = [];
  const met = new Set<string>();
  codes.forEach((code, i) => {
    const problem = met.has(code) ? 'repeated' : problemOf(code, fits);
    met.add(code);
    if (problem) problems.push({ line: i + 1, problem });
    else good.push(code);
  });
  return { good, problems };
}
