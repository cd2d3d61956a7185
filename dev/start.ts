/** The embedded stack: starts what is not there, in parallel where it can, and stops it in order. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { migrate } from '../db/migrate.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { startMailSink, type MailSink } from './embedded/mail-sink.ts';
import { requireFree } from './embedded/ports.ts';
import { startPostgres, type EmbeddedPostgres } from './embedded/postgres.ts';
import { lockDirectory, run, stop, type Running } from './embedded/process.ts';
import { prepareFiles, SetupError, type PortName, type Settings } from './embedded/settings.ts';
import { temporalProgram } from './embedded/temporal-binary.ts';
import { startTemporal, type EmbeddedTemporal } from './embedded/temporal-server.ts';
import { startFakeEpay, type FakeEpay } from './fakes/epay-gateway.ts';

export interface Stack {
  readonly settings: Settings;
  readonly databaseUrl: string;
  /** Process ids by name, for measuring. */
  readonly pids: () => Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (zh: string, en: string) => void;
}

interface Services {
  postgres?: EmbeddedPostgres;
  temporal?: EmbeddedTemporal;
  mail?: MailSink;
  gateway?: FakeEpay;
}

/** Ports that will be listened on, given what is replaced by something that exists. */
function wantedPorts({ settings, env }: StartOptions): { name: string; port: number; host: string }[] {
  const names: PortName[] = ['API_ADMIN_PORT', 'WORKER_ADMIN_PORT', 'GATEWAY_PORT'];
  if (!env['DATABASE_URL']) names.push('PG_PORT');
  if (!env['TEMPORAL_ADDRESS']) names.push('TEMPORAL_PORT', 'TEMPORAL_UI_PORT');
  if (!env['SMTP_URL']) names.push('SMTP_PORT', 'MAIL_UI_PORT');
  return [
    { name: 'PORT', port: settings.ports.PORT, host: '0.0.0.0' },
    ...names.map((name) => ({ name, port: settings.ports[name], host: '127.0.0.1' })),
  ];
}

