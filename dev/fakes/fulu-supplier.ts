/**
 * An upstream that speaks the Fulu open API: signed JSON, orders that are accepted first and asked about later, keys
 * hidden under the secret. It checks signatures by its own reading of the rule, and misbehaves when it is told to.
 */
import { createCipheriv, createHash, randomUUID } from 'node:crypto';
import type http from 'node:http';
import { formatAmount } from '../../domain/money.ts';
import type { SupplierTroubleKind } from './acg-supplier.ts';
import { sendJson, startFakeServer } from './server.ts';

export const fakeFuluLogin = { appKey: 'FAKE0FULU0APP0KEY', appSecret: '0a091b3aa4324435aab703142518a8f7' } as const;

export interface FuluOrder {
  readonly no: string;
  /** Our number. */
  readonly ref: string;
  readonly product: string;
  readonly num: number;
  /** The account that is topped up; null: card keys. */
  readonly account: string | null;
  state: 'processing' | 'success' | 'failed';
  readonly keys: readonly string[];
}

export interface FakeFulu {
  readonly url: string;
  readonly orders: readonly FuluOrder[];
  readonly attempts: () => number;
  balanceMinor: number;
  stock(product: string, priceMinor: number): void;
  misbehave(trouble: SupplierTroubleKind | undefined, times?: number): void;
  /** What becomes of orders while nobody says otherwise; `processing` waits for {@link settle}. */
  becomes: FuluOrder['state'];
  settle(ref: string, state: 'success' | 'failed'): void;
  close(): Promise<void>;
}

type Fields = Readonly<Record<string, string>>;

function genuine({ sign, ...fields }: Fields): boolean {
  const sorted = Array.from(JSON.stringify(fields))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .join('');
  return createHash('md5').update(`${sorted}${fakeFuluLogin.appSecret}`).digest('hex') === sign;
}

function hidden(text: string): string {
  const cipher = createCipheriv('aes-256-ecb', fakeFuluLogin.appSecret, null);
  return cipher.update(text, 'utf8', 'base64') + cipher.final('base64');
}

