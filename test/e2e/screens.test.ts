import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { until } from '../../dev/client.ts';
import { startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { newPerson, testBrowser, type Person } from '../support/browser.ts';
import { testTemporal } from '../support/services.ts';
import { signedIn, type StaffClient } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';
import { believable, type Believable } from '../screens/believable.ts';
import { scenes, takeFirstTask, type Scene } from '../screens/scenes.ts';
import type { EquippedWords } from '../screens/equipped.ts';
import { barriers, still, untranslated } from '../screens/look.ts';

const plain: EquippedWords = {
  supplier: 'Supply one',
  template: 'Template one',
  instructions: 'Type it in',
  channel: 'Robot one',
  store: 'Store one',
  rule: 'Rule one',
  remark: 'Invoice please',
  staff: ['Person one', 'Person two'],
  shop: 'Shop one',
  imported: 'Sheet goods',
  refund: 'Wrong one',
};
const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

describe('E5: every screen and every page of buyers', function () {
  this.timeout(process.env['SCREENS'] === 'all' ? 1_200_000 : 240_000);
  let system: System;
  let supplier: FakeSupplier;
  let shop: Believable;
  let owner: StaffClient;
  const data = [
    'Plain goods',
    'Other goods',
    'Account to fill',
    'Gateway one',
    'The key was used',
    'We look into it',
    'owner-',
    'support-',
    'lin',
    'zhou',
    'acg-faka',
    'rewrite / query',
    'goods',
    ...Object.values({ ...plain }).flat(),
    'epay',
    'shop',
  ];

  before(async () => {
    await testBrowser();
    const { address } = await testTemporal();
    supplier = await startFakeSupplier({ port: 0 });
    system = await startSystem({ temporal: address, reach: [supplier.url] });
    owner = await signedIn(system, 'owner');
    // In neither language of a page: what is data is told from what the page says.
    shop = await believable(system, supplier, { products: ['Plain goods', 'Other goods', 'Account to fill'], account: 'Gateway one', question: 'The key was used', answer: 'We look into it', equipped: plain }); // prettier-ignore
    await takeFirstTask(await signedIn(system, 'support'));
  });
  after(async () => {
    await system.stop();
    await supplier.close();
  });

  /** Until the page has taken the theme on: its own style follows a moment later. */
  const scheme = async (page: Page, colorScheme: 'light' | 'dark'): Promise<void> => {
    await page.emulateMedia({ colorScheme });
    const taken = `!document.documentElement.dataset.theme || document.documentElement.dataset.theme === '${colorScheme}'`;
    await until(colorScheme, async () => ((await page.evaluate(taken)) === true ? true : undefined), 10_000);
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))'); // prettier-ignore
  };
  /** In both themes and both widths, without loading it again. */
  const everyWay = async (page: Page): Promise<string[]> => {
    const found: string[] = [];
    await page.mouse.move(0, 0);
    const look = async (name: string, contrast: boolean): Promise<void> => {
      await still(page);
      found.push(...(await barriers(page, contrast)).map((problem) => `${name}: ${problem}`));
    };
    await look('wide, light', false);
    await scheme(page, 'dark');
    await look('wide, dark', true);
    await page.setViewportSize(phone);
    await look('phone, dark', false);
    await scheme(page, 'light');
    await look('phone, light', true);
    await page.setViewportSize(wide);
    return found;
  };
  const inside = async (language: 'zh-CN' | 'en'): Promise<Person> => {
    const person = await newPerson({ cookie: { base: system.base, value: owner.cookie } });
    await person.page.addInitScript(`if (origin !== 'null') localStorage.setItem('miaofa.language', '${language}')`);
    await person.page.goto(`${system.base}/console`);
    await person.page.locator('.side a').first().waitFor();
    return person;
  };
  /** As the menu has them, so that no later screen is forgotten; and what opens on them. */
  const all = async (page: Page): Promise<Pick<Scene, 'name' | 'path' | 'open'>[]> => [
    ...(await page.locator('.side a').evaluateAll((links) => links.map((a) => String((a as { href?: string }).href)))).map(
      (href) => ({ name: new URL(href).pathname, path: new URL(href).pathname.replace(/^\/console\/?/, '') }),
    ),
    ...scenes(shop),
  ]; // prettier-ignore
  /** Most of the time goes into them: `SCREENS=all npm test -- test/e2e/screens.test.ts` looks at each, in minutes. */
  const looked = async (page: Page): Promise<Pick<Scene, 'name' | 'path' | 'open'>[]> => {
    const found = await all(page);
    assert.ok(found.length > 40);
    if (process.env['SCREENS'] === 'all') return found;
    return found.filter(({ name }) => ['queue-taken', 'order-refund', '/console/rules'].includes(name));
  };
  const open = async (page: Page, scene: Pick<Scene, 'path' | 'open'>): Promise<void> => {
    const link = page.locator(`.side a[href="/console/${scene.path}"]`);
    if (!scene.open && (await link.count()) > 0 && !(await page.locator('.ant-modal, .ant-drawer-open').count()))
      await link.click();
    else await page.goto(`${system.base}/console/${scene.path}`);
    await page.locator('main h1').waitFor();
    await still(page);
    await scene.open?.(page);
    await still(page);
  };

  it('no serious barrier, in light and dark, at 1440 and 390 px; nothing on zh-CN that is not translated; no error of the page', async () => {
    const person = await inside('zh-CN');
    const { page } = person;
    const found: string[] = [];
    for (const scene of await looked(page)) {
      await open(page, scene);
      const problems = [...(await untranslated(page, 'zh-CN', [...data, ...shop.skus])), ...(await everyWay(page))];
      found.push(...problems.map((problem) => `${scene.name}: ${problem}`));
    }
    assert.equal(found.length, 0, `\n${found.join('\n')}`);
    assert.deepEqual([...person.complaints], []);
  });

  it('English is complete: no Han character but of data', async () => {
    const person = await inside('en');
    const { page } = person;
    const found: string[] = [];
    for (const scene of await looked(page)) {
      await open(page, scene);
      found.push(...(await untranslated(page, 'en', ['中文', '测试点卡'])).map((p) => `${scene.name}: ${p}`)); // prettier-ignore
    }
    assert.equal(found.length, 0, `\n${found.join('\n')}`);
    assert.deepEqual([...person.complaints], []);
  });

  it('F1 F3: the buyers’ pages and the door: no serious barrier, translated, without an error', async () => {
    const found: string[] = [];
    const pages = ['/console', `/p/${shop.skus[0]}`, `/p/${shop.skus[2]}`, '/query', '/paid', `/pickup#${shop.delivered.token}`, `/pickup#${shop.waiting.token}`, `/pickup#${shop.unpaid.token}`]; // prettier-ignore
    for (const language of ['zh-CN', 'en'] as const) {
      const person = await newPerson();
      const { page } = person;
      await page.addInitScript(`if (origin !== 'null') localStorage.setItem('miaofa.language', '${language}')`);
      for (const path of pages) {
        await page.goto('about:blank');
        await page.goto(system.base + path);
        await page.locator('h1').waitFor();
        const reveal = page.locator('#reveal');
        if (path.endsWith(shop.delivered.token)) {
          await reveal.click();
          await page.locator('#goods pre').first().waitFor();
          await page.locator('.said').first().waitFor();
          await page.locator('#after-sale summary').click();
        }
        const words = await untranslated(page, language, [...data, ...shop.skus, '中文']);
        const problems = language === 'en' ? words : [...words, ...(await everyWay(page))];
        found.push(...problems.map((p) => `${language} ${path.replace(/#.*/, '#…')}: ${p}`));
      }
      found.push(...person.complaints);
    }
    assert.equal(found.length, 0, `\n${found.join('\n')}`);
  });

  it('the door is at most 220 KB, packed; the console behind it, with its home, 150 KB more, and each screen 150 KB more than that', () => {
    type Manifest = Record<string, { file: string; imports?: string[]; css?: string[]; isDynamicEntry?: boolean }>;
    const folder = new URL('../../dist/web/', import.meta.url);
    const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', folder), 'utf8')) as Manifest;
    const filesOf = (name: string, files = new Set<string>()): Set<string> => {
      const chunk = manifest[name];
      if (!chunk || files.has(chunk.file)) return files;
      for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
      for (const next of chunk.imports ?? []) filesOf(next, files);
      return files;
    };
    const kilobytes = (files: Iterable<string>, loaded: ReadonlySet<string>): number =>
      [...files].filter((file) => !loaded.has(file)).reduce((sum, file) => sum + statSync(new URL(`${file}.gz`, folder)).size, 0) / 1024; // prettier-ignore
    const door = filesOf('index.html');
    const behind = new Set([...door, ...filesOf('shell/inside.tsx'), ...filesOf('screens/home.tsx')]);
    const sizes = Object.keys(manifest)
      .filter((name) => name.startsWith('screens/') && manifest[name]?.isDynamicEntry)
      .map((name): [string, number] => [name, kilobytes(filesOf(name), behind)])
      .sort((a, b) => b[1] - a[1]);
    const [largest] = sizes;
    const [first, second] = [kilobytes(door, new Set()), kilobytes(behind, door)];
    process.stdout.write(`      door ${first.toFixed(0)} KB, console ${second.toFixed(0)} KB more, largest screen ${largest?.[0] ?? ''} ${largest?.[1].toFixed(0) ?? ''} KB more\n`); // prettier-ignore
    assert.ok(sizes.length > 15);
    assert.ok(first <= 220 && second <= 150);
    assert.deepEqual(sizes.filter(([, size]) => size > 150), []); // prettier-ignore
  });
});
