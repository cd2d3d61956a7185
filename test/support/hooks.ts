/** Root hooks of mocha: services are started by the tests that want them and stopped here. */
import { rmSync } from 'node:fs';
import type { Context, RootHookObject } from 'mocha';
import { endFile, makeScratch, stopServices } from './services.ts';

/** With `--parallel`: this process runs one file after the other, and the hooks below run around each. */
const many = process.env['MOCHA_WORKER_ID'] !== undefined;

export const mochaHooks: RootHookObject = {
  async afterAll(this: Context) {
    this.timeout(60_000);
    // The services end with their process (dev/embedded/process.ts): for one file they are too dear.
    await (many ? endFile() : stopServices());
  },
};

let made: string;

/** Once, in the first process of the run. */
export function mochaGlobalSetup(): void {
  made = makeScratch();
}

export function mochaGlobalTeardown(): void {
  // Servers of processes that have just ended may still write their last.
  rmSync(made, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
