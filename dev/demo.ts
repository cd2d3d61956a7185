/**
 * `npm run demo`: plays a shop, a buyer and two gateways against the real HTTP endpoints, and prints what happened when.
 * Uses a product of its own, in test mode. `--json` prints one document; the exit code is 0 only if the key reached page
 * and mail.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { signSandbox } from '../integrations/payments/sandbox.ts';
import { call, openPickup, openShop, until, useShop, type PlacedOrder, type Shop } from './client.ts';
import { readSettings, type Settings } from './embedded/settings.ts';
import { fakeMerchant } from './fakes/epay-gateway.ts';
import { startStack, type Stack } from './start.ts';

interface Known {
  apiKey: string;
  epay: number;
  sandbox: number;
  secret: string;
}

interface Played {
  readonly provider: string;
  readonly orderNo: string;
  /** Milliseconds after the first byte of the notification was sent. */
  readonly timeline: Readonly<
    Record<'notified' | 'acknowledged' | 'reserved' | 'onPickupPage' | 'mailReceived', number>
  >;
  readonly links: Readonly<Record<'pickup' | 'mail' | 'workflow', string>>;
}

const sku = 'DEMO-CARD';
const json = process.argv.includes('--json');
const print = (line: string): void => {
  if (!json) process.stdout.write(`${line}\n`);
};

/** Shop, accounts and product of the demo: made once per data directory. */
async function prepare(settings: Settings, base: string, opsToken: string): Promise<{ known: Known; shop: Shop }> {
  const file = path.join(settings.data, 'demo.json');
  if (existsSync(file)) {
    const known = JSON.parse(readFileSync(file, 'utf8')) as Known;
    return { known, shop: useShop(base, known.apiKey) };
  }
  const shop = await openShop(base, opsToken, { name: `演示店铺 ${randomUUID().slice(0, 8)}`, mode: 'test' });
  const account = async (provider: string, config: object): Promise<number> =>
    (
      await call<{ id: number }>(`${base}/ops/api/payment-accounts`, {
        token: opsToken,
        body: { provider, mode: 'test', name: `demo ${provider}`, config },
      })
    ).id;
  const secret = randomBytes(24).toString('hex');
  const known: Known = {
    apiKey: shop.apiKey,
    epay: await account('epay', { gateway: `http://127.0.0.1:${settings.ports.GATEWAY_PORT}`, ...fakeMerchant }),
    sandbox: await account('sandbox', { secret }),
    secret,
  };
  await shop.createProduct({ sku, name: '演示点卡 100元', priceMinor: 100 }).catch((error: unknown) => {
    if (!String(error).includes('SKU_TAKEN')) throw error;
  });
  writeFileSync(file, JSON.stringify(known), { mode: 0o600 });
  return { known, shop };
}

/** What the gateway sends, once the buyer has paid there. */
async function epayNotification(settings: Settings, order: PlacedOrder): Promise<string> {
  const gateway = `http://127.0.0.1:${settings.ports.GATEWAY_PORT}`;
  await fetch(order.payUrl); // the buyer's browser opens the pay page: the gateway learns of the order
  const { notification } = await call<{ notification: string }>(`${gateway}/__control?pay=${order.orderNo}&notify=0`);
  return notification;
}

