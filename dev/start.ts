/** The embedded stack: starts what is not there, in parallel where it can, and stops it in order. */
import { statfsSync } from 'node:fs';
import path from 'node:path';
import { migrate } from '../db/migrate.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { keepRunning, type Kept } from './embedded/keep.ts';
import { lastWords, watchLogs } from './embedded/logs.ts';
import { startMailSink, type MailSink } from './embedded/mail-sink.ts';
import { requireFree } from './embedded/ports.ts';
import { endPostgresOrphan, startPostgres, type EmbeddedPostgres } from './embedded/postgres.ts';
import { endOrphan, lockDirectory } from './embedded/process.ts';
import { prepareFiles, SetupError, type PortName, type Settings } from './embedded/settings.ts';
import { supervise, type Supervised } from './embedded/supervise.ts';
import { temporalProgram } from './embedded/temporal-binary.ts';
import { endTemporalOrphan, startTemporal, type EmbeddedTemporal } from './embedded/temporal-server.ts';
import { startFakeSupplier, type FakeSupplier } from './fakes/acg-supplier.ts';
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
  /** Gives up a start that is under way: what runs is stopped, and the promise rejects. */
  readonly signal?: AbortSignal;
}

interface Services {
  postgres?: Kept<EmbeddedPostgres>;
  temporal?: Kept<EmbeddedTemporal>;
  mail?: MailSink;
  gateway?: FakeEpay;
  supplier?: FakeSupplier;
}

/** Ports that will be listened on, given what is replaced by something that exists. */
function wantedPorts({ env }: StartOptions): PortName[] {
  const names: PortName[] = ['PORT', 'API_ADMIN_PORT', 'WORKER_ADMIN_PORT', 'GATEWAY_PORT', 'SUPPLIER_PORT'];
  if (!env['DATABASE_URL']) names.push('PG_PORT');
  if (!env['TEMPORAL_ADDRESS']) names.push('TEMPORAL_PORT', 'TEMPORAL_UI_PORT');
  if (!env['SMTP_URL']) names.push('SMTP_PORT', 'MAIL_UI_PORT');
  return names;
}

