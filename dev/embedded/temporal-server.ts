/** Temporal's dev server: state in a file that is synced at each commit, Web UI under /ops/temporal, loopback only. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { ended, endOrphan, notePid, run, stop } from './process.ts';
import { SetupError } from './settings.ts';

export interface EmbeddedTemporal {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Resolves when the server is gone, however it ended. */
  readonly exited: Promise<unknown>;
  /** Without an orderly end: as a crash would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface TemporalOptions {
  readonly program: string;
  /** Where the store lies. */
  readonly directory: string;
  readonly log: string;
  readonly port: number;
  readonly uiPort: number;
  /** Base of links, for the codec server that the Web UI asks. */
  readonly publicUrl: string;
  readonly searchAttributes: readonly (readonly [string, string])[];
  /** Beside `default`. */
  readonly namespaces?: readonly string[];
}

const retentionSeconds = 30 * 24 * 3600;

const filesOf = (directory: string): { store: string; pidFile: string } => ({
  store: path.join(directory, 'temporal.db'),
  pidFile: path.join(directory, 'temporal.pid'),
});

/** Ends a server on this store whose starter was killed. */
export const endTemporalOrphan = (directory: string): Promise<void> => {
  const { store, pidFile } = filesOf(directory);
  return endOrphan(pidFile, store, 'SIGTERM');
};

export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const { directory, port, uiPort } = options;
  mkdirSync(directory, { recursive: true });
  const { store, pidFile } = filesOf(directory);
  await endTemporalOrphan(directory);
  const args = [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--ui-ip', '127.0.0.1'],
    ...['--port', String(port), '--ui-port', String(uiPort), '--ui-public-path', '/ops/temporal'],
    ...['--ui-codec-endpoint', `${options.publicUrl}/ops/codec`, '--ui-disable-news-fetch'],
    // With the default pragmas it is half as fast; synchronous=2 still syncs each commit.
    ...['--db-filename', store, '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2'],
    ...['--log-level', 'warn', '--log-format', 'json'],
    ...options.searchAttributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...(options.namespaces ?? []).flatMap((name) => ['--namespace', name]),
    // Caches for a shop's server, not for a data centre.
    ...['--dynamic-config-value', 'history.hostLevelCacheMaxSizeBytes=33554432'],
    ...['--dynamic-config-value', 'history.eventsHostLevelCacheMaxSizeBytes=33554432'],
  ];
  // The memory limit is soft: Go collects more eagerly near it.
  const env = { ...process.env, GOMEMLIMIT: '320MiB' };
  const running = run(options.program, args, options.log, { env, endWith: 'SIGTERM' });
  const { pid } = running.child;
  notePid(pidFile, running);
  const address = `127.0.0.1:${port}`;
  try {
    await healthy(address, () => ended(running), options.log);
  } catch (error) {
    await stop(running, 'SIGKILL', 0);
    throw error;
  }
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    pid: pid ?? 0,
    exited: running.exited,
    kill: () => stop(running, 'SIGKILL', 0),
    async stop() {
      await stop(running, 'SIGTERM', 10_000);
      rmSync(pidFile, { force: true });
    },
  };
}

/** Waits for the namespace, and sets how long closed orders stay readable: a dev server starts with one day. */
async function healthy(address: string, gone: () => boolean, log: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      try {
        await connection.workflowService.updateNamespace({
          namespace: 'default',
          config: { workflowExecutionRetentionTtl: { seconds: retentionSeconds as unknown as Long } }, // encoded from a number
        });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (gone() || Date.now() > deadline) {
        throw new SetupError(`Temporal 未能启动，请查看 ${log} / Temporal did not start, see ${log}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
