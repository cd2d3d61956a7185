/**
 * A Temporal server with PostgreSQL, as docker-compose.yml runs it, without Docker: built by Go once and cached, its
 * databases made by the scripts of deploy/. For `npm run test:cluster`.
 */
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { freePort } from './ports.ts';
import { ended, run, stop } from './process.ts';
import { SetupError } from './settings.ts';
import { cacheFolder, temporalProgram } from './temporal-binary.ts';

const execute = promisify(execFile);
/** The image of docker-compose.yml has the same. */
export const clusterVersion = '1.32.0';
const modules = [
  `go.temporal.io/server/cmd/server@v${clusterVersion}`,
  `go.temporal.io/server/cmd/tools/sql@v${clusterVersion}`,
];

type Say = (zh: string, en: string) => void;

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Folder with `server` and `sql`, built if they are not there. */
async function programs(env: NodeJS.ProcessEnv, say: Say): Promise<string> {
  const folder = path.join(cacheFolder(env), `temporal-cluster-${clusterVersion}`);
  if (['server', 'sql'].every((name) => isProgram(path.join(folder, name)))) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}-`);
  say(
    `正在用 Go 编译 Temporal ${clusterVersion}（首次约三分钟）…`,
    `Building Temporal ${clusterVersion} with Go (three minutes the first time)…`,
  );
  const status = await new Promise<number | null>((resolve) => {
    const child = spawn('go', ['install', ...modules], {
      env: { ...env, GOBIN: scratch, GOFLAGS: '' },
      stdio: ['ignore', 2, 2],
    });
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  if (status !== 0) {
    rmSync(scratch, { recursive: true, force: true });
    throw new SetupError(
      `无法编译 Temporal：请安装 Go 1.26 或更新版本 / Temporal could not be built: install Go 1.26 or newer\n  go install ${modules.join(' ')}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(scratch, folder);
  return folder;
}

export interface TemporalCluster {
  readonly address: string;
  /** Ends the server without an orderly end and starts it again on the same databases. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly directory: string;
  /** As postgres://user:password@host:port/…; the user may create databases. */
  readonly databaseUrl: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
}

export async function startTemporalCluster({
  directory,
  databaseUrl,
  env,
  say,
}: ClusterOptions): Promise<TemporalCluster> {
  const folder = await programs(env, say);
  const cli = await temporalProgram('cli', { env });
  // The names that the images give to these programs.
  const bin = path.join(directory, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(path.join(folder, 'sql'), path.join(bin, 'temporal-sql-tool'));
  symlinkSync(cli, path.join(bin, 'temporal'));
  const database = new URL(databaseUrl);
  const passwordFile = path.join(directory, 'password');
  writeFileSync(passwordFile, decodeURIComponent(database.password), { mode: 0o600 });

  const where = { POSTGRES_SEEDS: database.hostname, DB_PORT: database.port, POSTGRES_USER: database.username };
  const script = (name: string, more: NodeJS.ProcessEnv): Promise<unknown> =>
    execute('sh', [path.join('deploy', name)], {
      env: { ...env, ...where, ...more, PATH: `${bin}${path.delimiter}${env['PATH'] ?? ''}` },
    });
  say('正在建立 Temporal 的数据库…', "making Temporal's databases…");
  await script('temporal-schema.sh', { PASSWORD_FILE: passwordFile });

  const ports: Record<string, string> = {};
  for (const service of ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER']) {
    for (const kind of ['GRPC', 'MEMBERSHIP']) ports[`${service}_${kind}_PORT`] = String(await freePort());
  }
  ports['FRONTEND_HTTP_PORT'] = String(await freePort());
  const address = `127.0.0.1:${ports['FRONTEND_GRPC_PORT']}`;
  const log = path.join(directory, 'temporal.log');
  const start = async () => {
    const server = run(path.join(folder, 'server'), ['start'], log, {
      endWith: 'SIGTERM',
      env: {
        ...env,
        ...where,
        ...ports,
        DB: 'postgres12_pgx',
        POSTGRES_PWD: decodeURIComponent(database.password),
        DBNAME: 'temporal',
        VISIBILITY_DBNAME: 'temporal_visibility',
        NUM_HISTORY_SHARDS: '4',
        BIND_ON_IP: '127.0.0.1',
        TEMPORAL_ALLOW_NO_AUTH: 'true',
        LOG_LEVEL: 'warn',
        DYNAMIC_CONFIG_FILE_PATH: path.resolve('deploy', 'temporal-dynamic.yaml'),
      },
    });
    for (const deadline = Date.now() + 60_000; ;) {
      try {
        const connection = await Connection.connect({ address, connectTimeout: 1_000 });
        await connection.close();
        return server;
      } catch (error) {
        if (ended(server) || Date.now() > deadline) {
          await stop(server, 'SIGKILL', 0);
          throw new SetupError(`Temporal 未能启动，请查看 ${log} / Temporal did not start, see ${log}`, {
            cause: error,
          });
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  let server = await start();
  try {
    await script('temporal-namespace.sh', { TEMPORAL_ADDRESS: address });
  } catch (error) {
    await stop(server, 'SIGTERM', 10_000);
    throw error;
  }
  return {
    address,
    async restart() {
      await stop(server, 'SIGKILL', 0);
      server = await start();
    },
    stop: () => stop(server, 'SIGTERM', 15_000),
  };
}