export async function startFakeFulu({ port }: { readonly port: number }): Promise<FakeFulu> {
  const goods = new Map<string, number>();
  const orders: FuluOrder[] = [];
  let trouble: { kind: SupplierTroubleKind; left: number } | undefined;
  let attempts = 0;

  const view = (order: FuluOrder): object => ({
    order_id: order.no,
    customer_order_no: order.ref,
    product_id: Number(order.product),
    product_name: `上游商品 ${order.product}`,
    charge_account: order.account,
    buy_num: order.num,
    order_price: Number(formatAmount(goods.get(order.product) ?? 0, 'CNY')),
    order_type: order.account === null ? 3 : 4,
    order_state: order.state,
    cards:
      order.state === 'success' && order.keys.length > 0
        ? order.keys.map((key) => ({ CardNumber: hidden('无卡号'), CardPwd: hidden(key), CardDeadline: '2099-12-31 00:00:00' })) // prettier-ignore
        : null,
  });
  const good = (response: http.ServerResponse, result: unknown): void =>
    sendJson(response, { code: 0, message: '接口调用成功', result: JSON.stringify(result), sign: '' });
  const bad = (response: http.ServerResponse, code: number, message: string): void =>
    sendJson(response, { code, message, result: '', sign: '' });

  /** Ends a call without a usable answer; true if it did. */
  const broken = (kind: SupplierTroubleKind | undefined, when: string, response: http.ServerResponse): boolean => {
    if (!kind?.endsWith(`-${when}`)) return false;
    if (kind.startsWith('drop')) response.destroy();
    else if (kind.startsWith('error')) response.writeHead(502).end('Bad Gateway');
    else if (kind.startsWith('html')) response.writeHead(200, { 'content-type': 'text/html' }).end('<html>WAF</html>');
    return true; // a timeout: the caller's patience ends it
  };

  const place = (content: Readonly<Record<string, unknown>>, topUp: boolean, response: http.ServerResponse): void => {
    attempts++;
    const kind = trouble && trouble.left-- > 0 ? trouble.kind : undefined;
    if (broken(kind, 'before', response)) return;
    if (kind === 'redirect') {
      response.writeHead(302, { location: '/login' }).end();
      return;
    }
    const product = String(content['product_id']);
    const num = Number(content['buy_num']);
    const ref = String(content['customer_order_no']);
    const price = goods.get(product);
    if (price === undefined || kind === 'unknown-product') {
      bad(response, 3001, '商品不存在');
      return;
    }
    if (kind === 'no-stock') {
      bad(response, 3003, '商品库存不足');
      return;
    }
    if (kind === 'deadlock') {
      bad(response, 5000, '系统繁忙');
      return;
    }
    if (kind === 'no-balance' || fake.balanceMinor < price * num) {
      bad(response, 3008, '商户余额不足');
      return;
    }
    if (orders.some((o) => o.ref === ref)) {
      bad(response, 3000, '外部订单号已存在');
      return;
    }
    const account = topUp ? (typeof content['charge_account'] === 'string' ? content['charge_account'] : '') : null;
    if (account === '') {
      bad(response, 3005, '充值账号格式不正确');
      return;
    }
    fake.balanceMinor -= price * num;
    const keys = topUp ? [] : Array.from({ length: num }, () => `FULU-${randomUUID().slice(0, 13).toUpperCase()}`);
    const order: FuluOrder = { no: `26${Date.now()}${orders.length}`, ref, product, num, account, state: fake.becomes, keys }; // prettier-ignore
    orders.push(order);
    if (broken(kind, 'after', response)) return;
    // The answer to an order never holds its end, nor its keys.
    const answer = { ...view(order), order_state: 'untreated', cards: null };
    if (kind === 'half') {
      const body = JSON.stringify({ code: 0, message: '接口调用成功', result: JSON.stringify(answer) });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body.slice(0, body.length / 2));
      return;
    }
    good(response, answer);
  };

  const server = await startFakeServer(port, (request, response) => {
    const fields = JSON.parse(request.body || '{}') as Fields;
    const content = JSON.parse(fields['biz_content'] ?? '{}') as Readonly<Record<string, unknown>>;
    if (fields['app_key'] !== fakeFuluLogin.appKey) {
      bad(response, 1002, 'app_key不存在');
      return;
    }
    if (!genuine(fields)) {
      bad(response, 1005, '签名错误');
      return;
    }
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(fields['timestamp'] ?? '')) {
      bad(response, 1003, '时间戳格式不正确');
      return;
    }
    switch (fields['method']) {
      case 'fulu.order.direct.add': {
        place(content, true, response);
        return;
      }
      case 'fulu.order.card.add': {
        place(content, false, response);
        return;
      }
      case 'fulu.order.info.get': {
        const order = orders.find((o) => o.ref === content['customer_order_no']);
        if (order) good(response, view(order));
        else bad(response, 4000, '订单不存在');
        return;
      }
      case 'fulu.user.info.get': {
        good(response, {
          name: '模拟商户',
          balance: Number(formatAmount(fake.balanceMinor, 'CNY')),
          is_open: 1,
        });
        return;
      }
      case 'fulu.goods.info.get':
      case 'fulu.goods.list.get': {
        const items = [...goods].map(([id, price]) => ({
          product_id: Number(id),
          product_name: `上游商品 ${id}`,
          purchase_price: Number(formatAmount(price, 'CNY')),
          sales_status: '上架',
          stock_status: '充足',
        }));
        if (fields['method'] === 'fulu.goods.list.get') {
          good(response, items);
          return;
        }
        const item = items.find((i) => i.product_id === content['product_id']);
        if (item) good(response, item);
        else bad(response, 3001, '商品不存在');
        return;
      }
      default: {
        bad(response, 1001, '接口不存在');
        return;
      }
    }
  });
  const fake: FakeFulu = {
    url: server.url,
    orders,
    attempts: () => attempts,
    balanceMinor: 1_000_000,
    becomes: 'success',
    stock: (product, priceMinor) => void goods.set(product, priceMinor),
    misbehave(kind, times = Number.POSITIVE_INFINITY) {
      trouble = kind && { kind, left: times };
    },
    settle(ref, state) {
      const order = orders.find((o) => o.ref === ref);
      if (!order) return;
      order.state = state;
      if (state === 'failed') fake.balanceMinor += (goods.get(order.product) ?? 0) * order.num;
    },
    close: () => server.close(),
  };
  return fake;
}
