/** How a process ends: on a signal after finishing what is under way, or at once with a reason. */
import type { Logger } from 'pino';

const patienceMs = 30_000;

/** Runs `stop` once at SIGTERM, SIGINT, or when the parent that holds our IPC channel is gone; then exits. */
export function onStop(log: Logger, stop: () => Promise<void>): void {
  let stopping = false;
  const begin = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), patienceMs).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => begin(signal));
  if (process.connected) process.on('disconnect', () => begin('parent gone'));
  // What nobody expected may have left anything half done: the process ends and is started again.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (reason: unknown) => {
      log.fatal({ err: reason }, event);
      process.exit(1);
    });
  }
}

function explain(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** Runs a step of the start; its failure is said in words, without a stack, and ends the process. */
export const exitOnTrouble = Object.assign(
  <T>(start: () => T): T => {
    try {
      return start();
    } catch (error) {
      return explain(error);
    }
  },
  { of: explain },
);
