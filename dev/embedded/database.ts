/** The embedded database for a command beside the stack: the running server, or one started for the time being. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { lockDirectory, runs } from './process.ts';
import { SetupError, type Settings } from './settings.ts';

export interface OpenDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** Port of the server that runs on this directory, by its own lock file (line 1 pid, line 4 port). */
function runningPort(directory: string): number | undefined {
  const file = path.join(directory, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  return runs(Number(lines[0]), 'postgres') ? Number(lines[3]) : undefined;
}

/** `alone`: nothing else may run on it, and an empty database is made where there is none. */
export async function openEmbeddedDatabase(
  settings: Settings,
  alone: boolean,
  say: (zh: string, en: string) => void,
): Promise<OpenDatabase> {
  const { data } = settings;
  const directory = path.join(data, 'postgres');
  if (!alone && !existsSync(path.join(directory, 'PG_VERSION'))) {
    throw new SetupError(
      `${data} 中没有数据库，可用 MIAOFA_DATA 或 DATABASE_URL 指定 / there is no database in ${data}: name it with MIAOFA_DATA or DATABASE_URL`,
    );
  }
  const port = runningPort(directory);
  if (port !== undefined && !alone) {
    const password = readFileSync(path.join(data, 'postgres-password'), 'utf8').trim();
    return { url: `postgres://miaofa:${password}@127.0.0.1:${port}/miaofa`, close: () => Promise.resolve() };
  }
  mkdirSync(path.join(data, 'logs'), { recursive: true, mode: 0o755 });
  let unlock: () => void;
  try {
    unlock = lockDirectory(data);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(
      `系统正在运行，请先停止 (Ctrl-C) 再恢复 / the stack is running: stop it (Ctrl-C), then restore\n${error.message}`,
    );
  }
  try {
    say('正在启动数据库…', 'starting the database…');
    const server = await startPostgres({
      directory,
      port: await freePort(),
      log: path.join(data, 'logs', 'postgres.log'),
    });
    return {
      url: server.url,
      async close() {
        await server.stop();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
