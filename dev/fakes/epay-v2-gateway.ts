/** A 易支付 v2 (RSA) gateway for one machine and for tests: submit, query, close, refund in two steps. No money moves. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { signEpayV2 } from '../../integrations/payments/epay-v2.ts';
import { canonical } from '../../integrations/payments/form.ts';
import { makeTrouble, notifyUntil, sendJson, startFakeServer, type Trouble } from './server.ts';
import { keyPair } from './keys.ts';
import { sendPaid } from './trades.ts';

const pid = '1002';

interface Order {
  readonly params: ReadonlyMap<string, string>;
  readonly tradeNo: string;
  status: 0 | 1 | 2;
}

export interface FakeEpayV2 {
  readonly url: string;
  readonly config: Readonly<Record<string, string>>;
  readonly privateKey: KeyObject;
  notification(orderNo: string, change?: Readonly<Record<string, string>>): URLSearchParams;
  pay(orderNo: string, options?: { readonly notify?: boolean }): Promise<void>;
  settleRefunds(): void;
  misbehave(orderNo: string, trouble: Trouble | undefined): void;
  readonly refunds: ReadonlyMap<string, { readonly times: number }>;
  close(): Promise<void>;
}

export async function startFakeEpayV2(options: { readonly port: number }): Promise<FakeEpayV2> {
  const own = keyPair('epay');
  const merchant = keyPair('epay-merchant');
  const orders = new Map<string, Order>();
  const refunds = new Map<string, { times: number; done: boolean; order: Order }>();
  const troubles = new Map<string, Trouble>();
  const stopped = new AbortController();
  const now = (): string => String(Math.floor(Date.now() / 1000));

  const find = (orderNo: string): Order => {
    const order = orders.get(orderNo);
    if (!order) throw new Error(`the gateway knows no order ${orderNo}`);
    return order;
  };
  const seal = (params: Map<string, string>): Map<string, string> =>
    params.set('sign', signEpayV2(params, own.privateKey)).set('sign_type', 'RSA');

  const notification: FakeEpayV2['notification'] = (orderNo, change = {}) => {
    const { params, tradeNo } = find(orderNo);
    const fields = new Map(
      Object.entries({
        pid,
        trade_no: tradeNo,
        out_trade_no: orderNo,
        type: params.get('type') ?? 'alipay',
        name: params.get('name') ?? '',
        money: params.get('money') ?? '',
        trade_status: 'TRADE_SUCCESS',
        timestamp: now(),
        ...change,
      }),
    );
    return new URLSearchParams([...seal(fields)]);
  };

  const answer = (path: string, params: ReadonlyMap<string, string>): Record<string, string | number> => {
    const order = [...orders.values()].find(
      (o) => o.tradeNo === params.get('trade_no') || o.params.get('out_trade_no') === params.get('out_trade_no'),
    );
    const refund = refunds.get(params.get('out_refund_no') ?? '');
    if (path === '/api/pay/refundquery')
      return refund
        ? { code: 0, out_refund_no: params.get('out_refund_no') ?? '', status: refund.done ? 1 : 0 }
        : { code: -1 };
    if (!order) return { code: -1, msg: 'no such order' };
    if (path === '/api/pay/query')
      return { code: 0, trade_no: order.tradeNo, out_trade_no: order.params.get('out_trade_no') ?? '', money: order.params.get('money') ?? '', status: order.status }; // prettier-ignore
    if (path === '/api/pay/close') return order.status === 0 ? { code: 0 } : { code: -2 };
    if (path === '/api/pay/refund' && order.status > 0) {
      const entry = refund ?? { times: 0, done: false, order };
      entry.times++;
      refunds.set(params.get('out_refund_no') ?? '', entry);
      return { code: 0, out_refund_no: params.get('out_refund_no') ?? '' };
    }
    return { code: -3 };
  };

  const server = await startFakeServer(options.port, (request, response) => {
    const { pathname: path } = request.url;
    const params = new Map([...request.url.searchParams, ...new URLSearchParams(request.body)]);
    const no = params.get('out_trade_no') ?? '';
    if (makeTrouble(troubles.get(no) ?? troubles.get('*'), response)) return;
    const signature = Buffer.from(params.get('sign') ?? '', 'base64');
    const genuine = verify('sha256', Buffer.from(canonical(params)), createPublicKey(merchant.privateKey), signature);
    if (!genuine || params.get('pid') !== pid) {
      sendJson(response, { code: -1, msg: '签名校验失败' });
      return;
    }
    if (path === '/api/pay/submit') {
      if (!orders.has(no)) orders.set(no, { params, tradeNo: `V2${now()}${orders.size + 1000}`, status: 0 });
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<h1>模拟易支付</h1>');
      return;
    }
    const body: Record<string, string | number> = { ...answer(path, params), timestamp: now() };
    const signed = seal(new Map(Object.entries(body).map(([key, value]) => [key, String(value)])));
    sendJson(response, { ...body, sign: signed.get('sign'), sign_type: 'RSA' });
  });

  return {
    url: server.url,
    config: {
      gateway: server.url,
      pid,
      privateKey: merchant.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      platformKey: own.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    },
    privateKey: own.privateKey,
    notification,
    async pay(orderNo, { notify = true } = {}) {
      const order = find(orderNo);
      order.status = 1;
      const to = order.params.get('notify_url') ?? '';
      if (notify) await notifyUntil(() => sendPaid(to, { body: notification(orderNo) }, 'success'), stopped.signal);
    },
    settleRefunds() {
      for (const entry of refunds.values()) {
        entry.done = true;
        entry.order.status = 2;
      }
    },
    misbehave(orderNo, trouble) {
      if (trouble) troubles.set(orderNo, trouble);
      else troubles.delete(orderNo);
    },
    refunds,
    async close() {
      stopped.abort();
      await server.close();
    },
  };
}
