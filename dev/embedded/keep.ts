/** The servers of the stack, kept running: one that ends by itself (out of memory, a kill) is started again. */
import { lastWords } from './logs.ts';

interface Server {
  /** Resolves when its process is gone, however it ended. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface Kept<T extends Server> {
  /** The one that runs, or ran last. */
  current(): T;
  stop(): Promise<void>;
}

export interface KeepOptions<T extends Server> {
  readonly name: string;
  /** On the same files and ports each time. */
  readonly start: () => Promise<T>;
  readonly log: string;
  readonly say: (zh: string, en: string) => void;
}

/** Until what ended by itself `deaths` times in a row is started again. */
export const restartPauseMs = (deaths: number): number => Math.min(250 * 2 ** deaths, 15_000);

/** After so long a life a death counts as the first again. */
const soundMs = 60_000;

/** Rejects if the first start fails; later ones are repeated without end, with growing pauses. */
export async function keepRunning<T extends Server>({ name, start, log, say }: KeepOptions<T>): Promise<Kept<T>> {
  let server = await start();
  let began = Date.now();
  let deaths = 0;
  let stop = (): void => undefined;
  const stopping = new Promise<'stop'>((resolve) => {
    stop = () => resolve('stop');
  });

  const keep = async (): Promise<void> => {
    for (;;) {
      if ((await Promise.race([stopping, server.exited])) === 'stop') return;
      if (Date.now() - began > soundMs) deaths = 0;
      say(`${name} 意外退出，正在重启，日志：${log}`, `${name} ended by itself, restarting; log: ${log}`);
      for (const line of lastWords(log)) say(`  ${name}`, line);
      for (;;) {
        const pause = restartPauseMs(deaths++);
        const timer = new Promise((resolve) => setTimeout(resolve, pause).unref());
        if ((await Promise.race([stopping, timer])) === 'stop') return;
        began = Date.now();
        try {
          server = await start();
          break;
        } catch (error) {
          say(`${name} 未能重启，稍后再试`, `${name} did not come back, trying again: ${String(error)}`);
        }
      }
      say(`${name} 已恢复运行`, `${name} is running again`);
    }
  };
  const kept = keep();
  return {
    current: () => server,
    async stop() {
      stop();
      await kept; // also of a restart that is under way
      await server.stop();
    },
  };
}
