/**
 * 微信支付's API v3 for one machine and for tests: Native, query, close, refunds, bills, platform certificates that change,
 * signed both ways, with a platform certificate and a public key at once. No money moves.
 */
import { createCipheriv, createHash, randomBytes, sign, verify, X509Certificate, type KeyObject } from 'node:crypto'; // prettier-ignore
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
  /** The platform certificate is changed: both are valid and the new one signs; then only that. Gives the new one. */
  changeCertificate(step: 'both' | 'done'): string;
  /** The bill that is downloaded is not the one whose hash was told. */
  damageBill(yes: boolean): void;
  readonly refunds: ReadonlyMap<string, WechatRefund>;
  close(): Promise<void>;
}

function seal(text: string, aad: string): { readonly nonce: string; readonly ciphertext: string } {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce).setAAD(Buffer.from(aad));
  const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return { nonce, ciphertext: sealed.toString('base64') };
}

function sealedCertificate(pem: string): object {
  const encrypt_certificate = {
    algorithm: 'AEAD_AES_256_GCM',
    associated_data: 'certificate',
    ...seal(pem, 'certificate'),
  };
  return { serial_no: new X509Certificate(pem).serialNumber, encrypt_certificate };
}

export async function startFakeWechat(options: { readonly port: number }): Promise<FakeWechat> {
  const platform = keyPair('wechat-platform');
  const successor = keyPair('wechat-platform-next');
  const modern = keyPair('wechat-public');
  const merchant = keyPair('wechat-merchant');
  const issuer = [['C', 'CN'], ['O', 'Fake Tenpay'], ['CN', 'Fake Tenpay Root CA']] as const; // prettier-ignore
  const platformCert = makeCertificate({ subject: [['CN', 'Fake Tenpay.com sign']], issuer, key: platform.privateKey });
  const merchantCert = makeCertificate({ subject: [['CN', mchid]], issuer, key: merchant.privateKey });
  const nextCert = makeCertificate({ subject: [['CN', 'Fake Tenpay.com sign']], issuer, key: successor.privateKey });
  /** What /v3/certificates gives; the last one signs. */
  let inUse = [{ pem: platformCert, key: platform.privateKey }];
  const current = () => inUse.at(-1) ?? { pem: platformCert, key: platform.privateKey };
  const trades = new Map<string, WechatTrade>();
  const refunds = new Map<string, WechatRefund>();
  const troubles = new Map<string, Trouble>();
  let refundMode: WechatRefund['status'] | 'lost' | 'refused' | undefined;
  let damaged = false;
  const stopped = new AbortController();

  const signed: FakeWechat['signed'] = (body, by = 'publicKey', at = Math.floor(Date.now() / 1000)) => {
    const nonce = randomBytes(16).toString('hex');
    const { pem, key: certified } = current();
    const key: KeyObject = by === 'certificate' ? certified : modern.privateKey;
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'wechatpay-timestamp': String(at),
        'wechatpay-nonce': nonce,
        'wechatpay-serial': by === 'certificate' ? new X509Certificate(pem).serialNumber : publicKeyId,
        'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
        'wechatpay-signature': sign('sha256', Buffer.from(`${at}\n${nonce}\n${body}\n`), key).toString('base64'),
      },
    };
  };

  const event: FakeWechat['event'] = (type, content, by) => {
    const { nonce, ciphertext } = seal(JSON.stringify(content), 'transaction');
    const body = {
      id: randomBytes(16).toString('hex'),
      create_time: new Date().toISOString(),
      event_type: type,
      resource_type: 'encrypt-resource',
      summary: type,
      resource: { algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: 'transaction', nonce, original_type: 'transaction' }, // prettier-ignore
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
    if (path === '/v3/certificates')
      return { status: 200, json: { data: inUse.map(({ pem }) => sealedCertificate(pem)) } };
    if (path === '/v3/bill/tradebill') return bill();
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

  const billText = (): string => {
    const paid = [...trades.values()].filter((t) => t.state === 'SUCCESS');
    const rows = paid.map((t) => ['2026-11-24 10:00:00', appid, mchid, t.tradeNo, t.orderNo, 'SUCCESS', (Number(t.amount) / 100).toFixed(2)].map((cell) => `\`${cell}`).join(',')); // prettier-ignore
    return ['\ufeff交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,订单金额', ...rows, '总交易单数,应结订单总金额', `\`${paid.length},\`0.00`].join('\r\n'); // prettier-ignore
  };
  const bill = (): { status: number; json: object } => {
    if (![...trades.values()].some((t) => t.state === 'SUCCESS'))
      return { status: 404, json: { code: 'NO_STATEMENT_EXIST', message: '账单文件不存在' } };
    const hash_value = createHash('sha1').update(billText()).digest('hex');
    return { status: 200, json: { hash_type: 'SHA1', hash_value, download_url: `${server.url}/v3/billdownload/file?token=t1&tartype=plain` } }; // prettier-ignore
  };

  /** Answers are signed by what the request names; without, by the platform certificate. */
  const send = (request: FakeRequest, response: http.ServerResponse, status: number, json?: object): void => {
    const by = String(request.headers['wechatpay-serial'] ?? '').startsWith('PUB_KEY_ID') ? 'publicKey' : 'certificate';
    const { headers, body } = signed(json ? JSON.stringify(json) : '', by);
    response.writeHead(status, headers).end(body);
  };

  const server = await startFakeServer(options.port, (request, response) => {
    if (makeTrouble([...troubles].find(([no]) => no === '*' || request.target.includes(no))?.[1], response)) return;
    if (!genuine(request)) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"SIGN_ERROR"}');
      return;
    }
    if (request.url.pathname === '/v3/billdownload/file') {
      // Unsigned: only its hash was.
      response.writeHead(200, { 'content-type': 'text/plain' }).end(damaged ? `${billText()} ` : billText());
      return;
    }
    const { status, json, lost } = answer(request);
    if (lost) response.destroy();
    else send(request, response, status, json);
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
    changeCertificate(step) {
      const next = { pem: nextCert, key: successor.privateKey };
      inUse = step === 'both' ? [{ pem: platformCert, key: platform.privateKey }, next] : [next];
      return nextCert;
    },
    damageBill(yes) {
      damaged = yes;
    },
    refunds,
    async close() {
      stopped.abort();
      await server.close();
    },
  };
}
