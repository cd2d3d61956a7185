/**
 * 微信支付's API v3 for one machine and for tests: Native, query, close, refunds, signed both ways, with a platform
 * certificate and a public key at once. No money moves.
 */
import { createCipheriv, randomBytes, sign, verify, X509Certificate, type KeyObject } from 'node:crypto'; // prettier-ignore
import type http from 'node:http';
import { makeCertificate } from './certificate.ts';
import { sendPaid, type FakeTrade } from './trades.ts';
import { makeTrouble, notifyUntil, startFakeServer, type FakeRequest, type Trouble } from './server.ts';
import { keyPair } from './keys.ts';

const mchid = '1900000001';
const appid = 'wx0123456789abcdef';
const apiV3Key = 'fake-wechat-api-v3-key-32-bytes!';
const publicKeyId = 'PUB_KEY_ID_0119000000012026112400';

interface WechatTrade extends FakeTrade {
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED' | 'REFUND';
}
interface WechatRefund {
  readonly orderNo: string;
  readonly refund: number;
  readonly total: number;
  status: 'SUCCESS' | 'PROCESSING' | 'ABNORMAL' | 'CLOSED';
  times: number;
}

export interface SignedMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface FakeWechat {
  readonly url: string;
  readonly config: Readonly<Record<string, string>>;
  /** Signs any body as WeChat would; by its certificate, or by the public key. */
  signed(body: string, by?: 'certificate' | 'publicKey', at?: number): SignedMessage;
  /** A sealed event of any kind. */
  event(type: string, content: object, by?: 'certificate' | 'publicKey'): SignedMessage;
  notification(orderNo: string, change?: object): SignedMessage;
  pay(orderNo: string, options?: { readonly notify?: boolean }): Promise<void>;
  refundNext(status: WechatRefund['status'] | 'lost' | 'refused' | undefined): void;
  settleRefunds(status?: WechatRefund['status']): void;
  misbehave(orderNo: string, trouble: Trouble | undefined): void;
  readonly refunds: ReadonlyMap<string, WechatRefund>;
  close(): Promise<void>;
}

