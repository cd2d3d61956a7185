import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { goLive } from '../../db/live.ts';
import { actors } from '../../db/locks.ts';
import { call, openShop, until } from '../../dev/client.ts';
import { fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import { signEpay } from '../../integrations/payments/epay.ts';
import { newPerson, testBrowser, type Person } from '../support/browser.ts';
import { openImporter } from '../support/goods.ts';
import { query } from '../support/paid-orders.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('F1 F2 F3: the buyer’s room', function () {
  this.timeout(120_000);
  let system: System;
  let accountId: number;
  const sku = 'ROOM-1';

  before(async () => {
    await testBrowser();
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, env: { TRUST_PROXY: '1', ALLOW_INSECURE_HTTP: '1' } });
    const { id } = await call<{ id: number }>(`${system.base}/ops/api/payment-accounts`, {
      token: system.opsToken,
      body: { provider: 'epay', mode: 'live', name: 'epay', config: { gateway: system.gateway.url, ...fakeMerchant }, confirmByQuery: false }, // prettier-ignore
    });
    accountId = id;
    await goLive(system.parts.pool, actors.opsToken);
    const goods = openImporter(system);
    const texts = { 'zh-CN': { validity: '365天', instructions: '登录官网充值', page: '感谢购买' } };
    const product = await goods.product({ sku, name: '游戏点卡-腾讯QQ-100元-365天', texts });
    const keys = Array.from({ length: 30 }, (_, i) => `ROOM-KEY-${String(i).padStart(4, '0')}`).join('\n');
    await goods.bring({ mode: 'live', productId: product.id }, Buffer.from(keys));
  });
  after(() => system.stop());

  const buy = (change: object = {}, address = '203.0.113.7'): Promise<Response> =>
    fetch(`${system.base}/api/buyer/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ key: randomUUID(), sku, quantity: 1, email: 'a@example.com', accountId, ...change }),
    });
  interface Opened {
    readonly orderNo: string;
    readonly at: (path: string, body?: object) => Promise<Response>;
  }
  /** An order of ours, with the session of its pickup page; paid and delivered if wanted. */
  const opened = async (pay: boolean, change: object = {}): Promise<Opened> => {
    const bought = (await (await buy(change)).json()) as { orderNo: string; token: string; pay: { url: string } };
    const session = await fetch(`${system.base}/pickup/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: bought.token }),
    });
    const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const { orderNo } = bought;
    if (pay) {
      await fetch(bought.pay.url);
      await system.gateway.pay(orderNo);
      const released = `select from orders where no = $1 and released_at is not null`;
      await until('goods', async () => ((await query(system, released, orderNo)).length ? true : undefined), 20_000);
    }
    const at: Opened['at'] = (path, body) =>
      fetch(`${system.base}/pickup/${orderNo}/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { cookie, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    return { orderNo, at };
  };
  const mailsTo = async (address: string): Promise<number> =>
    (await system.mail.mails()).filter((m) => m.to.includes(address)).length;

  it('F1: the same request from another network is the same order, not a conflict', async () => {
    const key = randomUUID();
    const [first, second] = [await buy({ key }), await buy({ key }, '198.51.100.20')];
    assert.deepEqual([first.status, second.status], [201, 201]);
    const [a, b] = (await Promise.all([first.json(), second.json()])) as { orderNo: string }[];
    assert.equal(a?.orderNo, b?.orderNo);
    assert.equal((await buy({ key, quantity: 2 })).status, 409, 'another request with that key');
  });

  it('F2: the goods are sent again to the contact of the order, three times a day, also if asked ten times at once', async () => {
    const email = `${randomUUID()}@example.com`;
    const { at, orderNo } = await opened(true, { email });
    await until('the first mail', async () => ((await mailsTo(email)) === 1 ? true : undefined), 20_000);
    const shown = (await (await at('resend')).json()) as { to: string; left: number };
    assert.deepEqual(shown, { to: `${email[0] ?? ''}•••@example.com`, left: 3, limit: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => at('resend', {})));
    const codes = answers.map((a) => a.status).sort((a, b) => a - b);
    assert.deepEqual(codes, [202, 202, 202, 429, 429, 429, 429, 429, 429, 429]);
    await until('three more', async () => ((await mailsTo(email)) === 4 ? true : undefined), 20_000);
    const mails = (await system.mail.mails()).filter((m) => m.to.includes(email));
    assert.ok(mails.every((m) => m.text.includes('ROOM-KEY-')));
    const [audited] = await query<{ n: number }>(system, `select count(*)::int as n from audit a join orders o on o.id = a.order_id where o.no = $1 and a.action = 'resent'`, orderNo); // prettier-ignore
    assert.equal(audited?.n, 3);
    assert.equal(((await (await at('resend')).json()) as { left: number }).left, 0);
  });

  it('F2: nothing is sent before the goods are there, and nothing to somebody without the session', async () => {
    const { at, orderNo } = await opened(false);
    assert.equal((await at('resend', {})).status, 409);
    const stranger = await fetch(`${system.base}/pickup/${orderNo}/resend`, { method: 'POST' });
    assert.equal(stranger.status, 403);
    assert.equal((await fetch(`${system.base}/pickup/${orderNo}/pay`, { method: 'POST' })).status, 403);
  });

  it('F1 rule 10: the page says where the money stands: none, some that does not fit, too late to pay', async () => {
    const { at, orderNo } = await opened(false);
    const state = async (): Promise<Record<string, unknown>> => (await (await at('state')).json()) as Record<string, unknown>; // prettier-ignore
    assert.deepEqual([(await state())['state'], (await state())['oddMoney']], ['unpaid', false]);
    const again = (await (await at('pay', {})).json()) as { kind: string; url: string };
    assert.equal(new URL(again.url).origin, new URL(system.gateway.url).origin);
    await fetch(again.url);
    const fields = new Map(system.gateway.notification(orderNo)).set('money', '0.01');
    const form = new URLSearchParams([...fields.set('sign', signEpay(fields, fakeMerchant.key))]);
    await fetch(`${system.base}/notify/epay/${accountId}?${form.toString()}`);
    assert.deepEqual([(await state())['state'], (await state())['oddMoney']], ['unpaid', true]);
    await query(system, `update orders set expires_at = now() where no = $1`, orderNo);
    assert.equal((await at('pay', {})).status, 409);
  });

  it('rule 12: every page and answer is no-store, no-referrer, without anything inline; the order’s number opens nothing', async () => {
    const { at } = await opened(true);
    const answers = [await at('state'), await at('goods', {}), await at('cases'), await at('resend'), ...(await Promise.all(['/query', `/p/${sku}`, '/pickup', '/paid', `/api/buyer/products/${sku}`].map((path) => fetch(system.base + path))))]; // prettier-ignore
    for (const { headers, url, status } of answers) {
      assert.equal(status, 200, url);
      assert.match(headers.get('cache-control') ?? '', /no-store/, url);
      assert.equal(headers.get('referrer-policy'), 'no-referrer', url);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/, url);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/, url);
    }
  });

  it('F1: the buyers’ script is at most 30 KB, packed', async () => {
    const html = await (await fetch(`${system.base}/query`)).text();
    const names = [...html.matchAll(/\/assets\/([\w-]+\.js)/g)].map((m) => m[1] ?? '');
    assert.ok(names.length > 0);
    const folder = new URL('../../dist/web/assets/', import.meta.url);
    const all = readdirSync(folder);
    const size = names.reduce((sum, name) => sum + readFileSync(new URL(`${name}.gz`, folder)).length, 0);
    assert.ok(all.length > 0 && size <= 30 * 1024, `${size} bytes`);
    process.stdout.write(`      script of the buyers' pages: ${(size / 1024).toFixed(1)} KB\n`);
  });

  const show = async (person: Person, orderNo: string, email: string): Promise<void> => {
    const { page } = person;
    await page.goto(`${system.base}/query`);
    await person.type(page.locator('#no'), orderNo);
    await person.type(page.locator('#contact'), email);
    await person.click(page.getByRole('button', { name: '查询' }));
    await page.locator('[role=status]').first().waitFor();
  };

  it('F1 F2 F3: on a phone: find the order, read, copy, save, have it sent again, ask the shop and read the answer', async () => {
    const email = `${randomUUID()}@example.com`;
    const { orderNo } = await opened(true, { email });
    const person = await newPerson({ phone: true });
    const { page } = person;
    await show(person, orderNo, email);
    await person.click(page.getByRole('button', { name: '显示商品' }));
    const key = await page.locator('#goods pre').innerText();
    assert.match(key, /^ROOM-KEY-\d{4}$/);
    await page.getByText('登录官网充值').waitFor();
    await page.getByText('有效期：365天').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), person.click(page.locator('#download'))]);
    assert.equal(download.suggestedFilename(), `${orderNo}.txt`);
    assert.equal(readFileSync(await download.path(), 'utf8'), `${key}\n`);
    await person.click(page.locator('#resend'));
    await page.getByText('今天还可发送 2 次').waitFor();

    await person.click(page.locator('#after-sale summary'));
    await page.locator('#kind').selectOption('bad_key');
    await person.type(page.locator('#ask'), '卡密提示已使用');
    await person.click(page.locator('#after-sale button'));
    await page.getByText('等待店铺处理').waitFor();
    const api = <T>(path: string, body?: object): Promise<T> => call<T>(`${system.base}/api/console/${path}`, { token: system.opsToken, body }); // prettier-ignore
    const { cases } = await api<{ cases: { no: string; orderNo: string }[] }>('cases?open=true');
    const no = cases.find((c) => c.orderNo === orderNo)?.no ?? '';
    await api(`cases/${no}/messages`, { text: '请发截图', ask: true });
    // Loaded again, the page has its order by the session, and what was said in between.
    await page.reload();
    await page.getByText('请发截图').waitFor();
    await person.type(page.locator(`#say-${no}`), '截图如下');
    await person.click(page.locator('.case button'));
    await page.locator('.said.mine').getByText('截图如下').waitFor();
    await person.click(page.getByRole('button', { name: '显示商品' }));
    await page.getByText(key).waitFor();
    await api(`cases/${no}/decision`, { id: randomUUID(), decision: 'replace', text: '已为您更换' });
    await page.getByText('已更换，请重新查看商品').waitFor();
    await person.click(page.getByRole('button', { name: '显示商品' }));
    assert.notEqual(await page.locator('#goods pre').innerText(), key);
    assert.deepEqual([...person.complaints], []);
  });

  it('F1: a buyer who pays late sees it in two seconds, or the moment they come back; a page left open for long asks less', async () => {
    const bought = (await (await buy({ email: 'late@example.com' })).json()) as { token: string };
    const { page } = await newPerson({ phone: true });
    await page.clock.install();
    let looks = 0;
    let answered = 0;
    const isLook = (request: { url(): string }): boolean => request.url().endsWith('/state');
    page.on('request', (request) => {
      if (isLook(request)) looks++;
    });
    for (const end of ['requestfinished', 'requestfailed'] as const)
      page.on(end as 'requestfinished', (request) => {
        if (isLook(request)) answered++;
      });
    /** Looks of the page in that time of its own clock, each with its answer: from then on it counts to the next. */
    const within = async (ms: number): Promise<number> => {
      const before = looks;
      await page.clock.runFor(ms);
      await until('the answers', () => Promise.resolve(answered >= looks ? true : undefined), 20_000, 5);
      await page.evaluate(() => fetch('/healthz').then((answer) => answer.text()));
      return looks - before;
    };
    await page.goto(`${system.base}/pickup#${bought.token}`);
    await page.getByRole('link', { name: '打开支付页面' }).waitFor();
    for (let i = 0; i < 20; i++) await within(500);
    for (let i = 0; i < 5; i++) assert.equal(await within(2_000), 1, 'soon after opening');
    await page.clock.fastForward(11 * 60_000);
    for (let i = 0; i < 20; i++) await within(2_000);
    let slow = 0;
    for (let i = 0; i < 15; i++) slow += await within(2_000);
    assert.ok(slow >= 2 && slow <= 4, `${slow} looks in 30 s, long after`);
    for (let i = 0; i < 5 && (await within(2_000)) === 0; i++);
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
    assert.equal(await within(500), 1, 'back at the page');
    let often = 0;
    for (let i = 0; i < 10; i++) {
      await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
      often += await within(100);
    }
    assert.ok(often <= 3, `${often} looks in a second of to and fro`);
    await page.getByRole('link', { name: '打开支付页面' }).dispatchEvent('click');
    for (let i = 0; i < 8; i++) await within(2_000);
    for (let i = 0; i < 5; i++) assert.equal(await within(2_000), 1, 'the way to pay was used');
  });

  it('自选卡号: a buyer looks for a number, the surcharge is in the sum, the number that somebody else took is refused by name and the list is new', async () => {
    const chosen = 'ROOM-NO';
    await openImporter(system).product({ sku: chosen, name: '靓号', cardUse: 'chosen', maxQuantity: 1, priceMinor: 1000, partLabels: ['账号', '口令'] }); // prettier-ignore
    const shop = await openShop(system.base, system.opsToken, { name: 'live', mode: 'live' });
    const cards = ['13800008888', '13800000001', '13800000002'].map((number, i) => ({ parts: [number, `pw-${i}`], surchargeMinor: i === 0 ? 5000 : 0 })); // prettier-ignore
    await call(`${system.base}/api/v1/products/${chosen}/cards`, { token: shop.apiKey, body: { cards } });
    const person = await newPerson({ phone: true });
    const { page } = person;
    await page.goto(`${system.base}/p/${chosen}`);
    await page.getByText('13800000002').waitFor();
    await person.type(page.locator('#search'), '8888');
    await page.getByText('13800000002').waitFor({ state: 'detached' });
    await person.click(page.getByText('13800008888'));
    assert.equal(await page.locator('.total').innerText(), '¥60.00');
    await person.type(page.locator('#email'), 'c@example.com');
    assert.equal((await buy({ sku: chosen, number: '13800008888' })).status, 201, 'somebody was faster');
    await person.click(page.getByRole('button', { name: '去支付' }));
    await page
      .getByText(/卡号已被/)
      .first()
      .waitFor();
    await page.getByText('没有符合的号码').waitFor();
    await person.type(page.locator('#search'), '0001');
    await person.click(page.getByText('13800000001'));
    await person.click(page.getByRole('button', { name: '去支付' }));
    const link = page.getByRole('link', { name: '打开支付页面' });
    await link.waitFor();
    const orderNo = /M[0-9A-Z]{15,}/.exec(await page.locator('main').innerText())?.[0] ?? '';
    await fetch((await link.getAttribute('href')) ?? '');
    await system.gateway.pay(orderNo);
    await person.click(page.getByRole('button', { name: '显示商品' }));
    await page.locator('.key').waitFor();
    assert.deepEqual(await page.locator('.label').allInnerTexts(), ['账号', '口令']);
    assert.deepEqual(await page.locator('pre').allInnerTexts(), ['13800000001', 'pw-1']);
    assert.deepEqual([...person.complaints], []);
  });

  it('B6 F1: a top-up asks for its account, says at once what is wrong with it, and the server thinks the same', async () => {
    const topUp = 'ROOM-QB';
    const goods = openImporter(system);
    const made = await goods.product({ sku: topUp, name: 'Q币-腾讯QQ-10元', kind: 'topup' });
    const body = { labelZh: 'QQ号', labelEn: 'QQ number', pattern: '[1-9][0-9]{4,10}', example: '12345678' };
    await call(`${system.base}/api/console/products/${topUp}/topup`, { token: system.opsToken, method: 'PUT', body });
    assert.ok(made.id);
    const code = async (change: object): Promise<string> => ((await (await buy({ sku: topUp, ...change })).json()) as { error: { code: string } }).error.code; // prettier-ignore
    assert.equal(await code({}), 'TARGET_MISSING');
    assert.equal(await code({ account: '012' }), 'TARGET_INVALID');
    const person = await newPerson({ phone: true });
    const { page } = person;
    await page.goto(`${system.base}/p/${topUp}`);
    await person.type(page.locator('#email'), 'b@example.com');
    await person.type(page.getByLabel('QQ号'), '12a');
    const said = async (): Promise<unknown> =>
      page
        .locator('#account')
        .evaluate((input) => (input as unknown as { validationMessage: string }).validationMessage);
    assert.equal(await said(), 'QQ号格式不正确，例如 12345678');
    await person.type(page.getByLabel('QQ号'), '12345678');
    assert.equal(await said(), '');
    await person.click(page.getByRole('button', { name: '去支付' }));
    await page.getByText('等待付款').waitFor();
    // Another tab of the same buyer has no secret of this one, and finds the way to pay by the session.
    await page.evaluate('sessionStorage.clear()');
    await page.reload();
    await page.getByRole('link', { name: '打开支付页面' }).waitFor();
    assert.deepEqual([...person.complaints], []);
  });
});