async function play(
  provider: 'epay' | 'sandbox',
  {
    settings,
    base,
    opsToken,
    known,
    shop,
  }: { settings: Settings; base: string; opsToken: string; known: Known; shop: Shop },
): Promise<Played> {
  const key = `DEMO-${randomBytes(8).toString('hex').toUpperCase()}`;
  await shop.addCards(sku, [key]);
  const email = `buyer-${randomBytes(4).toString('hex')}@example.com`;
  const accountId = known[provider];
  const order = await shop.order({ sku, email, accountId });
  const pickup = await openPickup(base, order.pickupUrl);

  const url = `${base}/notify/${provider}/${accountId}`;
  let notify: () => Promise<Response>;
  if (provider === 'epay') {
    const query = await epayNotification(settings, order);
    notify = () => fetch(`${url}?${query}`);
  } else {
    const body = JSON.stringify({
      orderNo: order.orderNo,
      tradeNo: `sb-${randomUUID()}`,
      amountMinor: 100,
      currency: 'CNY',
      status: 'paid',
    });
    const signature = signSandbox(known.secret, Math.floor(Date.now() / 1000), body);
    notify = () =>
      fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'miaofa-sandbox-signature': signature },
      });
  }

  const wall = Date.now();
  const began = performance.now();
  const since = (): number => Math.round((performance.now() - began) * 10) / 10;
  const acknowledged = notify().then(async (answer) => {
    const text = await answer.text();
    if (answer.status !== 200 || !/^(success|\{"ok":true\})$/.test(text))
      throw new Error(`not acknowledged: ${answer.status} ${text}`);
    return since();
  });
  const onPage = until('the key on the pickup page', () => pickup.goods(), 20_000).then((goods) => {
    if (goods.length !== 1) throw new Error('the page shows something else than one key');
    return { goods, at: since() };
  });
  const mails = `${base}/ops/mail/api/messages?to=${encodeURIComponent(email)}`;
  const inMail = until(
    'the mail',
    async () => (await call<{ id: string; text: string }[]>(mails, { token: opsToken }))[0],
    30_000,
    20,
  ).then((mail) => ({ mail, at: since() }));
  const [ack, page, mail] = await Promise.all([acknowledged, onPage, inMail]);
  const [shown = ''] = page.goods;
  if (!mail.mail.text.includes(shown)) throw new Error('the mail holds another key than the page');
  const { deliveredAt } = await shop.read(order.orderNo);
  return {
    provider,
    orderNo: order.orderNo,
    timeline: {
      notified: 0,
      acknowledged: ack,
      reserved: Math.max(0, Date.parse(deliveredAt ?? '') - wall),
      onPickupPage: page.at,
      mailReceived: mail.at,
    },
    links: {
      pickup: order.pickupUrl,
      mail: link(settings, opsToken, `/ops/mail/mail/${mail.mail.id}`),
      workflow: link(settings, opsToken, `/ops/temporal/namespaces/default/workflows/order-${order.orderNo}`),
    },
  };
}

/** Through the door of ops: the token stays in the fragment. */
function link(settings: Settings, opsToken: string, to: string): string {
  return `${settings.publicUrl}/ops/login#${opsToken}&to=${encodeURIComponent(to)}`;
}

const settings = readSettings(process.env);
const base = `http://127.0.0.1:${settings.ports.PORT}`;
let stack: Stack | undefined;
let failed = false;
try {
  const running = await fetch(`${base}/readyz?all=1`).then(
    (r) => r.ok,
    () => false,
  );
  if (!running) {
    print('系统未运行，先启动… / the stack is not running, starting it…');
    stack = await startStack({ settings, env: process.env, say: (zh, en) => print(`  ${zh} / ${en}`) });
  }
  const opsToken = readFileSync(settings.opsTokenFile, 'utf8').trim();
  const { known, shop } = await prepare(settings, base, opsToken);
  const played: Played[] = [];
  for (const provider of ['epay', 'sandbox'] as const) {
    const result = await play(provider, { settings, base, opsToken, known, shop });
    played.push(result);
    const t = result.timeline;
    print(`
${provider === 'epay' ? '易支付 (向网关查询确认后发货 / confirmed by a query before delivery)' : '沙箱支付 / sandbox'}   ${result.orderNo}
  ${String(t.notified).padStart(7)} ms  收到通知 / notified
  ${String(t.acknowledged).padStart(7)} ms  已应答 / acknowledged
  ${String(t.reserved).padStart(7)} ms  卡密已锁定并发出 / keys reserved and released
  ${String(t.onPickupPage).padStart(7)} ms  提货页可见 / on the pickup page
  ${String(t.mailReceived).padStart(7)} ms  邮件已收到 / mail received
  提货页 pickup    ${result.links.pickup}
  邮件 mail        ${result.links.mail}
  流程 workflow    ${result.links.workflow}`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ orders: played }, null, 2)}\n`);
} catch (error) {
  failed = true;
  process.stderr.write(`演示失败 / the demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
}
if (stack) {
  if (!failed && !json && process.stdout.isTTY) {
    print('\n按 Ctrl-C 停止 / Ctrl-C stops the stack');
    await new Promise((resolve) => {
      for (const end of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(end, resolve);
    });
  }
  await stack.stop();
}
process.exit(failed ? 1 : 0);
