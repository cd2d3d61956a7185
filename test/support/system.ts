/** The whole system in this process, on real services: what e2e tests talk to. */
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createApp } from '../../api/app.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { call, openShop, until, type Shop } from '../../dev/client.ts';
import type { MailSink } from '../../dev/embedded/mail-sink.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { fakeMerchant, startFakeEpay, type FakeEpay } from '../../dev/fakes/epay-gateway.ts';
import { readEnvironment } from '../../integrations/environment.ts';
import { signSandbox } from '../../integrations/payments/sandbox.ts';
import { createCodec } from '../../worker/codec.ts';
import { composeProcess, type Process } from '../../worker/compose.ts';
import { createAllWorkers } from '../../worker/create.ts';
import { createHeadStart } from '../../worker/head-start.ts';
import { createLink, type TemporalLink } from '../../worker/link.ts';
import { startLoops } from '../../worker/loops/index.ts';
import { createStarter, type Starter } from '../../worker/starter.ts';
import { createTestDatabase, freshNamespace, scratch, testMail, type TestDatabase } from './services.ts';

export interface System {
  readonly base: string;
  readonly opsToken: string;
  readonly masterKeyFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly database: TestDatabase;
  readonly parts: Process;
  readonly link: TemporalLink | undefined;
  readonly starter: Starter;
  readonly mail: MailSink;
  readonly gateway: FakeEpay;
  /** A test-mode shop with product `SKU` at 1.00 CNY. */
  readonly shop: Shop;
  readonly sku: string;
  readonly epay: number;
  readonly sandbox: number;
  /** A signed sandbox notification, to this API or to another one of the same system. */
  notify(orderNo: string, change?: object, to?: string): Promise<Response>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Address of Temporal; without, none is connected. */
  readonly temporal?: string;
  /** A worker in this process (the default with Temporal), as the API has. */
  readonly worker?: boolean;
  readonly loops?: boolean;
  readonly fault?: ActivityDeps['fault'];
  readonly webhookUrl?: string;
  readonly confirmByQuery?: boolean;
  /** Histories in clear, for recordings that must be readable without this run's keys. */
  readonly clear?: boolean;
  /** URLs of fakes that outbound calls may reach. */
  readonly reach?: readonly string[];
  readonly suppliers?: ActivityDeps['suppliers'];
  readonly env?: Readonly<Record<string, string>>;
  /** An open file that the logs of this system go to, instead of standard output. */
  readonly logFile?: number;
  /** Instead of a fresh one on the shared server. */
  readonly database?: TestDatabase;
}

const nobody: Starter = {
  up: false,
  answers: () => Promise.resolve(false),
  start: () => undefined,
  apply: () => Promise.resolve(undefined),
  drain: () => Promise.resolve(),
};

let count = 0;

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const database = options.database ?? (await createTestDatabase());
  const mail = await testMail();
  const gateway = await startFakeEpay({ port: 0 });
  const masterKeyFile = path.join(scratch('keys'), `master-${++count}.key`);
  writeFileSync(masterKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const opsToken = randomBytes(24).toString('hex');
  const port = await freePort();
  const env: Record<string, string> = {
    DATABASE_URL: database.url,
    SMTP_URL: mail.smtpUrl,
    MAIL_UI_URL: mail.uiUrl,
    MASTER_KEY_FILE: masterKeyFile,
    OPS_TOKEN: opsToken,
    PORT: String(port),
    OUTBOUND_ALLOW: [gateway.url, options.webhookUrl, ...(options.reach ?? [])]
      .flatMap((url) => (url === undefined ? [] : [new URL(url).host]))
      .join(','),
    LOG_LEVEL: 'silent',
    RECONCILE_SECONDS: '1',
    ...(options.temporal && { TEMPORAL_ADDRESS: options.temporal, TEMPORAL_NAMESPACE: freshNamespace() }),
    ...options.env,
  };
  const environment = readEnvironment(env);
  const parts = await composeProcess(environment, `test-${count}`, {
    ...(options.fault && { fault: options.fault }),
    ...(options.suppliers && { suppliers: options.suppliers }),
    ...(options.logFile !== undefined && { logFile: options.logFile }),
  });
  const { log, metrics, pool, steps } = parts;
  const codec = createCodec(steps.keyring);
  const dataConverter = options.clear ? {} : { payloadCodecs: [codec] };
  const namespace = environment.TEMPORAL_NAMESPACE;
  const headStart = options.worker === false ? undefined : createHeadStart(steps, log);
  const link =
    options.temporal === undefined
      ? undefined
      : createLink({
          address: options.temporal,
          namespace,
          dataConverter,
          log,
          metrics,
          ...(headStart && {
            worker: (connection) =>
              createAllWorkers({ connection, namespace, dataConverter, steps, metrics, headStart }),
          }),
        });
  const starter = link ? createStarter(link, pool, log, metrics, headStart) : nobody;
  const loops = link && options.loops !== false ? startLoops(parts, link) : undefined;
  const app = createApp({ ...steps, environment, metrics, temporal: starter, codec });
  const server = http.createServer(app);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const shop = await openShop(base, opsToken, {
    name: `shop ${randomUUID()}`,
    mode: 'test',
    ...(options.webhookUrl && { webhookUrl: options.webhookUrl }),
  });
  const sku = 'TEST-CARD';
  await shop.createProduct({ sku, name: '测试点卡', priceMinor: 100, policy: { retries: 1, intervalMs: 1000 } });
  const account = async (provider: string, config: object): Promise<number> =>
    (
      await call<{ id: number }>(`${base}/ops/api/payment-accounts`, {
        token: opsToken,
        body: { provider, mode: 'test', name: provider, config, confirmByQuery: options.confirmByQuery ?? true },
      })
    ).id;
  const secret = randomBytes(24).toString('hex');
  const epay = await account('epay', { gateway: gateway.url, ...fakeMerchant });
  const sandbox = await account('sandbox', { secret });
  if (link) await until('Temporal', () => Promise.resolve(link.up || undefined), 60_000, 10);

  return {
    base,
    opsToken,
    masterKeyFile,
    env,
    database,
    parts,
    link,
    starter,
    mail,
    gateway,
    shop,
    sku,
    epay,
    sandbox,
    notify(orderNo, change = {}, to = base) {
      const event = { orderNo, tradeNo: `sb-${orderNo}`, amountMinor: 100, currency: 'CNY', status: 'paid', ...change };
      const body = JSON.stringify(event);
      return fetch(`${to}/notify/sandbox/${sandbox}`, {
        method: 'POST',
        body,
        headers: { 'miaofa-sandbox-signature': signSandbox(secret, Math.floor(Date.now() / 1000), body) },
      });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await starter.drain();
      await loops?.stop();
      await link?.stop();
      await gateway.close();
      await parts.close();
      await database.drop();
    },
  };
}