export async function startStack(options: StartOptions): Promise<Stack> {
  const { settings, env, say, signal } = options;
  const { data, ports } = settings;
  const logs = path.join(data, 'logs');
  const log = (name: string): string => path.join(logs, `${name}.log`);
  const pidFile = (name: string): string => path.join(data, `${name}.pid`);
  const directories = { postgres: path.join(data, 'postgres'), temporal: path.join(data, 'temporal') };
  const services: Services = {};
  const children: Supervised[] = [];
  const closers: (() => void)[] = [];
  const tell = (line: string): void => {
    const [zh = line, en = 'Temporal'] = line.split(' / ');
    say(zh, en);
  };

  const stopAll = async (): Promise<void> => {
    // Whatever fails to stop, the rest is stopped.
    await Promise.allSettled(children.map((child) => child.stop()));
    await Promise.allSettled([
      services.temporal?.stop(),
      services.mail?.close(),
      services.gateway?.close(),
      services.supplier?.close(),
    ]);
    await services.postgres?.stop();
    for (const close of closers.reverse()) close();
  };

  try {
    prepareFiles(settings, say);
    closers.push(lockDirectory(data), watchLogs(logs));
    // What a killed starter left behind still holds ports and files.
    await Promise.all([
      endPostgresOrphan(directories.postgres),
      endTemporalOrphan(directories.temporal),
      ...programs.map((name) => endOrphan(pidFile(name), mainOf(name), 'SIGTERM')),
    ]);
    await requireFree(wantedPorts(options), ports);

    const postgres = async (): Promise<string> => {
      const given = env['DATABASE_URL'];
      if (!given) {
        services.postgres = await keepRunning({
          name: 'PostgreSQL',
          start: () => startPostgres({ directory: directories.postgres, port: ports.PG_PORT, log: log('postgres') }),
          log: log('postgres'),
          say,
        });
      }
      const url = given ?? services.postgres?.current().url ?? '';
      await migrate(url, { log: (line) => say('数据库', line) });
      return url;
    };
    const temporal = async (): Promise<void> => {
      if (env['TEMPORAL_ADDRESS']) return;
      const program = await temporalProgram('cli', { env, say: tell, ...(signal && { signal }) });
      const start = (): Promise<EmbeddedTemporal> =>
        startTemporal({
          program,
          directory: directories.temporal,
          log: log('temporal'),
          port: ports.TEMPORAL_PORT,
          uiPort: ports.TEMPORAL_UI_PORT,
          publicUrl: settings.publicUrl,
          searchAttributes,
        });
      services.temporal = await keepRunning({ name: 'Temporal', start, log: log('temporal'), say });
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
    const supplier = async (): Promise<void> => {
      services.supplier = await startFakeSupplier({ port: ports.SUPPLIER_PORT });
      services.supplier.stock('DEMO-UP', 80);
    };
    // All are waited for, also when one fails: what has started must be stopped.
    const results = await Promise.allSettled([postgres(), temporal(), mail(), gateway(), supplier()]);
    const failed = results.find((r) => r.status === 'rejected');
    signal?.throwIfAborted();
    if (failed) throw failed.reason;
    const databaseUrl = results[0].status === 'fulfilled' ? results[0].value : '';

    const childEnv: NodeJS.ProcessEnv = {
      NODE_ENV: 'production',
      ...env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: env['TEMPORAL_ADDRESS'] ?? services.temporal?.current().address,
      TEMPORAL_UI_URL: env['TEMPORAL_UI_URL'] ?? services.temporal?.current().uiUrl,
      SMTP_URL: env['SMTP_URL'] ?? services.mail?.smtpUrl,
      MAIL_UI_URL: env['MAIL_UI_URL'] ?? services.mail?.uiUrl,
      PORT: String(ports.PORT),
      PUBLIC_URL: settings.publicUrl,
      API_ADMIN_PORT: String(ports.API_ADMIN_PORT),
      WORKER_ADMIN_PORT: String(ports.WORKER_ADMIN_PORT),
      MASTER_KEY_FILE: settings.masterKeyFile,
      OPS_TOKEN_FILE: settings.opsTokenFile,
      OUTBOUND_ALLOW: [env['OUTBOUND_ALLOW'], `127.0.0.1:${ports.GATEWAY_PORT}`, `127.0.0.1:${ports.SUPPLIER_PORT}`]
        .filter(Boolean)
        .join(','),
    };
    for (const name of programs) {
      children.push(
        supervise({ name, main: mainOf(name), env: childEnv, log: log(name), pidFile: pidFile(name), say }),
      );
    }
    await untilReady(settings, children, log, signal);
    return {
      settings,
      databaseUrl,
      pids: () => ({
        starter: process.pid,
        ...(services.postgres && { postgres: services.postgres.current().pid }),
        ...(services.temporal && { temporal: services.temporal.current().pid }),
        ...Object.fromEntries(children.map((child) => [child.name, child.pid()])),
      }),
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    if (isFull(data)) {
      const said = error instanceof Error ? error.message : String(error);
      throw new SetupError(`${said}\n磁盘已满，请先腾出空间 / the disk is full, make room first: ${data}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** PostgreSQL wants 16 MB for its next piece of log. */
function isFull(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < 16 * 1024 * 1024;
  } catch {
    return false;
  }
}

const programs = ['api', 'worker'] as const;
const mainOf = (name: (typeof programs)[number]): string => path.join(import.meta.dirname, '..', name, 'main.js');

async function untilReady(
  settings: Settings,
  children: readonly Supervised[],
  log: (name: string) => string,
  signal?: AbortSignal,
): Promise<void> {
  const { PORT, WORKER_ADMIN_PORT } = settings.ports;
  const urls = [`http://127.0.0.1:${PORT}/readyz?all=1`, `http://127.0.0.1:${WORKER_ADMIN_PORT}/readyz`];
  const answers = (url: string): Promise<boolean> =>
    fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (r) => r.ok,
      () => false,
    );
  const deadline = Date.now() + 90_000;
  while (!(await Promise.all(urls.map(answers))).every(Boolean)) {
    signal?.throwIfAborted();
    const dead = children.find((child) => child.failed());
    if (dead ?? Date.now() > deadline) {
      const file = log(dead?.name ?? 'api');
      throw new SetupError(
        [`启动失败，请查看日志 / the start failed, see the log: ${file}`, ...lastWords(file)].join('\n  '),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}
