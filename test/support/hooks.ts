/** Root hooks of mocha: services are started by the tests that want them and stopped here. */
import type { Context, RootHookObject } from 'mocha';
import { stopServices } from './services.ts';

export const mochaHooks: RootHookObject = {
  async afterAll(this: Context) {
    this.timeout(60_000);
    await stopServices();
  },
};
