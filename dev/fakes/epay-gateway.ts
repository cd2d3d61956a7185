/**
 * A 易支付 gateway that speaks the true wire protocol (submit.php, mapi.php, api.php, signed notifications with retries),
 * and can be told to misbehave. For one machine and for tests; no money moves.
 */
import type http from 'node:http';
import { signEpay } from '../../integrations/payments/epay.ts';
import { makeTrouble, notifyUntil, sendJson, startFakeServer } from './server.ts';

export const fakeMerchant = { pid: '1001', key: 'fake_epay_key_for_development' } as const;

/** What api.php does when asked for an order. */
export type QueryTrouble = 'timeout' | 'html' | 'error' | 'unpaid' | 'drop' | { readonly slowMs: number };

interface FakeOrder {
  readonly params: ReadonlyMap<string, string>;
  readonly tradeNo: string;
  paid: boolean;
  refunded: number;
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
  /** Of the next refund: refused, or done and the answer lost. */
  refundNext(how: 'refused' | 'lost' | undefined): void;
  /** What was paid back of an order, in fen. */
  refunded(orderNo: string): number;
  readonly queries: () => number;
  close(): Promise<void>;
}

export async function startFakeEpay(options: { readonly port: number }): Promise<FakeEpay> {
  const orders = new Map<string, FakeOrder>();
  const troubles = new Map<string, QueryTrouble>();
  let queries = 0;
  let serial = 0;
  let refundMode: 'refused' | 'lost' | undefined;
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

  const notify = (orderNo: string, method: 'GET' | 'POST'): Promise<void> =>
    notifyUntil(() => send(orderNo, method), stopped.signal);

  const submit = (params: ReadonlyMap<string, string>): { order?: FakeOrder; error?: string } => {
    if (params.get('pid') !== fakeMerchant.pid) return { error: '商户不存在' };
    if (params.get('sign') !== signEpay(params, fakeMerchant.key)) return { error: '签名校验失败' };
    const no = params.get('out_trade_no') ?? '';
    const known = orders.get(no);
    if (known) return { order: known };
    const order = { params, tradeNo: `${Date.now()}${String(++serial).padStart(5, '0')}`, paid: false, refunded: 0 };
    orders.set(no, order);
    return { order };
  };

  const query = async (params: ReadonlyMap<string, string>, response: http.ServerResponse): Promise<void> => {
    queries++;
    const no = params.get('out_trade_no') ?? '';
    const trouble = troubles.get(no) ?? troubles.get('*');
    if (typeof trouble === 'string' && trouble !== 'unpaid') {
      makeTrouble(trouble, response);
      return;
    }
    if (typeof trouble === 'object') await new Promise((resolve) => setTimeout(resolve, trouble.slowMs));
    if (params.get('pid') !== fakeMerchant.pid || params.get('key') !== fakeMerchant.key) {
      sendJson(response, { code: -3, msg: '商户密钥错误' });
      return;
    }
    const order = orders.get(no);
    if (!order) {
      sendJson(response, { code: -1, msg: '订单号不存在' });
      return;
    }
    const paid = order.paid && trouble !== 'unpaid';
    sendJson(response, {
      code: 1,
      msg: '查询订单号成功！',
      trade_no: order.tradeNo,
      out_trade_no: no,
      type: order.params.get('type'),
      pid: Number(fakeMerchant.pid),
      name: order.params.get('name'),
      money: order.params.get('money'),
      status: order.refunded > 0 ? 2 : paid ? 1 : 0,
    });
  };

  const pay: FakeEpay['pay'] = async (orderNo, { notify: tell = true, times = 1, method = 'GET' } = {}) => {
    const order = orders.get(orderNo);
    if (!order) throw new Error(`the gateway knows no order ${orderNo}`);
    order.paid = true;
    if (tell) await Promise.all(Array.from({ length: times }, () => notify(orderNo, method)));
  };

  const refund = (params: ReadonlyMap<string, string>, response: http.ServerResponse): void => {
    const mode = refundMode;
    refundMode = undefined;
    const order = [...orders.values()].find((o) => o.tradeNo === params.get('trade_no'));
    if (params.get('key') !== fakeMerchant.key || !order?.paid || mode === 'refused') {
      sendJson(response, { code: -1, msg: '退款失败' });
      return;
    }
    order.refunded += Math.round(Number(params.get('money')) * 100);
    if (mode === 'lost') response.destroy();
    else sendJson(response, { code: 1, msg: '退款成功' });
  };

  const server = await startFakeServer(options.port, async (request, response) => {
    const { url } = request;
    const params = new Map([...url.searchParams, ...new URLSearchParams(request.body)]);
    if (url.pathname === '/submit.php' || url.pathname === '/mapi.php') {
      const { order, error } = submit(params);
      if (!order) sendJson(response, { code: -1, msg: error });
      else if (url.pathname === '/mapi.php')
        sendJson(response, { code: 1, trade_no: order.tradeNo, payurl: `/pay?no=${params.get('out_trade_no') ?? ''}` });
      else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(payPage(params));
    } else if (url.pathname === '/pay' && request.method === 'POST') {
      const no = params.get('no') ?? '';
      await pay(no, { notify: false });
      void notify(no, 'GET');
      const back = orders.get(no)?.params.get('return_url') ?? '/';
      response.writeHead(302, { location: `${back}?${notification(no).toString()}` }).end();
    } else if (url.pathname === '/api.php' && params.get('act') === 'order') await query(params, response);
    else if (url.pathname === '/api.php' && params.get('act') === 'refund') refund(params, response);
    else if (url.pathname === '/__control') {
      // For other processes of this machine: {pay, notify, method}.
      await pay(params.get('pay') ?? '', { notify: params.get('notify') !== '0' });
      sendJson(response, { notification: notification(params.get('pay') ?? '').toString() });
    } else response.writeHead(404).end();
  });
  return {
    url: server.url,
    notification,
    pay,
    misbehave(orderNo, trouble) {
      if (trouble) troubles.set(orderNo, trouble);
      else troubles.delete(orderNo);
    },
    refundNext(how) {
      refundMode = how;
    },
    refunded: (orderNo) => orders.get(orderNo)?.refunded ?? 0,
    queries: () => queries,
    async close() {
      stopped.abort();
      await server.close();
    },
  };
}

function payPage(params: ReadonlyMap<string, string>): string {
  const safe = (value = ''): string => value.replace(/[^\w.\- ]/g, '');
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>模拟支付</title><body style="font:18px system-ui;padding:24px;max-width:480px;margin:auto"><h1>模拟支付（不产生真实交易）</h1>
<p>${safe(params.get('name'))}</p><p>¥ ${safe(params.get('money'))}</p><form method="post" action="/pay?no=${safe(params.get('out_trade_no'))}">
<button style="font:inherit;padding:12px 32px">支付 / Pay</button></form></body></html>`;
}
