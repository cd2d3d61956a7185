/**
 * 支付宝's gateway for one machine and for tests: page pay, precreate, query, close, refund and its query, the trade bill,
 * signed both ways with keys of its own. No money moves.
 */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { billZip } from './bill-zip.ts';
import { sendPaid, type FakeTrade } from './trades.ts';
import { makeTrouble, notifyUntil, startFakeServer, type FakeRequest, type Trouble } from './server.ts';
import { keyPair } from './keys.ts';

const appId = '2021000000000001';
const sellerId = '2088000000000001';

interface AlipayTrade extends FakeTrade {
  status: 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED';
}

export interface FakeAlipay {
  readonly url: string;
  /** What an operator would paste, in public-key mode. */
  readonly config: Readonly<Record<string, string>>;
  readonly privateKey: KeyObject;
  /** The signed parameters of a notification. */
  notification(orderNo: string, change?: Readonly<Record<string, string>>): URLSearchParams;
  pay(orderNo: string, options?: { readonly notify?: boolean }): Promise<void>;
  /** Of the next refund: accepted but not yet done, refused, or done and the answer lost. */
  refundNext(how: 'pending' | 'refused' | 'lost' | undefined): void;
  settleRefunds(): void;
  misbehave(orderNo: string, trouble: Trouble | undefined): void;
  readonly refunds: ReadonlyMap<string, { readonly amount: string; readonly times: number }>;
  close(): Promise<void>;
}

