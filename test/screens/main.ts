/**
 * `npm run screens [name…]`: pictures of every screen, of what opens on them and of the buyers' pages, on a shop with some
 * business, into docs/screens with an index. Wide and light, then as a phone and dark. With names, only those are made
 * anew, and the index stays.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startFakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { newPerson, testBrowser } from '../support/browser.ts';
import { stopServices, testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';
import { believable, type Believable } from './believable.ts';
import { still } from './look.ts';
import { scenes, takeFirstTask, type Scene } from './scenes.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'docs', 'screens');
const mostBytes = 6 * 1024 * 1024;
const only = new Set(process.argv.slice(2));
const wanted = (name: string): boolean => only.size === 0 || only.has(name);

type Shot = Pick<Scene, 'name' | 'zh' | 'en'>;
const ways = [
  { phone: false, dark: false, suffix: 'wide-light' },
  { phone: true, dark: true, suffix: 'phone-dark' },
] as const;

async function picture(page: Page, file: string): Promise<void> {
  await still(page);
  await page.screenshot({ path: path.join(folder, `${file}.jpg`), type: 'jpeg', quality: 62, animations: 'disabled' });
}

/** The menu's screens, by their address: no later one is forgotten. */
async function menuOf(page: Page): Promise<{ path: string; title: string }[]> {
  const links = await page.locator('.side a').evaluateAll(
    (all) => (all as unknown as { href: string; textContent: string }[]).map(({ href, textContent }) => ({ href, title: textContent })), // prettier-ignore
  );
  return links.map(({ href, title }) => ({ path: new URL(href).pathname.replace(/^\/console\/?/, ''), title }));
}

async function consoleShots(system: System, shop: Believable): Promise<Shot[]> {
  await takeFirstTask(await signedIn(system, 'support', [], { name: '陈店长' }));
  const owner = await signedIn(system, 'owner', [], { name: '王老板', agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36' }); // prettier-ignore
  const cookie = { base: system.base, value: owner.cookie };
  const menus: Record<'zh' | 'en', { path: string; title: string }[]> = { zh: [], en: [] };
  for (const language of ['en', 'zh'] as const) {
    const { page, context } = await newPerson({ cookie });
    await page.addInitScript(`localStorage.setItem('miaofa.language', '${language === 'en' ? 'en' : 'zh-CN'}')`);
    await page.goto(`${system.base}/console`);
    await page.locator('.side a').first().waitFor();
    menus[language] = await menuOf(page);
    await context.close();
  }
  const all: Scene[] = [
    ...menus.zh.map(({ path: at, title }, i) => ({ name: at === '' ? 'home' : at.replaceAll('/', '-'), zh: title, en: menus.en[i]?.title ?? '', path: at })), // prettier-ignore
    ...scenes(shop),
  ];
  for (const { phone, dark, suffix } of ways) {
    const person = await newPerson({ phone, dark, cookie });
    const { page } = person;
    for (const scene of all.filter(({ name }) => wanted(name))) {
      await page.goto(`${system.base}/console/${scene.path}`);
      await page.locator('main h1').waitFor();
      await still(page);
      await scene.open?.(page);
      await picture(page, `${scene.name}-${suffix}`);
    }
    await person.context.close();
  }
  return all;
}

const buyerPages = (shop: Believable): [name: string, zh: string, en: string, address: string][] => [
  ['login', '登录', 'The door', '/console'],
  ['buyer-product', '商品页', 'A product', `/p/${shop.skus[0] ?? ''}`],
  ['buyer-topup', '直充商品页', 'A top-up', `/p/${shop.skus[2] ?? ''}`],
  ['buyer-pay', '付款', 'Paying', `/pickup#${shop.unpaid.token}`],
  ['buyer-waiting', '等待补货', 'Waiting for stock', `/pickup#${shop.waiting.token}`],
  ['buyer-goods', '提货与售后', 'The goods, and an after-sale request', `/pickup#${shop.delivered.token}`],
  ['buyer-query', '订单查询', 'An order is looked up', '/query'],
];

async function buyerShots(system: System, shop: Believable): Promise<Shot[]> {
  const pages = buyerPages(shop);
  for (const { phone, dark, suffix } of ways) {
    const person = await newPerson({ phone, dark });
    const { page } = person;
    for (const [name, , , address] of pages.filter(([one]) => wanted(one))) {
      await page.goto('about:blank');
      await page.goto(system.base + address);
      await page.locator('h1').waitFor();
      if (name === 'buyer-goods') {
        await page.locator('#reveal').click();
        await page.locator('#goods pre').first().waitFor();
        await page.locator('.said').first().waitFor();
      }
      if (name === 'buyer-pay') await page.locator('.pay a, .pay svg').first().waitFor();
      await picture(page, `${name}-${suffix}`);
    }
    await person.context.close();
  }
  return pages.map(([name, zh, en]) => ({ name, zh, en }));
}

function index(groups: Readonly<Record<string, readonly Shot[]>>): string {
  const shot = ({ name, zh, en }: Shot): string[] => [
    `### ${zh} · ${en}`,
    '',
    ...[['wide-light', 640], ['phone-dark', 180]].map(([suffix, width]) => `<img src="${name}-${suffix}.jpg" width="${width}" alt="${zh} · ${en}">`), // prettier-ignore
    '',
  ];
  return [
    '# 界面截图 · Screens',
    '',
    '由 `npm run screens` 在一家有模拟生意的店铺上生成：1440 px 浅色，390 px 深色。',
    'Made by `npm run screens` on a shop with made-up business: 1440 px in light, 390 px in dark.',
    '',
    ...Object.entries(groups).flatMap(([title, shots]) => [`## ${title}`, '', ...shots.flatMap(shot)]),
  ].join('\n');
}

await testBrowser();
const { address } = await testTemporal();
const supplier = await startFakeSupplier({ port: 0 });
const system = await startSystem({ temporal: address, reach: [supplier.url] });
try {
  const shop = await believable(system, supplier);
  mkdirSync(folder, { recursive: true });
  // Pictures of other areas stand in folders beside these.
  const pictures = (): string[] => readdirSync(folder).filter((file) => file.endsWith('.jpg')).map((file) => path.join(folder, file)); // prettier-ignore
  if (only.size === 0) for (const file of pictures()) rmSync(file);
  const inside = await consoleShots(system, shop);
  const groups = {
    '控制台 · The console': inside,
    '买家页与登录 · Buyers and the door': await buyerShots(system, shop),
  };
  if (only.size === 0) writeFileSync(path.join(folder, 'README.md'), index(groups));
  const bytes = pictures().reduce((sum, file) => sum + statSync(file).size, 0);
  process.stdout.write(`${pictures().length} pictures, ${(bytes / 1024 / 1024).toFixed(1)} MB\n`);
  if (bytes > mostBytes) throw new Error('the pictures are too large');
} finally {
  await system.stop();
  await supplier.close();
  await stopServices();
}
process.exit(0);
