import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { makeCertificate } from '../../dev/fakes/certificate.ts';
import { keyPair } from '../../dev/fakes/keys.ts';
import { startFakeServer } from '../../dev/fakes/server.ts';
import { createOutbound } from '../../integrations/outbound.ts';
import { checkAddress, checkClock, checkDns, checkRoute, checkTls } from '../../integrations/payments/self-test.ts';

const day = 86_400_000;

describe('A6: the steps of the callback check, each on an address that is not this machine', () => {
  const url = new URL('https://pay.shop.example');

  it('address: localhost, private networks and plain http are told; a public https address is fine', () => {
    for (const bad of [
      'http://localhost:3000',
      'https://10.0.0.5',
      'https://shop.lan',
      'https://[::1]',
      'http://pay.shop.example',
    ])
      // prettier-ignore
      assert.equal(checkAddress(new URL(bad)).result, 'failed', bad);
    assert.equal(checkAddress(url).result, 'ok');
  });

  it('DNS: a name that resolves to the internet is fine; to a private address, or to nothing, is not', async () => {
    const to = (...addresses: string[]) =>
      checkDns(url, () => Promise.resolve(addresses.map((address) => ({ address }))));
    assert.equal((await to('8.8.8.8')).result, 'ok');
    assert.equal((await to('8.8.8.8', '192.168.1.7')).result, 'failed');
    const nothing = await checkDns(url, () => Promise.reject(new Error('ENOTFOUND')));
    assert.match(nothing.zh, /无法解析/);
    assert.equal((await checkDns(new URL('https://8.8.8.8'))).result, 'skipped');
  });

  describe('TLS, on a real server', () => {
    const { privateKey } = keyPair('self-test-tls');
    const name = [['CN', 'pay.shop.example']] as const;
    const servers: tls.Server[] = [];
    after(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

    const check = async (validTo: Date, host: string, trusted = true) => {
      const cert = makeCertificate({ subject: name, key: privateKey, validTo, host });
      const server = tls.createServer({ cert, key: privateKey.export({ format: 'pem', type: 'pkcs8' }) });
      servers.push(server);
      server.on('tlsClientError', () => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const at = new URL(`https://pay.shop.example:${port}`);
      return checkTls(at, { host: '127.0.0.1', ...(trusted && { trusted: cert }) });
    };
    const inDays = (n: number) => new Date(Date.now() + n * day + 60_000);

    it('good for long: fine, with the days that are left', async () => {
      const step = await check(inDays(90), 'pay.shop.example');
      assert.deepEqual([step.result, step.zh], ['ok', '证书有效，还有 90 天']);
    });
    it('about to expire, expired, of another name, of no known authority: each told', async () => {
      assert.match((await check(inDays(3), 'pay.shop.example')).zh, /3 天后过期/);
      assert.match((await check(new Date(Date.now() - 60_000), 'pay.shop.example')).zh, /CERT_HAS_EXPIRED/);
      assert.match((await check(inDays(90), 'other.example')).zh, /ERR_TLS_CERT_ALTNAME_INVALID/);
      const stranger = await check(inDays(90), 'pay.shop.example', false);
      assert.match(stranger.zh, /SELF_SIGNED/);
      assert.equal(stranger.result, 'failed');
    });
    it('nobody listens: told, and no certificate is blamed for it', async () => {
      const step = await checkTls(new URL('https://pay.shop.example:1'), { host: '127.0.0.1' });
      assert.match(step.zh, /ECONNREFUSED/);
    });
  });

  it('clock and route: a clock that is off, something else that answers, a redirect are told', async () => {
    let off = 0;
    const server = await startFakeServer(0, ({ url: { pathname } }, response) => {
      if (pathname === '/moved') response.writeHead(301, { location: '/' }).end();
      else response.writeHead(200, { date: new Date(Date.now() + off).toUTCString() }).end('nginx');
    });
    const outbound = createOutbound({ allow: [new URL(server.url).host] });
    assert.equal((await checkClock(outbound, server.url)).result, 'ok');
    off = 5 * 60_000;
    const clock = await checkClock(outbound, server.url);
    assert.equal(clock.result, 'failed');
    assert.match(clock.zh, /相差约 (29[89]|300) 秒/);
    assert.match((await checkRoute(outbound, server.url, 'ours')).zh, /其他程序应答/);
    assert.equal((await checkRoute(outbound, server.url, 'nginx')).result, 'ok');
    assert.match((await checkRoute(outbound, `${server.url}/moved`, 'ours')).zh, /跳转/);
    await outbound.close();
    await server.close();
  });
});
