/** Work that repeats until the process ends. One run at a time; a failure is logged and the next run comes all the same. */
import type { Logger } from 'pino';

export interface Loop {
  /** Runs now, or right after the run that is under way. */
  poke(): void;
  stop(): Promise<void>;
}

/** `work` returns true if there is more to do at once; work that has no more returns false, or nothing. */
export function every(ms: number, name: string, log: Logger, work: () => Promise<boolean> | Promise<void>): Loop {
  let stopped = false;
  let poked = false;
  let wake: () => void = () => undefined;

  const run = async (): Promise<void> => {
    while (!stopped) {
      poked = false;
      let more = false;
      try {
        more = (await work()) === true;
      } catch (error) {
        log.warn({ loop: name, err: error }, 'loop failed; it goes on');
      }
      if (more) continue;
      await new Promise<void>((resolve) => {
        if (stopped || poked) {
          resolve();
          return;
        }
        // A tenth of jitter: processes that start together drift apart.
        const timer = setTimeout(resolve, ms * (0.95 + Math.random() / 10));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = run();

  return {
    poke() {
      poked = true;
      wake();
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
