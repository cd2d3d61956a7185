/** The embedded stack as `npm start` runs it, in a directory of its own, with a shop that is ready to sell. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { openPickup } from '../db/orders.ts';
import { createPool, type Pool } from '../db/sql.ts';
import { call, openShop, type PlacedOrder } from '../dev/client.ts';
import { readSettings } from '../dev/embedded/settings.ts';
import { fakeMerchant } from '../dev/fakes/epay-gateway.ts';
import { startStack, type Stack } from '../dev/start.ts';
import { signSandbox } from '../integrations/payments/sandbox.ts';
import { cookieOf, request } from './http.ts';

export interface BenchOrder extends PlacedOrder {
  /** Of a pickup session. */
  readonly cookie: string;
  /** Pays at the gateway where there is one, and makes what it would send. */
  readonly notify: () => Promise<void>;
}

export interface BenchStack {
  readonly stack: Stack;
  readonly pool: Pool;
  readonly temporal: Client;
  readonly temporalAddress: string;
  readonly accounts: Readonly<Record<'sandbox' | 'epay', number>>;
  readonly gateway: string;
  /** Orders that wait for their payment, with as many keys in the pool. */
  prepare(count: number, by: 'sandbox' | 'epay', mail?: boolean): Promise<BenchOrder[]>;
  /** The key, or undefined while it is not there. */
  goods(order: BenchOrder): Promise<string | undefined>;
  stop(): Promise<void>;
}

const sku = 'BENCH-CARD';

export async function startBenchStack(say: (line: string) => void): Promise<BenchStack> {
  const data = path.resolve('.miaofa-bench');
  rmSync(data, { recursive: true, force: true });
  rmSync(`${data}-master.key`, { force: true });
  const env = { PORT: '3900', ...process.env, MIAOFA_DATA: data, LOG_LEVEL: 'warn' };
  const settings = readSettings(env);
  const stack = await startStack({ settings, env, say: (zh, en) => say(`  ${zh} / ${en}`) });
  const base = `http://127.0.0.1:${settings.ports.PORT}`;
  const opsToken = readFileSync(settings.opsTokenFile, 'utf8').trim();
  const shop = await openShop(base, opsToken, { name: 'bench', mode: 'test' });
  await shop.createProduct({ sku, name: '测试点卡', priceMinor: 100 });
  const secret = randomBytes(24).toString('hex');
  const gateway = `http://127.0.0.1:${settings.ports.GATEWAY_PORT}`;
  const account = async (provider: string, config: object): Promise<number> =>
    (
      await call<{ id: number }>(`${base}/ops/api/payment-accounts`, {
        token: opsToken,
        body: { provider, mode: 'test', name: `bench ${provider}`, config },
      })
    ).id;
  const accounts = {
    sandbox: await account('sandbox', { secret }),
    epay: await account('epay', { gateway, ...fakeMerchant }),
  };
  const pool = createPool(stack.databaseUrl, { name: 'bench', max: 10, statementTimeoutMs: 0 });
  const temporalAddress = process.env['TEMPORAL_ADDRESS'] ?? `127.0.0.1:${settings.ports.TEMPORAL_PORT}`;
  const connection = await Connection.connect({ address: temporalAddress });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

  const expectOk = async (answer: Promise<{ status: number; body: string }>): Promise<void> => {
    const { status, body } = await answer;
    if (status !== 200 || !/^(success|\{"ok":true\})$/.test(body))
      throw new Error(`not acknowledged: ${status} ${body}`);
  };
  const sandboxNotification = (orderNo: string) => (): Promise<void> => {
    const body = JSON.stringify({
      orderNo,
      tradeNo: `sb-${orderNo}`,
      amountMinor: 100,
      currency: 'CNY',
      status: 'paid',
    });
    const signature = signSandbox(secret, Math.floor(Date.now() / 1000), body);
    const headers = { 'content-type': 'application/json', 'miaofa-sandbox-signature': signature };
    return expectOk(request(agent, `${base}/notify/sandbox/${accounts.sandbox}`, { method: 'POST', body, headers }));
  };
  const epayNotification = async (order: PlacedOrder): Promise<() => Promise<void>> => {
    await fetch(order.payUrl).then((page) => page.text());
    const { notification } = await call<{ notification: string }>(`${gateway}/__control?pay=${order.orderNo}&notify=0`);
    return () => expectOk(request(agent, `${base}/notify/epay/${accounts.epay}?${notification}`, {}));
  };

  const prepareOne = async (by: 'sandbox' | 'epay', mail: boolean): Promise<BenchOrder> => {
    const order = await shop.order({
      sku,
      accountId: accounts[by],
      ...(mail && { email: `${randomUUID()}@example.com` }),
    });
    // Straight into the table: the page lets an address open 60 a minute.
    const { cookie, tokenHash, sessionHash } = cookieOf(order.pickupUrl);
    await openPickup(pool, tokenHash, sessionHash, 3600);
    const notify = by === 'sandbox' ? sandboxNotification(order.orderNo) : await epayNotification(order);
    return { ...order, cookie, notify };
  };

  return {
    stack,
    pool,
    temporal: new Client({ connection }),
    temporalAddress,
    accounts,
    gateway,
    async prepare(count, by, mail = true) {
      await shop.addCards(
        sku,
        Array.from({ length: count }, () => `BENCH-${randomUUID()}`),
      );
      const orders: BenchOrder[] = [];
      while (orders.length < count) {
        const batch = Math.min(20, count - orders.length);
        orders.push(...(await Promise.all(Array.from({ length: batch }, () => prepareOne(by, mail)))));
      }
      return orders;
    },
    async goods(order) {
      const { status, body } = await request(agent, `${base}/pickup/${order.orderNo}/goods`, {
        method: 'POST',
        headers: { cookie: order.cookie },
      });
      if (status === 409) return undefined;
      const [key] = (JSON.parse(body) as { goods?: string[] }).goods ?? [];
      if (key === undefined) throw new Error(`goods → ${status} ${body}`);
      return key;
    },
    async stop() {
      agent.destroy();
      await connection.close();
      await pool.end();
      await stack.stop();
      rmSync(data, { recursive: true, force: true });
      rmSync(`${data}-master.key`, { force: true });
    },
  };
}
