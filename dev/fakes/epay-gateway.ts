/**
 * A 易支付 gateway that speaks the true wire protocol (submit.php, mapi.php, api.php, signed notifications with retries),
 * and can be told to misbehave. For one machine and for tests; no money moves.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { signEpay } from '../../integrations/payments/epay.ts';

export const fakeMerchant = { pid: '1001', key: 'fake_epay_key_for_development' } as const;

/** What api.php does when asked for an order. */
export type QueryTrouble = 'timeout' | 'html' | 'error' | 'unpaid' | 'drop' | { readonly slowMs: number };

interface FakeOrder {
  readonly params: ReadonlyMap<string, string>;
  readonly tradeNo: string;
  paid: boolean;
}

export interface FakeEpay {
  readonly url: string;
  /** Parameters of the signed notification, as the gateway would send it. */
  notification(orderNo: string): URLSearchParams;
  /** Marks an order paid; notifies unless told not to. */
  pay(
    orderNo: string,
    options?: { readonly notify?: boolean; readonly times?: number; readonly method?: 'GET' | 'POST' },
  ): Promise<void>;
  /** Trouble for one order or all ('*'); undefined ends it. */
  misbehave(orderNo: string, trouble: QueryTrouble | undefined): void;
  readonly queries: () => number;
  close(): Promise<void>;
}

export async function startFakeEpay(options: { readonly port: number }): Promise<FakeEpay> {
  const orders = new Map<string, FakeOrder>();
  const troubles = new Map<string, QueryTrouble>();
  let queries = 0;
  let serial = 0;
  const stopped = new AbortController();

  const notification = (orderNo: string): URLSearchParams => {
    const order = orders.get(orderNo);
    if (!order) throw new Error(`the gateway knows no order ${orderNo}`);
    const params = new Map([
      ['pid', fakeMerchant.pid],
      ['trade_no', order.tradeNo],
      ['out_trade_no', orderNo],
      ['type', order.params.get('type') ?? 'alipay'],
      ['name', order.params.get('name') ?? ''],
      ['money', order.params.get('money') ?? ''],
      ['trade_status', 'TRADE_SUCCESS'],
    ]);
    params.set('sign', signEpay(params, fakeMerchant.key));
    params.set('sign_type', 'MD5');
    return new URLSearchParams([...params]);
  };

  const send = async (orderNo: string, method: 'GET' | 'POST'): Promise<boolean> => {
    const to = orders.get(orderNo)?.params.get('notify_url') ?? '';
    const body = notification(orderNo);
    const url = method === 'GET' ? `${to}?${body.toString()}` : to;
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(5_000),
      ...(method === 'POST' && { body }),
    });
    return (await answer.text()) === 'success';
  };

  /** Repeats until it hears `success`, as gateways do. */
  const notify = async (orderNo: string, method: 'GET' | 'POST'): Promise<void> => {
    for (const pause of [0, 1_000, 3_000, 10_000, 30_000, 60_000]) {
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
      if (stopped.signal.aborted || (await send(orderNo, method).catch(() => false))) return;
    }
  };

  const submit = (params: ReadonlyMap<string, string>): { order?: FakeOrder; error?: string } => {
    if (params.get('pid') !== fakeMerchant.pid) return { error: '商户不存在' };
    if (params.get('sign') !== signEpay(params, fakeMerchant.key)) return { error: '签名校验失败' };
    const no = params.get('out_trade_no') ?? '';
    const known = orders.get(no);
    if (known) return { order: known };
    const order = { params, tradeNo: `${Date.now()}${String(++serial).padStart(5, '0')}`, paid: false };
    orders.set(no, order);
    return { order };
  };

  const query = async (params: ReadonlyMap<string, string>, response: http.ServerResponse): Promise<void> => {
    queries++;
    const no = params.get('out_trade_no') ?? '';
    const trouble = troubles.get(no) ?? troubles.get('*');
    if (trouble === 'timeout') return;
    if (trouble === 'drop') {
      response.destroy();
      return;
    }
    if (trouble === 'html') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>502 Bad Gateway</html>');
      return;
    }
    if (trouble === 'error') {
      response.writeHead(500).end('error');
      return;
    }
    if (typeof trouble === 'object') await new Promise((resolve) => setTimeout(resolve, trouble.slowMs));
    if (params.get('pid') !== fakeMerchant.pid || params.get('key') !== fakeMerchant.key) {
      json(response, { code: -3, msg: '商户密钥错误' });
      return;
    }
    const order = orders.get(no);
    if (!order) {
      json(response, { code: -1, msg: '订单号不存在' });
      return;
    }
    const paid = order.paid && trouble !== 'unpaid';
    json(response, {
      code: 1,
      msg: '查询订单号成功！',
      trade_no: order.tradeNo,
      out_trade_no: no,
      type: order.params.get('type'),
      pid: Number(fakeMerchant.pid),
      name: order.params.get('name'),
      money: order.params.get('money'),
      status: paid ? 1 : 0,
    });
  };

  const pay: FakeEpay['pay'] = async (orderNo, { notify: tell = true, times = 1, method = 'GET' } = {}) => {
    const order = orders.get(orderNo);
    if (!order) throw new Error(`the gateway knows no order ${orderNo}`);
    order.paid = true;
    if (tell) await Promise.all(Array.from({ length: times }, () => notify(orderNo, method)));
  };

  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://gateway');
    const work = async (): Promise<void> => {
      const params = new Map([...url.searchParams, ...new URLSearchParams(await text(request))]);
      if (url.pathname === '/submit.php' || url.pathname === '/mapi.php') {
        const { order, error } = submit(params);
        if (!order) json(response, { code: -1, msg: error });
        else if (url.pathname === '/mapi.php')
          json(response, { code: 1, trade_no: order.tradeNo, payurl: `/pay?no=${params.get('out_trade_no') ?? ''}` });
        else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(payPage(params));
      } else if (url.pathname === '/pay' && request.method === 'POST') {
        const no = params.get('no') ?? '';
        await pay(no, { notify: false });
        void notify(no, 'GET');
        const back = orders.get(no)?.params.get('return_url') ?? '/';
        response.writeHead(302, { location: `${back}?${notification(no).toString()}` }).end();
      } else if (url.pathname === '/api.php' && params.get('act') === 'order') await query(params, response);
      else if (url.pathname === '/__control') {
        // For other processes of this machine: {pay, notify, method}.
        await pay(params.get('pay') ?? '', { notify: params.get('notify') !== '0' });
        json(response, { notification: notification(params.get('pay') ?? '').toString() });
      } else response.writeHead(404).end();
    };
    work().catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    notification,
    pay,
    misbehave(orderNo, trouble) {
      if (trouble) troubles.set(orderNo, trouble);
      else troubles.delete(orderNo);
    },
    queries: () => queries,
    async close() {
      stopped.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function json(response: http.ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function text(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function payPage(params: ReadonlyMap<string, string>): string {
  const safe = (value = ''): string => value.replace(/[^\w.\- ]/g, '');
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>模拟支付</title><body style="font:18px system-ui;padding:24px;max-width:480px;margin:auto"><h1>模拟支付（不产生真实交易）</h1>
<p>${safe(params.get('name'))}</p><p>¥ ${safe(params.get('money'))}</p><form method="post" action="/pay?no=${safe(params.get('out_trade_no'))}">
<button style="font:inherit;padding:12px 32px">支付 / Pay</button></form></body></html>`;
}
