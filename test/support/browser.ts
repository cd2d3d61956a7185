/** A real Chromium on the built pages. What a person does goes through `hand`, which counts it. */
import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { onProcessEnd } from './services.ts';

let browser: Promise<Browser> | undefined;

/** Builds the pages if their sources changed, and starts the browser once per process. */
export function testBrowser(): Promise<Browser> {
  return (browser ??= (async () => {
    const built = spawnSync(process.execPath, ['dev/build-web.mjs'], { stdio: ['ignore', 2, 2] });
    if (built.status !== 0) throw new Error('the pages do not build');
    const started = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'], // prettier-ignore
    });
    onProcessEnd(() => started.close());
    return started;
  })());
}

export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly clicks: number;
  readonly keys: number;
  /** What the browser complained about. */
  readonly complaints: readonly string[];
  click(target: Locator): Promise<void>;
  type(target: Locator, text: string): Promise<void>;
}

export async function newPerson(
  options: { phone?: boolean; dark?: boolean; cookie?: { base: string; value: string } } = {},
): Promise<Person> {
  const context = await (
    await testBrowser()
  ).newContext({
    viewport: options.phone === true ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    colorScheme: options.dark === true ? 'dark' : 'light',
  });
  context.setDefaultTimeout(process.env['CI'] ? 45_000 : 20_000); // the machine of a CI is shared
  if (options.cookie) {
    const [name = '', value = ''] = options.cookie.value.split('=', 2);
    await context.addCookies([{ name, value, url: options.cookie.base }]);
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  let clicks = 0;
  let keys = 0;
  page.on('pageerror', (error) => complaints.push(error.message));
  // What a page is refused (403, 404) is no fault of the page.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return {
    page,
    context,
    complaints,
    get clicks() {
      return clicks;
    },
    get keys() {
      return keys;
    },
    async click(target) {
      clicks += 1;
      await target.click();
    },
    async type(target, text) {
      keys += text.length;
      await target.fill(text);
    },
  };
}
