/** Child processes of the stack: stopped in order, and never left behind, however their starter ends. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './settings.ts';

export interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
}

export interface RunOptions extends SpawnOptions {
  /** A channel to us: the program ends by itself when it closes. */
  readonly ipc?: boolean;
  /** For a program that knows nothing of us: the signal that ends it should we die, even by kill -9. */
  readonly endWith?: 'SIGINT' | 'SIGTERM';
}

const left = new Map<ChildProcess, NodeJS.Signals>();
process.on('exit', () => {
  for (const [child, signal] of left) child.kill(signal);
});

/** Starts a program in a group of its own, so that Ctrl-C reaches us alone and we stop things in order. */
export function run(program: string, args: readonly string[], log: string, options: RunOptions = {}): Running {
  mkdirSync(path.dirname(log), { recursive: true });
  const fd = openSync(log, 'a');
  const { ipc = false, endWith, ...rest } = options;
  const child = spawn(program, args, {
    ...rest,
    detached: true,
    stdio: ipc ? ['ignore', fd, fd, 'ipc'] : ['ignore', fd, fd],
  });
  closeSync(fd);
  left.set(child, endWith ?? 'SIGTERM');
  const unwatch = endWith && child.pid !== undefined ? watch(child.pid, endWith) : (): void => undefined;
  const exited = new Promise<number | null>((resolve) => {
    const ended = (code: number | null): void => {
      left.delete(child);
      unwatch();
      resolve(code);
    };
    child.once('exit', ended);
    child.once('error', () => ended(null));
  });
  return { child, exited };
}

/** A shell that waits for the end of our side of a pipe, which the kernel closes however we die. */
function watch(pid: number, signal: 'SIGINT' | 'SIGTERM'): () => void {
  if (process.platform === 'win32') return () => undefined;
  const guard = spawn('/bin/sh', ['-c', `read _; kill -${signal.slice(3)} ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  // It must not keep us alive: what it guards does, while it should.
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void }).unref?.(); // a socket, which its type does not show
  return () => guard.kill('SIGKILL');
}

/** For the next start, should we be killed. A full disk is no reason to do without the program: it runs already. */
export function notePid(pidFile: string, { child }: Running): void {
  try {
    writeFileSync(pidFile, String(child.pid ?? 0));
  } catch {
    rmSync(pidFile, { force: true });
  }
}

export const ended = ({ child }: Running): boolean => child.exitCode !== null || child.signalCode !== null;

/** Asks a process to end, and insists after `patienceMs`. */
export async function stop(running: Running, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  if (ended(running)) return;
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
export function runs(pid: number, program: string): boolean {
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
    for (let i = 0; i < 200 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 25));
    if (alive(pid)) process.kill(pid, 'SIGKILL');
    for (let i = 0; i < 80 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  rmSync(pidFile, { force: true });
}

/** When a process began, in ticks since boot: with its pid, a name that is not given twice. Empty where unknown. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Refuses a second stack on one directory; takes over the lock of one that was killed. */
export function lockDirectory(directory: string): () => void {
  const file = path.join(directory, 'stack.pid');
  const mine = `${process.pid} ${beganAt(process.pid)}`;
  for (let i = 0; i < 5; i++) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = '', began = ''] = existsSync(file) ? readFileSync(file, 'utf8').split(' ') : [];
    const holder = Number(pid);
    if (holder > 1 && alive(holder) && beganAt(holder) === began) {
      throw new SetupError(
        `${directory} 正被另一个进程 (${holder}) 使用：先停止它，或用 MIAOFA_DATA 换一个目录\n` +
          `${directory} is in use by process ${holder}: stop that first, or choose another directory with MIAOFA_DATA`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new SetupError(`无法锁定 ${directory} / ${directory} could not be locked`);
}