const joined = (params: Iterable<readonly [string, string]>, without: readonly string[]): string =>
  [...params]
    .filter(([key, value]) => !without.includes(key) && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join('&');

export async function startFakeAlipay(options: { readonly port: number }): Promise<FakeAlipay> {
  const own = keyPair('alipay');
  const merchant = keyPair('alipay-merchant');
  const trades = new Map<string, AlipayTrade>();
  const refunds = new Map<string, { amount: string; times: number; done: boolean; orderNo: string }>();
  const troubles = new Map<string, Trouble>();
  let refundMode: 'pending' | 'refused' | 'lost' | undefined;
  const stopped = new AbortController();

  const notification: FakeAlipay['notification'] = (orderNo, change = {}) => {
    const trade = find(orderNo);
    const time = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const params = new Map(
      Object.entries({
        notify_time: time,
        notify_type: 'trade_status_sync',
        notify_id: `n${trade.tradeNo}`,
        app_id: appId,
        auth_app_id: appId,
        charset: 'utf-8',
        version: '1.0',
        sign_type: 'RSA2',
        trade_no: trade.tradeNo,
        out_trade_no: orderNo,
        buyer_id: '2088000000000009',
        seller_id: sellerId,
        trade_status: trade.status,
        total_amount: trade.amount,
        receipt_amount: trade.amount,
        buyer_pay_amount: trade.amount,
        subject: trade.subject,
        gmt_create: time,
        fund_bill_list: JSON.stringify([{ amount: trade.amount, fundChannel: 'ALIPAYACCOUNT' }]),
        ...change,
      }),
    );
    const text = joined(params, ['sign', 'sign_type']);
    params.set('sign', sign('sha256', Buffer.from(text), own.privateKey).toString('base64'));
    return new URLSearchParams([...params]);
  };

  const find = (orderNo: string): AlipayTrade => {
    const trade = trades.get(orderNo);
    if (!trade) throw new Error(`the gateway knows no order ${orderNo}`);
    return trade;
  };

  const open = (biz: Readonly<Record<string, string>>, notifyUrl: string): AlipayTrade => {
    const orderNo = biz['out_trade_no'] ?? '';
    const trade = trades.get(orderNo) ?? {
      orderNo,
      tradeNo: `20261124220014${String(trades.size + 1).padStart(14, '0')}`,
      amount: biz['total_amount'] ?? '',
      subject: biz['subject'] ?? '',
      notifyUrl,
      status: 'WAIT_BUYER_PAY' as const,
    };
    trades.set(orderNo, trade);
    return trade;
  };

  const refund = (biz: Readonly<Record<string, string>>): { node: object; lost?: boolean } => {
    const mode = refundMode;
    refundMode = undefined;
    const trade = [...trades.values()].find((t) => t.tradeNo === biz['trade_no'] || t.orderNo === biz['out_trade_no']);
    if (!trade || trade.status !== 'TRADE_SUCCESS') return { node: no('ACQ.TRADE_STATUS_ERROR') };
    if (mode === 'refused') return { node: no('ACQ.SELLER_BALANCE_NOT_ENOUGH') };
    const number = biz['out_request_no'] ?? '';
    const known = refunds.get(number);
    const entry = known ?? { amount: biz['refund_amount'] ?? '', times: 0, done: mode !== 'pending', orderNo: trade.orderNo }; // prettier-ignore
    entry.times++;
    refunds.set(number, entry);
    // The same number again: the same refund, and no change of funds.
    const node = { code: '10000', msg: 'Success', trade_no: trade.tradeNo, out_trade_no: trade.orderNo, refund_fee: entry.amount, fund_change: entry.done && !known ? 'Y' : 'N' }; // prettier-ignore
    return { node, lost: mode === 'lost' };
  };

  const answer = (
    method: string,
    biz: Readonly<Record<string, string>>,
    notifyUrl: string,
  ): { node: object; lost?: boolean } => {
    const trade = trades.get(biz['out_trade_no'] ?? '');
    switch (method) {
      case 'alipay.trade.precreate':
        return { node: { code: '10000', msg: 'Success', out_trade_no: open(biz, notifyUrl).orderNo, qr_code: `https://qr.alipay.com/${biz['out_trade_no'] ?? ''}` } }; // prettier-ignore
      case 'alipay.trade.query':
        if (!trade) return { node: no('ACQ.TRADE_NOT_EXIST') };
        return { node: { code: '10000', msg: 'Success', trade_no: trade.tradeNo, out_trade_no: trade.orderNo, trade_status: trade.status, total_amount: trade.amount } }; // prettier-ignore
      case 'alipay.trade.close':
        if (!trade) return { node: no('ACQ.TRADE_NOT_EXIST') };
        if (trade.status === 'TRADE_SUCCESS') return { node: no('ACQ.TRADE_STATUS_ERROR') };
        trade.status = 'TRADE_CLOSED';
        return { node: { code: '10000', msg: 'Success', trade_no: trade.tradeNo, out_trade_no: trade.orderNo } };
      case 'alipay.trade.refund':
        return refund(biz);
      case 'alipay.trade.fastpay.refund.query': {
        const known = refunds.get(biz['out_request_no'] ?? '');
        return { node: { code: '10000', msg: 'Success', ...(known && { out_request_no: biz['out_request_no'], refund_amount: known.amount, ...(known.done && { refund_status: 'REFUND_SUCCESS' }) }) } }; // prettier-ignore
      }
      case 'alipay.data.dataservice.bill.downloadurl.query':
        if (![...trades.values()].some((t) => t.status === 'TRADE_SUCCESS')) return { node: no('isp.bill_not_exist') };
        return { node: { code: '10000', msg: 'Success', bill_download_url: `${server.url}/bill?token=t1` } };
      default:
        return { node: no('ACQ.UNKNOWN_METHOD') };
    }
  };

  /** The paid trades, as the bill of a day has them. */
  const bill = (): Buffer => {
    const titles = '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,订单金额（元）,商家实收（元）';
    const rows = [...trades.values()]
      .filter((t) => t.status === 'TRADE_SUCCESS')
      .map(
        (t) =>
          `${t.tradeNo}\t,${t.orderNo}\t,交易\t,${t.subject},2026-11-24 10:00:00,2026-11-24 10:00:05,${t.amount},${t.amount}`,
      );
    const text = ['#支付宝业务明细查询', `#账号：[${sellerId}0156]`, titles, ...rows, '#业务明细列表结束'].join('\r\n');
    return billZip({ '业务明细.csv': text, '业务明细(汇总).csv': '#支付宝业务汇总查询\r\n' });
  };

  const server = await startFakeServer(options.port, (request, response) => {
    if (request.url.pathname === '/bill') {
      response.writeHead(200, { 'content-type': 'application/zip' }).end(bill());
      return;
    }
    const params = new Map([...request.url.searchParams, ...new URLSearchParams(request.body)]);
    const genuine = verify(
      'sha256',
      Buffer.from(joined(params, ['sign'])),
      createPublicKey(merchant.privateKey),
      Buffer.from(params.get('sign') ?? '', 'base64'),
    );
    const method = params.get('method') ?? '';
    const name = `${method.replaceAll('.', '_')}_response`;
    if (!genuine || params.get('app_id') !== appId) {
      response.end(JSON.stringify({ error_response: { code: '40002', sub_code: 'isv.invalid-signature' } }));
      return;
    }
    const biz = JSON.parse(params.get('biz_content') ?? '{}') as Record<string, string>;
    if (makeTrouble(troubles.get(biz['out_trade_no'] ?? '') ?? troubles.get('*'), response)) return;
    if (isPage(request)) {
      open(biz, params.get('notify_url') ?? '');
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<h1>模拟支付宝</h1>');
      return;
    }
    const { node, lost } = answer(method, biz, params.get('notify_url') ?? '');
    if (lost) {
      response.destroy();
      return;
    }
    const text = JSON.stringify(node);
    const signature = sign('sha256', Buffer.from(text), own.privateKey).toString('base64');
    response
      .writeHead(200, { 'content-type': 'text/html;charset=utf-8' })
      .end(`{"${name}":${text},"sign":"${signature}"}`);
  });

  return {
    url: `${server.url}/gateway.do`,
    config: {
      appId,
      sellerId,
      privateKey: merchant.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      alipayPublicKey: own.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      gateway: `${server.url}/gateway.do`,
    },
    privateKey: own.privateKey,
    notification,
    async pay(orderNo, { notify = true } = {}) {
      const trade = find(orderNo);
      trade.status = 'TRADE_SUCCESS';
      if (!notify) return;
      const send = (): Promise<boolean> => sendPaid(trade.notifyUrl, { body: notification(orderNo) }, 'success');
      await notifyUntil(send, stopped.signal);
    },
    refundNext(how) {
      refundMode = how;
    },
    settleRefunds() {
      for (const entry of refunds.values()) entry.done = true;
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

const no = (code: string): object => ({ code: '40004', msg: 'Business Failed', sub_code: code, sub_msg: code });
const isPage = (request: FakeRequest): boolean =>
  /\.(page|wap)\.pay$/.test(request.url.searchParams.get('method') ?? '');
