/**
 * `npm run screens`: pictures of every screen and of the buyers' pages, on a shop with some days of business, into
 * docs/screens with an index. Wide and light, then as a phone and dark.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { newPerson, testBrowser } from '../support/browser.ts';
import { stopServices, testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';
import { believable, type Believable } from './believable.ts';
import { still } from './look.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'docs', 'screens');
const mostBytes = 6 * 1024 * 1024;

interface Shot {
  readonly name: string;
  readonly title: string;
  readonly group: string;
}

async function picture(page: Page, file: string): Promise<void> {
  await still(page);
  await page.screenshot({ path: path.join(folder, `${file}.jpg`), type: 'jpeg', quality: 62, animations: 'disabled' });
}

/** The screens of the menu, an order, and what stands before the door. */
async function consoleShots(system: System, shop: Believable): Promise<Shot[]> {
  const owner = await signedIn(system, 'owner');
  const shots: Shot[] = [];
  for (const phone of [false, true]) {
    const person = await newPerson({ phone, dark: phone, cookie: { base: system.base, value: owner.cookie } });
    const { page } = person;
    await page.goto(`${system.base}/console`);
    await page.locator('main h1').waitFor();
    const links = await page.locator('.side a').evaluateAll(
      (all) =>
      (all as unknown as { href: string; textContent: string }[]).map(({ href, textContent }) => ({ href, title: textContent })), // prettier-ignore
    );
    const order = { href: `${system.base}/console/orders/${shop.delivered.orderNo}`, title: '订单详情' };
    for (const { href, title } of [...links, order]) {
      const last = new URL(href).pathname.split('/')[2];
      const name = href === order.href ? 'order' : last === undefined || last === '' ? 'home' : last;
      await page.goto(href);
      await page.locator('main h1').waitFor();
      await picture(page, `${name}-${phone ? 'phone-dark' : 'wide-light'}`);
      if (!phone) shots.push({ name, title, group: '控制台 · Console' });
    }
    await person.context.close();
  }
  return shots;
}

async function buyerShots(system: System, shop: Believable): Promise<Shot[]> {
  const pages: [name: string, title: string, address: string][] = [
    ['login', '登录', '/console'],
    ['buyer-product', '商品页', `/p/${shop.skus[0]}`],
    ['buyer-topup', '直充商品页', `/p/${shop.skus[2]}`],
    ['buyer-pay', '付款', `/pickup#${shop.unpaid.token}`],
    ['buyer-waiting', '等待补货', `/pickup#${shop.waiting.token}`],
    ['buyer-goods', '提货与售后', `/pickup#${shop.delivered.token}`],
    ['buyer-query', '订单查询', '/query'],
  ];
  for (const phone of [false, true]) {
    const person = await newPerson({ phone, dark: phone });
    const { page } = person;
    for (const [name, , address] of pages) {
      await page.goto('about:blank');
      await page.goto(system.base + address);
      await page.locator('h1').waitFor();
      if (name === 'buyer-goods') {
        await page.locator('#reveal').click();
        await page.locator('#goods pre').first().waitFor();
        await page.locator('.said').first().waitFor();
      }
      if (name === 'buyer-pay') await page.locator('.pay a, .pay svg').first().waitFor();
      await picture(page, `${name}-${phone ? 'phone-dark' : 'wide-light'}`);
    }
    await person.context.close();
  }
  return pages.map(([name, title]) => ({ name, title, group: '买家页与登录 · Buyers and the door' }));
}

function index(shots: readonly Shot[]): string {
  const groups = [...new Set(shots.map((shot) => shot.group))];
  const lines = groups.flatMap((group) => [
    `## ${group}`,
    '',
    ...shots
      .filter((shot) => shot.group === group)
      .flatMap(({ name, title }) => [
        `### ${title}`,
        '',
        `<img src="${name}-wide-light.jpg" width="640" alt="${title}"> <img src="${name}-phone-dark.jpg" width="180" alt="${title}">`,
        '',
      ]),
  ]);
  return ['# Screens', '', 'Made by `npm run screens` on a shop with made-up business: 1440 px in light, 390 px in dark.', '', ...lines].join('\n'); // prettier-ignore
}

await testBrowser();
const { address } = await testTemporal();
const system = await startSystem({ temporal: address });
try {
  const shop = await believable(system);
  // Pictures of other areas stand in folders beside these.
  for (const file of existsSync(folder) ? readdirSync(folder) : [])
    if (file.endsWith('.jpg')) rmSync(path.join(folder, file));
  mkdirSync(folder, { recursive: true });
  const shots = [...(await consoleShots(system, shop)), ...(await buyerShots(system, shop))];
  writeFileSync(path.join(folder, 'README.md'), index(shots));
  const bytes = readdirSync(folder)
    .filter((file) => file.endsWith('.jpg'))
    .reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
  process.stdout.write(`${shots.length * 2} pictures, ${(bytes / 1024 / 1024).toFixed(1)} MB\n`);
  if (bytes > mostBytes) throw new Error('the pictures are too large');
} finally {
  await system.stop();
  await stopServices();
}
process.exit(0);
