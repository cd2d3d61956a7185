/** API and worker processes of their own on the system of a test: to be killed, stopped and started again. */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { FaultPoint } from '../../activities/deps.ts';
import { until } from '../../dev/client.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { onEnd, scratch } from './services.ts';
import type { System } from './system.ts';

export interface TestProcess {
  readonly child: ChildProcess;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

let count = 0;

function start(main: string, env: NodeJS.ProcessEnv, stdout: 'inherit' | number = 'inherit'): TestProcess {
  count++;
  const child = fork(path.join(import.meta.dirname, '..', '..', main), {
    execArgv: ['--import=tsx'],
    env: { ...process.env, LOG_LEVEL: 'silent', ...env },
    stdio: ['inherit', stdout, 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const started: TestProcess = {
    child,
    gone,
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await gone;
    },
  };
  onEnd(() => started.kill());
  return started;
}

const orEnd = <T>(started: TestProcess, work: Promise<T>): Promise<T> =>
  Promise.race([work, started.gone.then(() => Promise.reject(new Error('the process ended while it started')))]);

export interface Fault {
  readonly at: FaultPoint;
  /** SIGKILL to die there, SIGSTOP to stand still until SIGCONT. */
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export interface TestWorker extends TestProcess {
  /** Resolves when the process has come to its fault point. */
  readonly struck: () => Promise<true>;
}

/** A worker with its loops; ready when it is connected to Temporal. */
export async function forkWorker(system: System, fault?: Fault): Promise<TestWorker> {
  const mark = path.join(scratch('faults'), `${count}`);
  rmSync(mark, { force: true });
  const started = start('test/support/worker-process.ts', {
    ...system.env,
    ...(fault && { FAULT_AT: fault.at, FAULT_SIGNAL: fault.signal, FAULT_FILE: mark }),
  });
  await orEnd(started, new Promise<void>((resolve) => void started.child.once('message', () => resolve())));
  const struck = (): Promise<true> =>
    until(`${fault?.at} reached`, () => Promise.resolve(existsSync(mark) ? true : undefined), 30_000);
  return { ...started, struck };
}

/** Only the loops, without Temporal; ready when they run. */
export async function forkLoops(system: System): Promise<TestProcess> {
  const started = start('test/support/loops-process.ts', system.env);
  await orEnd(started, new Promise<void>((resolve) => void started.child.once('message', () => resolve())));
  return started;
}

export interface TestApi extends TestProcess {
  readonly base: string;
}

export interface ApiOptions {
  readonly port?: number;
  /** An open file for its log. */
  readonly stdout?: number;
  /** Which readiness is waited for; without, everything. */
  readonly ready?: '/readyz';
}

/** The API as it runs in production, with its worker inside; ready when everything is. */
export async function forkApi(system: System, options: ApiOptions = {}): Promise<TestApi> {
  const listen = options.port ?? (await freePort());
  const env = {
    ...system.env,
    PORT: String(listen),
    // One shop, one address: the workers' links and Message-IDs must be the same.
    PUBLIC_URL: system.parts.environment.PUBLIC_URL,
    API_ADMIN_PORT: String(await freePort()),
  };
  const started = start('api/main.ts', env, options.stdout);
  const base = `http://127.0.0.1:${listen}`;
  const ready = (): Promise<true | undefined> =>
    fetch(base + (options.ready ?? '/readyz?all=1')).then((answer) => (answer.ok ? true : undefined), () => undefined); // prettier-ignore
  await orEnd(started, until('the API', ready, 90_000, 50));
  return { ...started, base };
}
