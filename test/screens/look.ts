/** What a page is held to, whoever made it: readable for everybody, in the reader's language, without an error. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { until } from '../../dev/client.ts';

const quiet = `!document.querySelector('.ant-skeleton, .ant-spin-spinning') &&
  document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)`;
/** Waits until nothing is being loaded or moved any more. The page's policy lets no string be run but by the debugger. */
export async function still(page: Page): Promise<void> {
  await until('a page at rest', async () => ((await page.evaluate(quiet)) === true ? true : undefined), 20_000, 20);
}

/** Serious violations as axe knows them, one line each. `contrast`: that rule alone, the only one a theme changes. */
export async function barriers(page: Page, contrast = false): Promise<string[]> {
  // The policy of the page allows no script from elsewhere; the debugger's way in is not held to it.
  await page.evaluate(axe.source);
  const rules = contrast ? `{ runOnly: ['color-contrast'], resultTypes: ['violations'] }` : `{ resultTypes: ['violations'] }`; // prettier-ignore
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(document, ${rules})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

/**
 * Words on a Chinese page that are no Chinese, or Chinese ones on an English page. Names, codes, addresses, numbers and
 * what stands in `<code>` are of no language; `data` is what people typed.
 */
export async function untranslated(page: Page, language: 'zh-CN' | 'en', data: readonly string[]): Promise<string[]> {
  const lines = await page.evaluate<string[]>(`[...(function* (root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent && !parent.closest('code, pre, kbd, style, script, [lang]:not(html)') && parent.checkVisibility())
        yield walker.currentNode.textContent.trim();
    }
    for (const field of root.querySelectorAll('[placeholder]')) yield field.getAttribute('placeholder');
  })(document.body)].filter(Boolean)`);
  const foreign = language === 'en' ? /\p{Script=Han}+/gu : /[A-Za-z]*[a-z]{3,}[A-Za-z]*/g;
  const bare = (line: string): string =>
    data.toSorted((a, b) => b.length - a.length).reduce((text, known) => text.replaceAll(known, ' '), line.replace(/\S+@\S+|https?:\S+|\/[\w/.<>#-]+|\{\{.*?\}\}|\w+_[\w*.]+|\b[\w-]+\.[\w.-]+\b|\bgit\w+|\blocal-[0-9a-f]{12}\b|[0-9a-f]{8}-[0-9a-f-]{27}/g, ' ')); // prettier-ignore
  return lines.flatMap((line) => {
    const found =
      bare(line)
        .match(foreign)
        ?.filter((word) => !names.has(word.toLowerCase())) ?? [];
    return found.length > 0 ? [`${found.join(' ')} in “${line.slice(0, 80)}”`] : [];
  });
}

/** Names that stand in both languages as they are. */
const names = new Set('miaofa english txt npm start temporal excel chromium webhook stripe epusdt usdt totp postgresql sandbox windows android chrome linux macos iphone safari xlsx csv openapi cloudflare asia https'.split(' ')); // prettier-ignore
