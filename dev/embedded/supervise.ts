/** Our own programs as children: started again when they die, and gone when we are gone. */
import { rmSync } from 'node:fs';
import { restartPauseMs } from './keep.ts';
import { lastWords } from './logs.ts';
import { notePid, run, stop, type Running } from './process.ts';

export interface Supervised {
  readonly name: string;
  /** It dies as soon as it is started, again and again. */
  readonly failed: () => boolean;
  readonly pid: () => number;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly name: string;
  /** Path of the program's main file. */
  readonly main: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
  readonly pidFile: string;
  readonly say: (zh: string, en: string) => void;
}

/**
 * A small heap keeps a shop's server free; most memory of these processes is Temporal's native core. One thread collects
 * beside the main one: four of them took as much of two processors as a third of an import.
 */
const flags = ['--enable-source-maps', '--max-old-space-size=256', '--max-semi-space-size=4', '--v8-pool-size=1'];

export function supervise({ name, main, env, log, pidFile, say }: SuperviseOptions): Supervised {
  let running: Running;
  let stopping = false;
  let quickDeaths = 0;
  const start = (): void => {
    const began = Date.now();
    running = run(process.execPath, [...flags, main], log, { env, ipc: true });
    notePid(pidFile, running);
    void running.exited.then((code) => {
      if (stopping) return;
      quickDeaths = Date.now() - began < 5_000 ? quickDeaths + 1 : 0;
      const how = code ?? running.child.signalCode ?? '?';
      say(`${name} 意外退出 (${how})，正在重启，日志：${log}`, `${name} ended (${how}), restarting; log: ${log}`);
      for (const line of lastWords(log)) say(`  ${name}`, line);
      setTimeout(() => stopping || start(), restartPauseMs(quickDeaths)).unref();
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
      rmSync(pidFile, { force: true });
    },
  };
}
