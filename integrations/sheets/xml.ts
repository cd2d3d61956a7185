/**
 * As much XML as a spreadsheet needs, read in one pass: whatever the file holds, no character is looked at again for each
 * tag before it. Nothing is expanded but the five names and the numbers that XML has of itself.
 */

export interface Element {
  readonly attributes: string;
  /** Undefined if the element is empty (`<t/>`). */
  readonly inner: string | undefined;
  readonly start: number;
  readonly end: number;
}

interface Tags {
  readonly open: RegExp;
  readonly close: RegExp;
}
const tags = new Map<string, Tags>();

function tagsOf(name: string): Tags {
  let found = tags.get(name);
  if (!found) {
    found = {
      open: new RegExp(`<(?:\\w+:)?${name}(?=[\\s/>])`, 'g'),
      close: new RegExp(`</(?:\\w+:)?${name}\\s*>`, 'g'),
    };
    tags.set(name, found);
  }
  return found;
}

/** The elements of one name, which do not nest. One that never ends is the last. */
export function* elements(xml: string, name: string): Generator<Element> {
  const { open, close } = tagsOf(name);
  for (let at = 0; ;) {
    // The patterns are shared: their place is set before each use.
    open.lastIndex = at;
    const begin = open.exec(xml);
    if (!begin) return;
    const headEnd = xml.indexOf('>', open.lastIndex);
    if (headEnd < 0) return;
    const head = xml.slice(begin.index + begin[0].length, headEnd);
    at = headEnd + 1;
    if (head.endsWith('/')) {
      yield { attributes: head.slice(0, -1), inner: undefined, start: begin.index, end: at };
      continue;
    }
    close.lastIndex = at;
    const last = close.exec(xml);
    if (!last) return;
    const inner = xml.slice(at, last.index);
    at = last.index + last[0].length;
    yield { attributes: head, inner, start: begin.index, end: at };
  }
}

export function firstElement(xml: string, name: string): Element | undefined {
  for (const element of elements(xml, name)) return element;
  return undefined;
}

/** The text without the elements of a name. */
export function without(xml: string, name: string): string {
  let rest = '';
  let at = 0;
  for (const { start, end } of elements(xml, name)) {
    rest += xml.slice(at, start);
    at = end;
  }
  return rest + xml.slice(at);
}

const patterns = new Map<string, RegExp>();

/** An attribute by its name, whatever its namespace. */
export function attribute(attributes: string, name: string): string | undefined {
  let pattern = patterns.get(name);
  if (!pattern) patterns.set(name, (pattern = new RegExp(`(?:^|\\s)(?:\\w+:)?${name}="([^"]*)"`)));
  return pattern.exec(attributes)?.[1];
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** XML entities, then the `_x000D_` form of characters that XML cannot hold (ECMA-376 part 1, §22.9.2.19). */
export function unescape(xml: string): string {
  if (!xml.includes('&') && !xml.includes('_x')) return xml;
  const plain = !xml.includes('&')
    ? xml
    : xml.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
        if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? whole) : whole;
        const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      });
  if (!plain.includes('_x')) return plain;
  return plain.replace(/_x([0-9a-f]{4})_/gi, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
