/**
 * Steps of the callback check (A6) that can be walked without a payment: is the address public, does its name resolve,
 * is its certificate good, does a request come back to this very system, is the clock right.
 */
import dns from 'node:dns/promises';
import net from 'node:net';
import tls from 'node:tls';
import { isPublicAddress, OutboundError, type Outbound } from '../outbound.ts';
import type { Words } from '../config-fields.ts';

export type StepResult = 'ok' | 'failed' | 'self_tested' | 'skipped' | 'waiting';
export interface Step<Id extends string = string> extends Words {
  readonly id: Id;
  readonly result: StepResult;
}

export const step = <Id extends string>(id: Id, result: StepResult, zh: string, en: string): Step<Id> => ({ id, result, zh, en }); // prettier-ignore

/** Providers call from the internet: localhost and private networks are out of their reach. */
export function checkAddress(url: URL): Step<'address'> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const here = /^(localhost|.*\.(local|internal|lan|test|localhost))$/i.test(host) || !/[.:]/.test(host);
  if (here || (net.isIP(host) && !isPublicAddress(host)))
    return step('address', 'failed', `PUBLIC_URL 是 ${url.origin}，外网无法访问。请绑定域名并设置 PUBLIC_URL`, `PUBLIC_URL is ${url.origin}, which the internet cannot reach: set up a domain and PUBLIC_URL`); // prettier-ignore
  if (url.protocol !== 'https:')
    return step('address', 'failed', '地址不是 https，微信支付等平台不会回调。请配置证书', 'Not https: several providers never call it. Set up a certificate'); // prettier-ignore
  return step('address', 'ok', `公网地址 ${url.origin}`, `Public address ${url.origin}`);
}

type Resolve = (host: string) => Promise<readonly { readonly address: string }[]>;
const system: Resolve = (host) => dns.lookup(host, { all: true });

export async function checkDns(url: URL, resolve: Resolve = system): Promise<Step<'dns'>> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (net.isIP(host)) return step('dns', 'skipped', '使用 IP 地址，无需解析', 'An address, nothing to resolve');
  try {
    const found = await resolve(host);
    const bad = found.filter(({ address }) => !isPublicAddress(address));
    if (bad.length > 0)
      return step('dns', 'failed', `域名 ${host} 解析到内网地址，请检查 DNS 记录`, `${host} resolves to a private address: check the DNS records`); // prettier-ignore
    return step('dns', 'ok', `域名 ${host} 解析正常`, `${host} resolves`);
  } catch {
    return step(
      'dns',
      'failed',
      `域名 ${host} 无法解析，请检查 DNS 记录`,
      `${host} does not resolve: check the DNS records`,
    );
  }
}

/** `trusted`: for tests, authorities beside those of the system; `host`: where to connect, if not where the name leads. */
export async function checkTls(
  url: URL,
  { timeoutMs = 5_000, trusted, host: at }: { timeoutMs?: number; trusted?: string; host?: string } = {},
): Promise<Step<'tls'>> {
  if (url.protocol !== 'https:') return step('tls', 'skipped', '未使用 https', 'No https');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = tls.connect({ host: at ?? host, port: Number(url.port || 443), timeout: timeoutMs, ...(trusted !== undefined && { ca: trusted }), ...(!net.isIP(host) && { servername: host }) }); // prettier-ignore
    const end = (result: Step<'tls'>): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('secureConnect', () => {
      const days = Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / 86_400_000);
      if (days < 7)
        end(step('tls', 'failed', `证书将在 ${days} 天后过期，请续期`, `The certificate expires in ${days} days`));
      else end(step('tls', 'ok', `证书有效，还有 ${days} 天`, `The certificate is good for ${days} days`));
    });
    socket.once('timeout', () =>
      end(step('tls', 'failed', '443 端口无响应，请检查防火墙', 'No answer: check the firewall')),
    );
    socket.once('error', (error: Error & { code?: string }) => {
      const why = error.code ?? 'TLS';
      end(step('tls', 'failed', `证书或连接有问题（${why}），请检查证书链和域名`, `Certificate or connection (${why}): check chain and name`)); // prettier-ignore
    });
  });
}

/** What answered at the public address: this system, something else, or nothing. */
export async function checkRoute(outbound: Outbound, probe: string, expected: string): Promise<Step<'route'>> {
  try {
    const answer = await outbound.request({ method: 'POST', url: probe, body: 'miaofa', timeoutMs: 6_000 });
    if (answer.body.toString('utf8') === expected)
      return step('route', 'ok', '请求经公网地址到达了本系统', 'A request to the public address reached this system');
    return step('route', 'failed', `该地址由其他程序应答（HTTP ${answer.status}）。请检查反向代理把 /notify/ 转到本系统`, `Something else answers there (HTTP ${answer.status}): let the proxy pass /notify/ to this system`); // prettier-ignore
  } catch (error) {
    const code = error instanceof OutboundError ? error.code : 'BROKEN';
    if (code === 'REDIRECT')
      return step('route', 'failed', '该地址会跳转，支付平台不跟随跳转。请填写跳转后的地址', 'It redirects, which providers do not follow: use the final address'); // prettier-ignore
    if (code === 'BLOCKED_ADDRESS' || code === 'INSECURE')
      return step('route', 'skipped', '本机或内网地址，不从外部测试', 'A private address: not tested from outside');
    return step('route', 'failed', `请求没有到达（${code}）。请检查防火墙、端口和反向代理`, `The request did not arrive (${code}): check firewall, ports and proxy`); // prettier-ignore
  }
}

/** Against the Date header of a server that keeps time: signatures with a window fail when the clock is off. */
export async function checkClock(outbound: Outbound, server: string): Promise<Step<'clock'>> {
  try {
    const began = Date.now();
    const answer = await outbound.request({ method: 'GET', url: server, timeoutMs: 5_000 });
    const theirs = Date.parse(String(answer.headers['date']));
    if (Number.isNaN(theirs)) return step('clock', 'skipped', '对方没有提供时间', 'The server told no time');
    const off = Math.round(Math.max(0, Math.abs((began + Date.now()) / 2 - theirs) - 1_000) / 1_000);
    if (off > 60)
      return step('clock', 'failed', `服务器时间相差约 ${off} 秒，请开启时间同步 (NTP)`, `The clock is off by about ${off} s: turn on NTP`); // prettier-ignore
    return step('clock', 'ok', '服务器时间准确', 'The clock is right');
  } catch {
    return step('clock', 'skipped', '无法连接支付平台核对时间', 'The provider could not be reached to compare clocks');
  }
}
