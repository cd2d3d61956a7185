import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { onEnd, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('rules 12 and 15: the doors', function () {
  this.timeout(60_000);
  let system: System;
  let order: PlacedOrder;
  let other: PlacedOrder;
  const key = `DOOR-${randomUUID()}`;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, env: { TRUST_PROXY: '1' } });
    await system.shop.addCards(system.sku, [key, randomUUID()]);
    order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    other = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.deepEqual(await until('goods', () => pickup.goods(), 15_000), [key]);
  });
  after(() => system.stop());

  const to = (path: string, options: RequestInit = {}): Promise<Response> =>
    fetch(`${system.base}${path}`, { redirect: 'manual', ...options });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    to(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const codeOf = async (answer: Response): Promise<string> =>
    ((await answer.json()) as { error: { code: string } }).error.code;
  const exchange = (pickupUrl: string): Promise<Response> =>
    post('/pickup/session', { token: new URL(pickupUrl).hash.slice(1) });
  const cookieOf = (answer: Response): string => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const forwarded = (proto: string) => ({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': proto });

  it('the order number opens nothing: not by itself, not with the cookie of another order, not with a guess', async () => {
    const foreign = cookieOf(await exchange(other.pickupUrl));
    for (const headers of [
      {},
      { cookie: foreign },
      { cookie: 'miaofa_pickup=' },
      { cookie: `miaofa_pickup=${order.orderNo}` },
    ]) {
      const state = await to(`/pickup/${order.orderNo}/state`, { headers });
      assert.equal(await codeOf(state), 'PICKUP_DENIED');
      const goods = await to(`/pickup/${order.orderNo}/goods`, { method: 'POST', headers });
      const text = await goods.text();
      assert.ok(goods.status >= 400 && !text.includes(key));
    }
    for (const token of [order.orderNo, '', 'A'.repeat(22), { $ne: '' }, new URL(other.pickupUrl).hash]) {
      assert.equal(await codeOf(await post('/pickup/session', { token })), 'PICKUP_DENIED');
    }
    assert.equal((await to(`/api/v1/orders/${order.orderNo}`)).status, 401);
  });

  it('F1 rule 12: the session of one order opens no other, on no route of the page, also with both cookies', async () => {
    const [mine, foreign] = [cookieOf(await exchange(order.pickupUrl)), cookieOf(await exchange(other.pickupUrl))];
    const routes = [
      ['GET', 'state'],
      ['POST', 'goods'],
      ['POST', 'pay'],
      ['GET', 'resend'],
      ['POST', 'resend'],
      ['GET', 'cases'],
      ['POST', 'cases'],
      ['POST', 'cases/AS2611240000000000/messages'],
    ] as const;
    const body = JSON.stringify({ kind: 'other', text: '我的订单' });
    const ask = (no: string, method: string, path: string, cookie: string): Promise<Response> =>
      to(`/pickup/${no}/${path}`, {
        method,
        headers: { cookie, 'content-type': 'application/json' },
        ...(method === 'POST' && { body }),
      });
    for (const [method, path] of routes) {
      for (const [no, cookie] of [
        [order.orderNo, foreign],
        [order.orderNo, `${foreign}; ${mine}`],
        [other.orderNo, mine],
        [other.orderNo, `${mine}; ${foreign}`],
      ] as const) {
        const answer = await ask(no, method, path, cookie);
        assert.deepEqual([answer.status, await codeOf(answer)], [403, 'PICKUP_DENIED'], `${method} ${path}`);
      }
    }
    const { rows } = await system.parts.pool.query('select from cases');
    assert.equal(rows.length, 0);
    assert.ok((await (await ask(order.orderNo, 'POST', 'goods', `${mine}; ${foreign}`)).text()).includes(key));
  });

  it('the token is in the fragment, which no server sees, and is stored hashed only', async () => {
    const url = new URL(order.pickupUrl);
    assert.match(url.hash, /^#[\w-]{22}$/);
    assert.equal(url.search, '');
    assert.ok(!url.pathname.includes(order.orderNo));
    const { rows } = await system.parts.pool.query<{ line: string }>(
      'select row_to_json(o)::text as line from orders o',
    );
    assert.ok(!rows.some(({ line }) => line.includes(url.hash.slice(1))));
  });

  it('the cookie is HttpOnly, SameSite=Strict and of one order; with an https base it is Secure', async () => {
    const [set = ''] = (await exchange(order.pickupUrl)).headers.getSetCookie();
    for (const flag of ['HttpOnly', 'SameSite=Strict', `Path=/pickup/${order.orderNo};`, 'Max-Age=3600']) {
      assert.ok(`${set};`.includes(flag), `${flag} in ${set}`);
    }
    assert.ok(!set.includes('Secure'), 'http://localhost would not send it back');
    const secure = await startSystem({ env: { PUBLIC_URL: 'https://shop.example.com', TRUST_PROXY: '1' } });
    const placed = await secure.shop.order({ sku: secure.sku, accountId: secure.sandbox });
    assert.ok(placed.pickupUrl.startsWith('https://shop.example.com/pickup#'));
    const answer = await fetch(`${secure.base}/pickup/session`, {
      method: 'POST',
      body: JSON.stringify({ token: new URL(placed.pickupUrl).hash.slice(1) }),
      headers: { 'content-type': 'application/json' },
    });
    assert.match(answer.headers.getSetCookie()[0] ?? '', /; Secure/);
    assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=\d{8}/);
    await secure.stop();
  });

  it('GET shows state only; goods come by POST, audited; nothing is cached and no referrer is sent', async () => {
    const cookie = cookieOf(await exchange(order.pickupUrl));
    const state = await to(`/pickup/${order.orderNo}/state`, { headers: { cookie } });
    const text = await state.text();
    assert.ok(text.includes('"released":true') && !text.includes(key));
    const byGet = await to(`/pickup/${order.orderNo}/goods`, { headers: { cookie } });
    assert.ok(byGet.status === 404 && !(await byGet.text()).includes(key));
    const seen = async (): Promise<number> => {
      const { rows } = await system.parts.pool.query<{ n: number }>(
        `select count(*)::int as n from audit where action = 'revealed'`,
      );
      return rows[0]?.n ?? 0;
    };
    const before = await seen();
    const goods = await to(`/pickup/${order.orderNo}/goods`, { method: 'POST', headers: { cookie } });
    assert.ok((await goods.text()).includes(key));
    assert.equal(await seen(), before + 1, 'each look is audited');
    const pages = [
      state,
      byGet,
      goods,
      await to('/pickup'),
      await to('/pickup/nothing/state'),
      await exchange('http://x/#no'),
    ];
    for (const answer of pages) {
      assert.equal(answer.headers.get('cache-control'), 'no-store', answer.url);
      assert.equal(answer.headers.get('referrer-policy'), 'no-referrer', answer.url);
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    }
  });

  it('a session that has ended opens nothing', async () => {
    const cookie = cookieOf(await exchange(order.pickupUrl));
    await system.parts.pool.query(`update pickup_sessions set expires_at = now()`);
    assert.equal(await codeOf(await to(`/pickup/${order.orderNo}/state`, { headers: { cookie } })), 'PICKUP_DENIED');
  });

  it('plain http from elsewhere is refused, and allowed only by ALLOW_INSECURE_HTTP; health answers always', async () => {
    for (const path of ['/pickup', '/api/v1/openapi.json', '/ops/login', `/notify/sandbox/${system.sandbox}`]) {
      assert.equal(await codeOf(await to(path, { headers: forwarded('http') })), 'INSECURE_HTTP', path);
    }
    assert.equal((await to('/pickup', { headers: forwarded('https') })).status, 200);
    assert.equal((await to('/pickup')).status, 200, 'the machine itself');
    assert.equal((await to('/healthz', { headers: forwarded('http') })).status, 200);
    const open = await startSystem({ env: { TRUST_PROXY: '1', ALLOW_INSECURE_HTTP: '1' } });
    assert.equal((await fetch(`${open.base}/pickup`, { headers: forwarded('http') })).status, 200);
    await open.stop();
    // Without a named proxy nobody is believed to be one.
    const bare = await startSystem();
    assert.equal((await fetch(`${bare.base}/pickup`, { headers: forwarded('http') })).status, 200);
    await bare.stop();
  });

  it('/ops/: nothing behind it answers without the token; the token becomes a cookie of /ops', async () => {
    for (const path of [
      '/ops/temporal/',
      '/ops/temporal/api/v1/namespaces',
      '/ops/temporal/render?content=x',
      '/ops/mail/',
      '/ops/mail/api/messages',
    ]) {
      const page = await to(path, { headers: { accept: 'text/html' } });
      assert.equal(page.status, 302, path);
      assert.match(page.headers.get('location') ?? '', /^\/ops\/login#/);
      for (const headers of [{ accept: 'application/json' }, { authorization: 'Bearer wrong-token-of-some-length' }]) {
        assert.equal((await to(path, { headers: { accept: 'application/json', ...headers } })).status, 401, path);
      }
    }
    assert.equal((await post('/ops/codec/decode', { payloads: [] })).status, 401);
    assert.equal((await post('/ops/session', { token: 'wrong' })).status, 401);
    const right = await post('/ops/session', { token: system.opsToken });
    const [set = ''] = right.headers.getSetCookie();
    for (const flag of ['HttpOnly', 'SameSite=Lax', 'Path=/ops']) assert.ok(set.includes(flag), flag);
    assert.ok(!set.includes(system.opsToken));
    assert.equal((await to('/ops/mail/', { headers: { cookie: cookieOf(right) } })).status, 200);
    const details = await to(`/ops/temporal/render?content=${encodeURIComponent('**卡密池为空**\n\n<script>x</script>')}`, { headers: { cookie: cookieOf(right) } }); // prettier-ignore
    assert.match(details.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'self'/);
    const shown = await details.text();
    assert.ok(shown.includes('<b>卡密池为空</b>') && !shown.includes('<script>'), 'G1: details of a workflow, as text');
    const forged = cookieOf(right).replace(/\d(?=\.)/, (digit) => (digit === '9' ? '8' : '9'));
    assert.equal((await to('/ops/mail/api/messages', { headers: { cookie: forged, accept: '*/*' } })).status, 302);
  });

  it('a mutation by cookie must come from our own pages', async () => {
    const cookie = cookieOf(await post('/ops/session', { token: system.opsToken }));
    const decode = (headers: Record<string, string>) =>
      post('/ops/codec/decode', { payloads: [] }, { cookie, ...headers });
    assert.equal((await decode({})).status, 401);
    assert.equal((await decode({ origin: 'https://evil.example' })).status, 401);
    assert.equal((await decode({ origin: system.base })).status, 200);
    assert.equal((await decode({ 'sec-fetch-site': 'same-origin' })).status, 200);
    assert.equal((await decode({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).status, 401);
  });

  it('our cookies and tokens are not passed on to what is behind', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const behind = http.createServer((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    });
    await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => behind.close(resolve)));
    const { port } = behind.address() as AddressInfo;
    const proxied = await startSystem({ env: { MAIL_UI_URL: `http://127.0.0.1:${port}` } });
    const signedIn = await fetch(`${proxied.base}/ops/session`, {
      method: 'POST',
      body: JSON.stringify({ token: proxied.opsToken }),
      headers: { 'content-type': 'application/json' },
    });
    await fetch(`${proxied.base}/ops/mail/`, { headers: { cookie: `theirs=1; ${cookieOf(signedIn)}` } });
    await fetch(`${proxied.base}/ops/mail/`, { headers: { authorization: `Bearer ${proxied.opsToken}` } });
    await proxied.stop();
    assert.equal(seen.length, 2);
    assert.ok(seen[0]?.cookie?.includes('theirs=1'));
    assert.ok(!JSON.stringify(seen).includes(cookieOf(signedIn)) && !JSON.stringify(seen).includes(proxied.opsToken));
  });

  it('guesses of the ops token are slowed down', async () => {
    let refused = 0;
    for (let i = 0; i < 15; i++) if ((await post('/ops/session', { token: `guess-${i}` })).status === 429) refused++;
    assert.ok(refused > 0);
  });
});
