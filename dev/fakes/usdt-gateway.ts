/** The epusdt family for one machine and for tests: create-transaction, check-status, signed notifications. */
import { createHash } from 'node:crypto';
import { makeTrouble, sendJson, startFakeServer, type Trouble } from './server.ts';

const token = 'fake_epusdt_token_for_development';
const address = 'TXLAQ63Xg1NAzckPwKHvzw7CSEmLMEqcdj';

interface Trade {
  readonly tradeId: string;
  readonly orderNo: string;
  readonly amount: number;
  readonly coins: number;
  status: 1 | 2 | 3;
}

export interface FakeUsdt {
  readonly url: string;
  readonly config: Readonly<Record<string, string>>;
  notification(orderNo: string, change?: Readonly<Record<string, string | number>>): string;
  pay(orderNo: string): void;
  expire(orderNo: string): void;
  misbehave(trouble: Trouble | undefined): void;
  close(): Promise<void>;
}

/** As the PHP and Go clients do it: sorted, empty left out, numbers as they print. */
function signature(params: Readonly<Record<string, string | number>>): string {
  const text = Object.keys(params)
    .filter((key) => key !== 'signature' && params[key] !== '')
    .sort()
    .map((key) => `${key}=${params[key] ?? ''}`)
    .join('&');
  return createHash('md5')
    .update(text + token)
    .digest('hex');
}

export async function startFakeUsdt(options: {
  readonly port: number;
  readonly flavour?: 'assimon' | 'gmwallet' | 'bepusdt';
}): Promise<FakeUsdt> {
  const { flavour = 'assimon' } = options;
  const trades = new Map<string, Trade>();
  let trouble: Trouble | undefined;
  const find = (orderNo: string): Trade => {
    const trade = trades.get(orderNo);
    if (!trade) throw new Error(`the gateway knows no order ${orderNo}`);
    return trade;
  };

  const server = await startFakeServer(options.port, (request, response) => {
    if (makeTrouble(trouble, response)) return;
    const path = request.url.pathname;
    const check = /^\/pay\/check-status\/([\w-]+)$/.exec(path)?.[1];
    if (check !== undefined) {
      const trade = [...trades.values()].find((t) => t.tradeId === check);
      sendJson(response, {
        status_code: trade ? 200 : 10008,
        data: trade && { trade_id: check, status: trade.status },
      });
      return;
    }
    const given = JSON.parse(request.body) as Record<string, string | number>;
    const orderNo = String(given['order_id']);
    if (given['signature'] !== signature(given)) sendJson(response, { status_code: 401, message: '签名认证错误' });
    else if (trades.has(orderNo) && flavour !== 'bepusdt')
      sendJson(response, { status_code: 10002, message: '订单已存在' });
    else {
      const amount = Number(given['amount']);
      const trade: Trade = { tradeId: `2026112417${String(trades.size).padStart(12, '0')}`, orderNo, amount, coins: Math.round((amount / 6.4) * 100) / 100, status: 1 }; // prettier-ignore
      trades.set(orderNo, trade);
      sendJson(response, {
        status_code: 200,
        message: 'success',
        data: { trade_id: trade.tradeId, order_id: orderNo, amount, actual_amount: trade.coins, ...(flavour === 'gmwallet' ? { token: 'usdt', receive_address: address } : { token: address }), expiration_time: 600, payment_url: `${server.url}/pay/checkout-counter/${trade.tradeId}` },
      }); // prettier-ignore
    }
  });

  return {
    url: server.url,
    config: { flavour, gateway: server.url, token, ...(flavour === 'gmwallet' && { pid: '1000' }) },
    notification(orderNo, change = {}) {
      const trade = find(orderNo);
      const params: Record<string, string | number> = {
        trade_id: trade.tradeId,
        order_id: orderNo,
        amount: trade.amount,
        actual_amount: trade.coins,
        token: flavour === 'gmwallet' ? 'usdt' : address,
        ...(flavour === 'gmwallet' && { pid: '1000', receive_address: address }),
        block_transaction_id: createHash('sha256').update(orderNo).digest('hex'),
        status: trade.status,
        ...change,
      };
      return JSON.stringify({ ...params, signature: signature(params) });
    },
    pay(orderNo) {
      find(orderNo).status = 2;
    },
    expire(orderNo) {
      find(orderNo).status = 3;
    },
    misbehave(how) {
      trouble = how;
    },
    close: () => server.close(),
  };
}
