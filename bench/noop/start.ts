/** Two processes of no-op stories beside the stack: one as its API, one as its worker. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Round, RoundResult } from './process.ts';

export interface Noop {
  run(round: Round): Promise<RoundResult>;
  stop(): Promise<void>;
}

export async function startNoop(temporalAddress: string): Promise<Noop> {
  const main = path.join(import.meta.dirname, `process${path.extname(import.meta.filename)}`);
  const start = async (): Promise<ChildProcess> => {
    const child = fork(main, { env: { ...process.env, TEMPORAL_ADDRESS: temporalAddress } });
    await once(child, 'message');
    return child;
  };
  const children = await Promise.all([start(), start()]);
  return {
    async run(round) {
      const [starter] = children;
      starter.send(round);
      const [result] = (await once(starter, 'message')) as [RoundResult];
      return result;
    },
    async stop() {
      await Promise.all(
        children.map(async (child) => {
          child.disconnect();
          if (child.exitCode === null) await once(child, 'exit');
        }),
      );
    },
  };
}
