/** The stack as a person starts it: `npm start` in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { onEnd } from './services.ts';

export interface StartedStack {
  readonly child: ChildProcess;
  /** All that it has printed. */
  readonly output: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Runs a command of dev/bootstrap.mjs. */
export function bootstrap(args: readonly string[], env: Readonly<Record<string, string>>): StartedStack {
  const { PATH = '', HOME = '', MIAOFA_CACHE, TEMPORAL_CLI_PATH } = process.env;
  const child = spawn(process.execPath, ['dev/bootstrap.mjs', ...args], {
    env: { PATH, HOME, ...(MIAOFA_CACHE && { MIAOFA_CACHE }), ...(TEMPORAL_CLI_PATH && { TEMPORAL_CLI_PATH }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onEnd(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, output: () => output, ended };
}

/** Resolves when the stack says that it is ready; rejects with what it said if it ends before. */
export async function ready(stack: StartedStack): Promise<number> {
  const said = new Promise<number>((resolve) => {
    const look = (): void => {
      const seconds = /^ready in ([\d.]+) s$/m.exec(stack.output())?.[1];
      if (seconds !== undefined) resolve(Number(seconds));
    };
    stack.child.stdout?.on('data', look);
    look();
  });
  const over = stack.ended.then(() => Promise.reject(new Error(`it ended: ${stack.output()}`)));
  return Promise.race([said, over]);
}

/** Nothing of a process that has ended meanwhile: PostgreSQL's workers come and go. */
function ifThere<T>(look: () => T[]): T[] {
  try {
    return look();
  } catch {
    return [];
  }
}

/** Process and all that came of it. Linux only. */
export function familyOf(pid: number): number[] {
  const children = ifThere(() =>
    readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    ),
  );
  return [pid, ...children.flatMap(familyOf)];
}

/** True while the process runs; one that only waits to be collected has ended. */
export function runsStill(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const listening = '0A';

/** TCP addresses on which these processes listen, as address:port. Linux only. */
export function listenersOf(pids: readonly number[]): { address: string; port: number }[] {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const fd of ifThere(() => readdirSync(`/proc/${pid}/fd`))) {
      try {
        inodes.add(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '');
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening && inodes.has(fields[9] ?? '-'))
      .map((fields) => {
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        return { address, port: parseInt(port, 16) };
      }),
  );
}
