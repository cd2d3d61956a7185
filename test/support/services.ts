/**
 * Real services for tests: one PostgreSQL, one Temporal dev server, one time-skipping server per process that runs tests.
 * With `--parallel` such a process runs many files, one after the other, and its services end with it.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { startMailSink, type MailSink } from '../../dev/embedded/mail-sink.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { startPostgres, type EmbeddedPostgres } from '../../dev/embedded/postgres.ts';
import { temporalProgram } from '../../dev/embedded/temporal-binary.ts';
import { startTemporal, type EmbeddedTemporal } from '../../dev/embedded/temporal-server.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

Runtime.install({
  shutdownSignals: [],
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

let root: string | undefined;
/** Of what the process keeps to its end, and of what the file that runs now has started. */
const shared: (() => Promise<unknown>)[] = [];
const closers: (() => Promise<unknown>)[] = [];

/** Where the directories of a whole run lie, of all its processes: given by the first one to the others. */
const scratchVariable = 'MIAOFA_TEST_SCRATCH';

export function makeScratch(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'miaofa-test-'));
  chmodSync(made, 0o755); // PostgreSQL's own user passes through
  process.env[scratchVariable] = made;
  return made;
}

/** A directory of this process, gone after the run. */
export function scratch(name: string): string {
  root ??= path.join(process.env[scratchVariable] ?? makeScratch(), String(process.pid));
  const directory = path.join(root, name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

export const testPostgres: () => Promise<EmbeddedPostgres> = once(async () => {
  const home = scratch('pg');
  const server = await startPostgres({
    directory: path.join(home, 'postgres'),
    port: await freePort(),
    log: path.join(home, 'postgres.log'),
    durable: false,
    database: 'miaofa_template',
  });
  shared.push(() => server.stop());
  await migrate(server.url);
  return server;
});

let databases = 0;

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A migrated database of its own, from a template: milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await testPostgres();
  const name = `test_${process.pid}_${++databases}`;
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: new URL('/postgres', server.url).href });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await admin(`create database ${name} template miaofa_template`);
  return {
    url: new URL(`/${name}`, server.url).href,
    drop: () => admin(`drop database if exists ${name} with (force)`),
  };
}

export interface OwnPostgres {
  readonly database: TestDatabase;
  readonly port: number;
  /** kill -9 of the server and what belongs to it, then recovery. */
  crash(): Promise<void>;
}

/** A server that keeps what it committed through a crash, for tests that let it crash. */
export async function ownPostgres(): Promise<OwnPostgres> {
  const home = scratch('own-pg');
  const port = await freePort();
  const start = (): Promise<EmbeddedPostgres> =>
    startPostgres({ directory: path.join(home, 'postgres'), port, log: path.join(home, 'postgres.log') });
  let server = await start();
  closers.push(() => server.stop());
  await migrate(server.url);
  return {
    database: { url: server.url, drop: () => Promise.resolve() },
    port,
    async crash() {
      process.kill(server.pid, 'SIGKILL');
      server = await start();
    },
  };
}

export interface TestTemporal {
  readonly address: string;
  readonly uiUrl: string;
  /** kill -9, then the same store again on the same port. */
  restart(): Promise<void>;
  /** kill -9, then an empty store on the same port: everything Temporal knew is lost. */
  loseStore(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Namespaces for systems that share the server: none sees the orders of another. */
const namespaces = Array.from({ length: 60 }, (_, i) => `test-${i}`);
let namespacesTaken = 0;

/** A namespace that nobody else of this run uses. */
export function freshNamespace(): string {
  const name = namespaces[namespacesTaken++];
  if (name === undefined) throw new Error('more systems than test namespaces: raise their number');
  return name;
}

export const testTemporal: () => Promise<TestTemporal> = once(async () => {
  const directory = scratch('temporal');
  const program = await temporalProgram('cli', { say: (line) => process.stderr.write(`${line}\n`) });
  const [port, uiPort] = [await freePort(), await freePort()];
  const start = (): Promise<EmbeddedTemporal> =>
    startTemporal({
      program,
      directory,
      log: path.join(directory, 'temporal.log'),
      port,
      uiPort,
      publicUrl: 'http://localhost:3000',
      searchAttributes,
      namespaces,
    });
  let server = await start();
  shared.push(() => server.stop());
  return {
    address: server.address,
    uiUrl: server.uiUrl,
    kill: () => server.kill(),
    async start() {
      server = await start();
    },
    async restart() {
      await server.kill();
      server = await start();
    },
    async loseStore() {
      await server.kill();
      for (const suffix of ['', '-wal', '-shm']) rmSync(path.join(directory, `temporal.db${suffix}`), { force: true });
      server = await start();
    },
  };
});

export const timeSkipping: () => Promise<TestWorkflowEnvironment> = once(async () => {
  const program = await temporalProgram('test-server', { say: (line) => process.stderr.write(`${line}\n`) });
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: program } },
  });
  shared.push(() => env.teardown());
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(searchAttributes.map(([name]) => [name, keyword])),
  });
  return env;
});

/** IndexedValueType of `Keyword` in Temporal's API. */
const keyword = 2;

let sinks = 0;

/** A mail server of its own. */
export async function testMail(): Promise<MailSink> {
  const sink = await startMailSink({
    smtpPort: await freePort(),
    httpPort: await freePort(),
    directory: scratch(`mail-${++sinks}`),
  });
  closers.push(() => sink.close());
  return sink;
}

/** Runs at the end of the suite, or of the file where files run in processes of their own; last started first. */
export function onEnd(close: () => Promise<unknown>): void {
  closers.push(close);
}

/** For what is as dear as the services above: kept to the end of the process. */
export function onProcessEnd(close: () => Promise<unknown>): void {
  shared.push(close);
}

const closeAll = async (list: (() => Promise<unknown>)[]): Promise<void> => {
  for (const close of list.splice(0).reverse()) await close().catch(() => undefined);
};

export const endFile = (): Promise<void> => closeAll(closers);

export async function stopServices(): Promise<void> {
  await endFile();
  await closeAll(shared);
  if (root !== undefined) rmSync(root, { recursive: true, force: true });
}
