/**
 * An upstream shop that speaks acg-faka's native wire protocol: signed forms, answers with `code 200`, one text with all
 * keys, an error for a repeated `request_no`. It can be told to misbehave in every way that real ones do. No money moves.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatAmount } from '../../domain/money.ts';
import { signAcg } from '../../integrations/suppliers/acg-faka.ts';

export const fakeSupplierLogin = { appId: '1001', appKey: 'FAKE0SUPPLIER0KEY' } as const;

/** What happens to the next purchases. `…-after` has recorded the sale, `…-before` has not. */
export type SupplierTroubleKind =
  | 'timeout-before' | 'timeout-after' | 'drop-before' | 'drop-after' | 'error-before' | 'error-after' | 'html-before' | 'html-after'
  | 'no-stock' | 'no-balance' | 'unknown-product' | 'deadlock' | 'half' | 'redirect'
  | 'short' | 'long' | 'apology' | 'wait' | 'later' | 'repeat'; // prettier-ignore

export interface FakeSale {
  readonly tradeNo: string;
  readonly requestNo: string;
  readonly code: string;
  readonly num: number;
  secret: string;
}

export interface FakeSupplier {
  readonly url: string;
  /** Everything that was sold and charged, in order. */
  readonly sales: readonly FakeSale[];
  /** Purchases that arrived, sold or not. */
  readonly attempts: () => number;
  balanceMinor: number;
  /** Puts keys on sale; unlimited made-up keys if none are given. */
  stock(code: string, priceMinor: number, keys?: readonly string[]): void;
  /** Trouble for the next `times` purchases (default: until it is ended with undefined). */
  misbehave(trouble: SupplierTroubleKind | undefined, times?: number): void;
  /** What `later` and `wait` withheld is there now. */
  fulfil(tradeNo: string): void;
  close(): Promise<void>;
}

export const apology = '很抱歉，有人在你付款之前抢走了商品，请联系客服。';
export const pleaseWait = '正在发货中，请耐心等待，如有疑问，请联系客服。';

interface Goods {
  readonly priceMinor: number;
  readonly keys: string[] | undefined;
}

