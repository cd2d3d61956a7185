/**
 * Pictures of Temporal Web UI for docs/operations.md: a stack of its own, orders in every kind of trouble, a real Chromium
 * through /ops/temporal/. `npm run screens:temporal`; needs Chromium (CHROMIUM names it).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Locator, type Page } from 'playwright-core';
import { signSandbox } from '../../integrations/payments/sandbox.ts';
import { call, openShop, until, type Shop } from '../client.ts';
import { freePort } from '../embedded/ports.ts';
import { readSettings } from '../embedded/settings.ts';
import { fakeSupplierLogin, startFakeSupplier } from '../fakes/acg-supplier.ts';
import { startStack } from '../start.ts';

const folder = path.join(import.meta.dirname, '..', '..', ...(import.meta.dirname.includes('dist') ? ['..'] : []), 'docs', 'screens', 'operations'); // prettier-ignore
mkdirSync(folder, { recursive: true });
const data = mkdtempSync(path.join(tmpdir(), 'miaofa-screens-'));
const supplier = await startFakeSupplier({ port: await freePort() });
const env = { ...process.env, MIAOFA_DATA: data, PORT: process.env['PORT'] ?? '4170' };
const settings = readSettings(env);
const stack = await startStack({ settings, env: { ...env, OUTBOUND_ALLOW: new URL(supplier.url).host }, say: () => undefined }); // prettier-ignore
const base = settings.publicUrl;
const opsToken = readFileSync(settings.opsTokenFile, 'utf8').trim();

interface Played {
  readonly waiting: string;
  readonly retrying: string;
  readonly done: string;
}

/** One order that is done, some that wait for keys, one between two tries, some with people. */
async function play(): Promise<Played> {
  const shop: Shop = await openShop(base, opsToken, { name: '演示店铺', mode: 'test' });
  const secret = randomBytes(24).toString('hex');
  const ask = <T>(at: string, options: Parameters<typeof call>[1] = {}): Promise<T> => call<T>(`${base}${at}`, { token: opsToken, ...options }); // prettier-ignore
  const { id: accountId } = await ask<{ id: number }>('/ops/api/payment-accounts', { body: { provider: 'sandbox', mode: 'test', name: '沙箱', config: { secret } } }); // prettier-ignore
  const paid = async (sku: string): Promise<string> => {
    const { orderNo } = await shop.order({ sku, accountId, email: 'buyer@example.com' });
    const { order } = await call<{ order: { amountMinor: number } }>(`${base}/api/v1/orders/${orderNo}`, { token: shop.apiKey }); // prettier-ignore
    const body = JSON.stringify({ orderNo, tradeNo: `sb-${orderNo}`, amountMinor: order.amountMinor, currency: 'CNY', status: 'paid' }); // prettier-ignore
    const signature = signSandbox(secret, Math.floor(Date.now() / 1000), body);
    await fetch(`${base}/notify/sandbox/${accountId}`, { method: 'POST', body, headers: { 'miaofa-sandbox-signature': signature } }); // prettier-ignore
    return orderNo;
  };
  const reaches = (orderNo: string, state: string): Promise<true> =>
    until(state, async () => ((await shop.read(orderNo)).state === state ? true : undefined), 30_000, 50);
  const act = (orderNo: string, kind: string, note: string): Promise<unknown> =>
    ask(`/api/console/orders/${orderNo}/actions`, { body: { id: randomUUID(), kind, note } });

  await shop.createProduct({ sku: 'QQ-100', name: '游戏点卡-腾讯QQ-100元-365天', priceMinor: 9800 });
  await shop.createProduct({ sku: 'STEAM-50', name: '充值卡-Steam-50元-长期', priceMinor: 4990 });
  await shop.createProduct({ sku: 'MOVIE-30', name: '会员-视频月卡-30天', priceMinor: 1500 });
  supplier.stock('UP-1', 1000);
  supplier.misbehave('no-stock');
  const { id: supplierId } = await ask<{ id: number }>('/api/console/suppliers', { body: { kind: 'acg-faka', mode: 'test', name: '上游一号', config: { site: supplier.url, ...fakeSupplierLogin } } }); // prettier-ignore
  await ask('/api/console/products/MOVIE-30/sources', { method: 'PUT', body: { poolUse: 'never', sources: [{ supplierId, supplierSku: 'UP-1' }] } }); // prettier-ignore

  await shop.addCards('QQ-100', [randomUUID(), randomUUID()]);
  const done = await paid('QQ-100');
  await paid('QQ-100');
  const waiting = await paid('STEAM-50');
  for (let i = 0; i < 3; i++) await paid('STEAM-50');
  const handed = await paid('STEAM-50');
  const retrying = await paid('MOVIE-30');
  await Promise.all([reaches(done, 'delivered'), reaches(waiting, 'waiting_stock'), reaches(handed, 'waiting_stock')]);
  await act(handed, 'hand_over', '买家来电询问');
  await reaches(handed, 'attention');
  return { waiting, retrying, done };
}

/** What the pictures show. The pages of the Web UI have no stable names for their parts: texts are looked for. */
async function shoot(page: Page, played: Played): Promise<void> {
  const ui = `${base}/ops/temporal/namespaces/default/workflows`;
  const shown = (what: Locator): Locator => what.filter({ visible: true }).first();
  const save = async (name: string, ready: Locator): Promise<void> => {
    await shown(ready).waitFor();
    await page.waitForTimeout(1_200); // its animations
    await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
  };
  const open = async (orderNo: string, tab: string): Promise<void> => {
    await page.goto(`${ui}/order-${orderNo}`);
    await shown(page.getByTestId(`${tab}-tab`)).click();
  };
  const choose = async (entry: string): Promise<void> => {
    await open(played.waiting, 'timeline');
    await shown(page.getByRole('button', { name: 'More Actions' })).click();
    await shown(page.getByTestId(entry)).click();
  };
  await page.goto(`${ui}?query=${encodeURIComponent("OrderState != 'paid'")}`);
  await save('1-find', page.locator('a[href*="/workflows/order-"]'));
  await open(played.waiting, 'timeline');
  await save('2-timer', page.getByText('升级给店主'));
  await open(played.waiting, 'user-metadata');
  await page.waitForTimeout(3_000);
  await save('3-details', page.getByText('Details'));
  await open(played.retrying, 'pending-activities');
  await page.waitForTimeout(3_000);
  await save('4-retry', page.getByText('purchase'));
  await open(played.done, 'history');
  await save('5-delivered', page.getByText('sendMail'));
  await choose('signal-button');
  await save('6-signal', page.getByRole('button', { name: 'Submit' }));
  await choose('reset-button');
  await save('7-reset', page.getByRole('button', { name: 'Confirm' }));
}

try {
  const played = await play();
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] }); // prettier-ignore
  const page = await browser.newPage({ viewport: { width: 1200, height: 760 }, locale: 'zh-CN' });
  await page.goto(`${base}/ops/login#${opsToken}`);
  await page.locator('#links').waitFor({ state: 'visible' });
  await shoot(page, played);
  await browser.close();
} finally {
  await stack.stop();
  await supplier.close();
  rmSync(data, { recursive: true, force: true });
}
process.exit(0);
