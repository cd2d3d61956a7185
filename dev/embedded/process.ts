/** Child processes of the stack: stopped in order, never left behind. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  closeSync,
} from 'node:fs';
import path from 'node:path';

const logLimit = 20 * 1024 * 1024;

/** Opens a log for appending; a large one is set aside first. */
export function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > logLimit) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}

export interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
}

/** Starts a program in a group of its own, so that Ctrl-C reaches us alone and we stop things in order. */
export function run(
  program: string,
  args: readonly string[],
  log: string,
  options: SpawnOptions & { readonly ipc?: boolean } = {},
): Running {
  const fd = openLog(log);
  const { ipc = false, ...rest } = options;
  const child = spawn(program, args, {
    ...rest,
    detached: true,
    stdio: ipc ? ['ignore', fd, fd, 'ipc'] : ['ignore', fd, fd],
  });
  closeSync(fd);
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  return { child, exited };
}

/** Asks a process to end, and insists after `patienceMs`. */
export async function stop(running: Running, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  if (running.child.exitCode !== null || running.child.signalCode !== null) return;
  running.child.kill(signal);
  const timer = setTimeout(() => running.child.kill('SIGKILL'), patienceMs);
  await running.exited;
  clearTimeout(timer);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True if that process still runs that program; a pid may have been given to somebody else since. */
function runs(pid: number, program: string): boolean {
  if (!alive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program);
  } catch {
    return process.platform !== 'linux';
  }
}

/** Ends what a starter that was killed left behind, by the pid that it had noted. */
export async function endOrphan(pidFile: string, program: string, signal: NodeJS.Signals): Promise<void> {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
  if (pid > 1 && runs(pid, program)) {
    process.kill(pid, signal);
    for (let i = 0; i < 100 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    if (alive(pid)) process.kill(pid, 'SIGKILL');
    for (let i = 0; i < 40 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  rmSync(pidFile, { force: true });
}

/** Refuses a second stack on one directory. */
export function lockDirectory(directory: string): () => void {
  const file = path.join(directory, 'stack.pid');
  const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (holder > 1 && holder !== process.pid && runs(holder, 'node')) {
    throw new Error(`${directory} 正被另一个进程 (${holder}) 使用 / is in use by process ${holder}`);
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}