export async function startFakeWechat(options: { readonly port: number }): Promise<FakeWechat> {
  const platform = keyPair('wechat-platform');
  const modern = keyPair('wechat-public');
  const merchant = keyPair('wechat-merchant');
  const issuer = [['C', 'CN'], ['O', 'Fake Tenpay'], ['CN', 'Fake Tenpay Root CA']] as const; // prettier-ignore
  const platformCert = makeCertificate({ subject: [['CN', 'Fake Tenpay.com sign']], issuer, key: platform.privateKey });
  const merchantCert = makeCertificate({ subject: [['CN', mchid]], issuer, key: merchant.privateKey });
  const serial = new X509Certificate(platformCert).serialNumber;
  const trades = new Map<string, WechatTrade>();
  const refunds = new Map<string, WechatRefund>();
  const troubles = new Map<string, Trouble>();
  let refundMode: WechatRefund['status'] | 'lost' | 'refused' | undefined;
  const stopped = new AbortController();

  const signed: FakeWechat['signed'] = (body, by = 'publicKey', at = Math.floor(Date.now() / 1000)) => {
    const nonce = randomBytes(16).toString('hex');
    const key: KeyObject = by === 'certificate' ? platform.privateKey : modern.privateKey;
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'wechatpay-timestamp': String(at),
        'wechatpay-nonce': nonce,
        'wechatpay-serial': by === 'certificate' ? serial : publicKeyId,
        'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
        'wechatpay-signature': sign('sha256', Buffer.from(`${at}\n${nonce}\n${body}\n`), key).toString('base64'),
      },
    };
  };

  const event: FakeWechat['event'] = (type, content, by) => {
    const nonce = randomBytes(6).toString('hex');
    const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce).setAAD(Buffer.from('transaction'));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final(), cipher.getAuthTag()]);
    const body = {
      id: randomBytes(16).toString('hex'),
      create_time: new Date().toISOString(),
      event_type: type,
      resource_type: 'encrypt-resource',
      summary: type,
      resource: { algorithm: 'AEAD_AES_256_GCM', ciphertext: sealed.toString('base64'), associated_data: 'transaction', nonce, original_type: 'transaction' }, // prettier-ignore
    };
    return signed(JSON.stringify(body), by);
  };

  const find = (orderNo: string): WechatTrade => {
    const trade = trades.get(orderNo);
    if (!trade) throw new Error(`the gateway knows no order ${orderNo}`);
    return trade;
  };
  const view = (trade: WechatTrade): object => ({
    mchid,
    appid,
    out_trade_no: trade.orderNo,
    transaction_id: trade.tradeNo,
    trade_type: 'NATIVE',
    trade_state: trade.state,
    amount: { total: Number(trade.amount), payer_total: Number(trade.amount), currency: 'CNY' },
  });
  const notification: FakeWechat['notification'] = (orderNo, change = {}) =>
    event('TRANSACTION.SUCCESS', { ...view(find(orderNo)), ...change });

  const genuine = (request: FakeRequest): boolean => {
    const given = Object.fromEntries(
      [...(request.headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    );
    const message = `${request.method}\n${request.target}\n${given['timestamp'] ?? ''}\n${given['nonce_str'] ?? ''}\n${request.body}\n`;
    const own = new X509Certificate(merchantCert);
    return (
      given['mchid'] === mchid &&
      given['serial_no'] === own.serialNumber &&
      verify('sha256', Buffer.from(message), own.publicKey, Buffer.from(given['signature'] ?? '', 'base64'))
    );
  };

  const create = (body: string): object => {
    const order = JSON.parse(body) as { out_trade_no: string; amount: { total: number }; notify_url: string; description: string }; // prettier-ignore
    const tradeNo = `42000${String(Date.now())}${String(trades.size).padStart(10, '0')}`;
    if (!trades.has(order.out_trade_no)) {
      trades.set(order.out_trade_no, {
        orderNo: order.out_trade_no,
        tradeNo,
        amount: String(order.amount.total),
        subject: order.description,
        notifyUrl: order.notify_url,
        state: 'NOTPAY',
      });
    }
    return { code_url: `weixin://wxpay/bizpayurl?pr=${order.out_trade_no}`, h5_url: `https://wx.tenpay.com/h5?no=${order.out_trade_no}` }; // prettier-ignore
  };

  const refund = (body: string): { status: number; json: object; lost?: boolean } => {
    const given = JSON.parse(body) as { transaction_id: string; out_refund_no: string; amount: { refund: number; total: number } }; // prettier-ignore
    const mode = refundMode;
    refundMode = undefined;
    const trade = [...trades.values()].find((t) => t.tradeNo === given.transaction_id);
    if (!trade || (trade.state !== 'SUCCESS' && trade.state !== 'REFUND') || mode === 'refused')
      return { status: 403, json: { code: 'NOT_ENOUGH', message: '余额不足' } };
    const status = mode === 'lost' || mode === undefined ? 'SUCCESS' : mode;
    const entry = refunds.get(given.out_refund_no) ?? { orderNo: trade.orderNo, ...given.amount, status, times: 0 };
    entry.times++;
    refunds.set(given.out_refund_no, entry);
    trade.state = 'REFUND';
    return { status: 200, json: { out_refund_no: given.out_refund_no, status: entry.status }, lost: mode === 'lost' };
  };

  const answer = (request: FakeRequest): { status: number; json?: object; lost?: boolean } => {
    const path = request.url.pathname;
    const no = /\/out-trade-no\/([\w-]+)/.exec(path)?.[1] ?? '';
    const refundNo = /\/refunds\/([\w-]+)$/.exec(path)?.[1] ?? '';
    if (/transactions\/(native|h5)$/.test(path)) return { status: 200, json: create(request.body) };
    if (path.endsWith('/domestic/refunds')) return refund(request.body);
    if (refundNo !== '') {
      const known = refunds.get(refundNo);
      return known
        ? { status: 200, json: { out_refund_no: refundNo, status: known.status } }
        : { status: 404, json: { code: 'RESOURCE_NOT_EXISTS' } };
    }
    const trade = trades.get(no);
    if (!trade) return { status: 404, json: { code: 'ORDER_NOT_EXIST', message: '订单不存在' } };
    if (!path.endsWith('/close')) return { status: 200, json: view(trade) };
    if (trade.state === 'SUCCESS') return { status: 400, json: { code: 'ORDER_PAID' } };
    trade.state = 'CLOSED';
    return { status: 204 };
  };

  const send = (response: http.ServerResponse, status: number, json?: object): void => {
    const { headers, body } = signed(json ? JSON.stringify(json) : '');
    response.writeHead(status, headers).end(body);
  };

  const server = await startFakeServer(options.port, (request, response) => {
    if (makeTrouble([...troubles].find(([no]) => no === '*' || request.target.includes(no))?.[1], response)) return;
    if (!genuine(request)) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"SIGN_ERROR"}');
      return;
    }
    const { status, json, lost } = answer(request);
    if (lost) response.destroy();
    else send(response, status, json);
  });

  return {
    url: server.url,
    config: {
      mchid,
      appid,
      apiV3Key,
      privateKey: merchant.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      merchantCert,
      publicKeyId,
      publicKey: modern.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      platformCerts: platformCert,
      gateway: server.url,
    },
    signed,
    event,
    notification,
    async pay(orderNo, { notify = true } = {}) {
      const trade = find(orderNo);
      trade.state = 'SUCCESS';
      if (notify) await notifyUntil(() => sendPaid(trade.notifyUrl, notification(orderNo), '2xx'), stopped.signal);
    },
    refundNext(status) {
      refundMode = status;
    },
    settleRefunds(status = 'SUCCESS') {
      for (const entry of refunds.values()) entry.status = status;
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
