/** Regular expressions that people type: RE2, so that none can hang a process (no back-references, linear time). */
import { RE2JS } from 're2js';

/** True for the whole text; undefined if the pattern is not one. */
export function compilePattern(pattern: string): ((text: string) => boolean) | undefined {
  try {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matches(text);
  } catch {
    return undefined;
  }
}