export async function startFakeSupplier(options: { readonly port: number }): Promise<FakeSupplier> {
  const goods = new Map<string, Goods>();
  const sales: FakeSale[] = [];
  const withheld = new Map<string, string>();
  let trouble: { kind: SupplierTroubleKind; left: number } | undefined;
  let attempts = 0;
  let serial = 0;

  const takeTrouble = (): SupplierTroubleKind | undefined => {
    if (!trouble || trouble.left <= 0) return undefined;
    trouble.left--;
    return trouble.kind;
  };

  const keysFor = (item: Goods, code: string, num: number): string[] | undefined => {
    if (!item.keys)
      return Array.from({ length: num }, () => `${code}-${String(++serial).padStart(6, '0')}-${random()}`);
    return item.keys.length >= num ? item.keys.splice(0, num) : undefined;
  };

  /** The sale itself: charged, recorded, and the text that stands in place of the keys. */
  const sell = (fields: ReadonlyMap<string, string>, kind: SupplierTroubleKind | undefined): FakeSale | string => {
    const code = fields.get('shared_code') ?? '';
    const item = goods.get(code);
    const num = Number(fields.get('num') ?? '0');
    const requestNo = fields.get('request_no') ?? '';
    if (!item || kind === 'unknown-product') return '商品不存在';
    if (kind === 'no-stock' || !(num > 0)) return '库存不足';
    const price = item.priceMinor * num;
    if (kind === 'no-balance' || fake.balanceMinor < price) return '余额不足';
    if (requestNo !== '' && sales.some((sale) => sale.requestNo === requestNo)) return 'The request ID already exists';
    const keys = keysFor(item, code, num);
    if (!keys) return '库存不足';
    fake.balanceMinor -= price;
    const tradeNo = `${100 + (sales.length % 900)}${Date.now()}${String(sales.length).padStart(3, '0')}`;
    let secret = keys.join('\n');
    if (kind === 'short') secret = keys.slice(0, -1).join('\n') || apology;
    else if (kind === 'long') secret = `${secret}\n${code}-EXTRA-${random()}`;
    else if (kind === 'apology') secret = apology;
    else if (kind === 'repeat') secret = sales.at(-1)?.secret ?? secret;
    else if (kind === 'wait' || kind === 'later') {
      withheld.set(tradeNo, secret);
      secret = kind === 'wait' ? pleaseWait : '';
    }
    const sale = { tradeNo, requestNo, code, num, secret };
    sales.push(sale);
    return sale;
  };

  const trade = (fields: ReadonlyMap<string, string>, response: http.ServerResponse): void => {
    attempts++;
    const kind = takeTrouble();
    const when = kind?.endsWith('-before') ? 'before' : 'after';
    if (when === 'before') {
      break_(kind, response);
      return;
    }
    if (kind === 'deadlock') {
      fail(response, 'SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get lock');
      return;
    }
    if (kind === 'redirect') {
      response.writeHead(302, { location: '/login' }).end();
      return;
    }
    const sale = sell(fields, kind);
    if (typeof sale === 'string') {
      fail(response, sale);
      return;
    }
    if (kind?.endsWith('-after')) {
      break_(kind, response);
      return;
    }
    const price = (goods.get(sale.code)?.priceMinor ?? 0) * sale.num;
    const body = JSON.stringify({
      code: 200,
      msg: 'success',
      data: {
        url: null,
        amount: Number(formatAmount(price, 'CNY')),
        tradeNo: sale.tradeNo,
        secret: sale.secret,
        stock: 99,
      },
    });
    if (kind === 'half') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body.slice(0, body.length / 2));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };

  const itemOf = (code: string, item: Goods): object => ({
    code,
    name: `上游商品 ${code}`,
    price: formatAmount(item.priceMinor, 'CNY'),
    factory_price: formatAmount(item.priceMinor, 'CNY'),
    delivery_way: 0,
    config: '',
    ...(item.keys && { stock: item.keys.length }),
  });

  const answer = (path: string, fields: ReadonlyMap<string, string>, response: http.ServerResponse): void => {
    const code = fields.get('code') ?? fields.get('sharedCode') ?? '';
    const item = goods.get(code);
    switch (path) {
      case 'authentication/connect':
        good(response, { shopName: '模拟上游', balance: formatAmount(fake.balanceMinor, 'CNY') });
        break;
      case 'commodity/items':
        good(response, [{ name: '全部', children: [...goods].map(([c, g]) => itemOf(c, g)) }]);
        break;
      case 'commodity/item':
        good(response, [{ name: '全部', children: item ? [itemOf(code, item)] : [] }]);
        break;
      case 'commodity/valuation':
        if (item) good(response, { price: formatAmount(item.priceMinor * Number(fields.get('num') ?? '1'), 'CNY') });
        else fail(response, '商品不存在');
        break;
      case 'commodity/query': {
        const sale = sales.find((s) => s.tradeNo === fields.get('tradeNo'));
        if (sale) good(response, { secret: sale.secret, widget: null, status: 1 });
        else fail(response, '订单不存在');
        break;
      }
      case 'commodity/trade':
        trade(fields, response);
        break;
      default:
        page(response, 404);
    }
  };

  const server = http.createServer((request, response) => {
    const work = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', 'http://supplier');
      const fields = new Map(new URLSearchParams(await read(request)));
      if (url.pathname === '/__control') {
        control(fake, fields);
        good(response, { sales: sales.length, balanceMinor: fake.balanceMinor });
        return;
      }
      const path = url.searchParams.get('s') ?? url.pathname;
      if (!path.startsWith('/shared/') || request.method !== 'POST') page(response, 404);
      else if (fields.get('app_id') !== fakeSupplierLogin.appId) fail(response, '商户ID不存在');
      else if (fields.get('sign') !== signAcg(fields, fakeSupplierLogin.appKey)) fail(response, '签名错误');
      else answer(path.slice('/shared/'.length), fields, response);
    };
    work().catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });

  const fake: FakeSupplier = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sales,
    attempts: () => attempts,
    balanceMinor: 1_000_000,
    stock: (code, priceMinor, keys) => void goods.set(code, { priceMinor, keys: keys && [...keys] }),
    misbehave(kind, times = Number.POSITIVE_INFINITY) {
      trouble = kind && { kind, left: times };
    },
    fulfil(tradeNo) {
      const sale = sales.find((s) => s.tradeNo === tradeNo);
      if (sale) sale.secret = withheld.get(tradeNo) ?? sale.secret;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

/** For other processes of this machine: stock a product, set the balance, make trouble. */
function control(fake: FakeSupplier, fields: ReadonlyMap<string, string>): void {
  const code = fields.get('stock');
  if (code !== undefined) fake.stock(code, Number(fields.get('price') ?? '100'));
  const balance = fields.get('balance');
  if (balance !== undefined) fake.balanceMinor = Number(balance);
  const trouble = fields.get('trouble');
  if (trouble !== undefined) {
    fake.misbehave(trouble === '' ? undefined : (trouble as SupplierTroubleKind), Number(fields.get('times') ?? '1'));
  }
}

/** Ends a call without a usable answer, in the way that the trouble names. */
function break_(kind: SupplierTroubleKind | undefined, response: http.ServerResponse): void {
  if (kind?.startsWith('timeout')) return; // the caller's patience ends it
  if (kind?.startsWith('drop')) response.destroy();
  else if (kind?.startsWith('error')) response.writeHead(502).end('Bad Gateway');
  else page(response, 200);
}

function page(response: http.ServerResponse, status: number): void {
  response
    .writeHead(status, { 'content-type': 'text/html' })
    .end('<html><title>WAF</title>Checking your browser</html>');
}

function good(response: http.ServerResponse, data: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ code: 200, msg: 'success', data }));
}

/** Refusals of this system are HTTP 200 with a code of their own. */
function fail(response: http.ServerResponse, msg: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 0, msg }));
}

function random(): string {
  return Math.random().toString(36).slice(2, 10).toUpperCase().padEnd(8, '0');
}

async function read(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