export async function startStack(options: StartOptions): Promise<Stack> {
  const { settings, env, say } = options;
  const { data, ports } = settings;
  const log = (name: string): string => path.join(data, 'logs', `${name}.log`);
  const services: Services = {};
  const children: Supervised[] = [];
  let unlock: () => void = () => undefined;

  const stopAll = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
    await Promise.all([services.temporal?.stop(), services.mail?.close(), services.gateway?.close()]);
    await services.postgres?.stop();
    unlock();
  };

  try {
    prepareFiles(settings, say);
    unlock = lockDirectory(data);
    // What a killed starter left behind holds ports: PostgreSQL and Temporal end their own orphans when they start,
    // so ports are looked at for the others first, and for these only if no pid file explains them.
    const orphans = ['postgres.pid', path.join('temporal', 'temporal.pid')].some((f) => existsSync(path.join(data, f)));
    await requireFree(wantedPorts(options).filter((p) => !orphans || !/^(PG|TEMPORAL)/.test(p.name)));

    const postgres = async (): Promise<string> => {
      const given = env['DATABASE_URL'];
      if (!given) {
        services.postgres = await startPostgres({
          directory: path.join(data, 'postgres'),
          port: ports.PG_PORT,
          log: log('postgres'),
        });
      }
      const url = given ?? services.postgres?.url ?? '';
      await migrate(url, { log: (line) => say(line, 'database') });
      return url;
    };
    const temporal = async (): Promise<void> => {
      if (env['TEMPORAL_ADDRESS']) return;
      services.temporal = await startTemporal({
        program: await temporalProgram('cli', { env, say: (line) => say(line, 'Temporal') }),
        directory: path.join(data, 'temporal'),
        log: log('temporal'),
        port: ports.TEMPORAL_PORT,
        uiPort: ports.TEMPORAL_UI_PORT,
        publicUrl: settings.publicUrl,
        searchAttributes,
      });
    };
    const mail = async (): Promise<void> => {
      if (env['SMTP_URL']) return;
      services.mail = await startMailSink({
        smtpPort: ports.SMTP_PORT,
        httpPort: ports.MAIL_UI_PORT,
        directory: path.join(data, 'mail'),
      });
    };
    const gateway = async (): Promise<void> => {
      services.gateway = await startFakeEpay({ port: ports.GATEWAY_PORT });
    };
    // All are waited for, also when one fails: what has started must be stopped.
    const results = await Promise.allSettled([postgres(), temporal(), mail(), gateway()]);
    const failed = results.find((r) => r.status === 'rejected');
    if (failed) throw failed.reason;
    const databaseUrl = results[0].status === 'fulfilled' ? results[0].value : '';

    const childEnv: NodeJS.ProcessEnv = {
      NODE_ENV: 'production',
      ...env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: env['TEMPORAL_ADDRESS'] ?? services.temporal?.address,
      TEMPORAL_UI_URL: env['TEMPORAL_UI_URL'] ?? services.temporal?.uiUrl,
      SMTP_URL: env['SMTP_URL'] ?? services.mail?.smtpUrl,
      MAIL_UI_URL: env['MAIL_UI_URL'] ?? services.mail?.uiUrl,
      PORT: String(ports.PORT),
      PUBLIC_URL: settings.publicUrl,
      API_ADMIN_PORT: String(ports.API_ADMIN_PORT),
      WORKER_ADMIN_PORT: String(ports.WORKER_ADMIN_PORT),
      MASTER_KEY_FILE: settings.masterKeyFile,
      OPS_TOKEN_FILE: settings.opsTokenFile,
      OUTBOUND_ALLOW: [env['OUTBOUND_ALLOW'], `127.0.0.1:${ports.GATEWAY_PORT}`].filter(Boolean).join(','),
    };
    children.push(supervise('api', childEnv, log('api'), say), supervise('worker', childEnv, log('worker'), say));
    await untilReady(settings, children, log);
    return {
      settings,
      databaseUrl,
      pids: () => ({
        starter: process.pid,
        ...(services.postgres && { postgres: services.postgres.pid }),
        ...(services.temporal && { temporal: services.temporal.pid }),
        ...Object.fromEntries(children.map((child) => [child.name, child.pid()])),
      }),
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

interface Supervised {
  readonly name: string;
  readonly failed: () => boolean;
  readonly pid: () => number;
  stop(): Promise<void>;
}

/** Runs one of our programs, again after a pause if it dies. It ends by itself when we are gone (IPC channel). */
function supervise(name: 'api' | 'worker', env: NodeJS.ProcessEnv, log: string, say: StartOptions['say']): Supervised {
  const program = path.join(import.meta.dirname, '..', name, 'main.js');
  // A small heap keeps a shop's server free; most memory of these processes is Temporal's native core.
  const args = ['--enable-source-maps', '--max-old-space-size=256', '--max-semi-space-size=4', program];
  let running: Running;
  let stopping = false;
  let quickDeaths = 0;
  const start = (): void => {
    const began = Date.now();
    running = run(process.execPath, args, log, { env, ipc: true });
    void running.exited.then((code) => {
      if (stopping) return;
      quickDeaths = Date.now() - began < 5_000 ? quickDeaths + 1 : 0;
      say(
        `${name} 意外退出 (${code ?? '信号'})，正在重启，日志：${log}`,
        `${name} ended (${code ?? 'signal'}), restarting; log: ${log}`,
      );
      setTimeout(() => stopping || start(), Math.min(500 * 2 ** quickDeaths, 15_000)).unref();
    });
  };
  start();
  return {
    name,
    failed: () => quickDeaths >= 3,
    pid: () => running.child.pid ?? 0,
    async stop() {
      stopping = true;
      await stop(running, 'SIGTERM', 25_000);
    },
  };
}

async function untilReady(
  settings: Settings,
  children: readonly Supervised[],
  log: (name: string) => string,
): Promise<void> {
  const url = `http://127.0.0.1:${settings.ports.PORT}/readyz?all=1`;
  const worker = `http://127.0.0.1:${settings.ports.WORKER_ADMIN_PORT}/readyz`;
  const deadline = Date.now() + 90_000;
  for (;;) {
    const up = await Promise.all(
      [url, worker].map((u) =>
        fetch(u).then(
          (r) => r.ok,
          () => false,
        ),
      ),
    );
    if (up.every(Boolean)) return;
    const dead = children.find((child) => child.failed());
    if (dead ?? Date.now() > deadline) {
      throw new SetupError(`启动失败，请查看日志 / the start failed, see the logs: ${log(dead?.name ?? 'api')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}
