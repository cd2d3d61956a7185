/**
 * Forward-only migrations: `migrations/NNNN_name.sql`, numbered, never edited, each in a transaction of its own, under
 * one advisory lock, so any number of processes may start at once.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { isContention, type Queryable, type Transaction } from './sql.ts';
import { inWords } from './unreachable.ts';

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Sources run from the repository, compiled code from `dist/`: the SQL files stand once, in the repository's `db/`. */
function migrationsFolder(): string {
  const here = path.join(import.meta.dirname, 'migrations');
  return existsSync(here) ? here : path.join(import.meta.dirname, '..', '..', 'db', 'migrations');
}

async function load(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(path.join(folder, file), 'utf8');
      return {
        version: Number(file.slice(0, 4)),
        name: file,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}

const lock = 0x6d69616f; // "miao"

export type Applied = Pick<Migration, 'version' | 'name' | 'checksum'>;
type Runner = pg.Client | Transaction;

/** Throws unless this program has each of these migrations, unchanged. */
function checkKnown(known: readonly Migration[], applied: readonly Applied[]): void {
  for (const { version, name, checksum } of applied) {
    const file = known.find((m) => m.version === version);
    if (!file) throw new Error(`the database has migration ${name}, which this program does not know: update it`);
    if (file.checksum !== checksum) throw new Error(`migration ${name} was edited after it was applied`);
  }
}

/** What has not been applied yet, in order. */
async function missing(client: Runner, folder = migrationsFolder()): Promise<Migration[]> {
  await client.query(`create table if not exists schema_migrations (
    version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
  const { rows } = await client.query<Applied>('select version, name, checksum from schema_migrations');
  const known = await load(folder);
  checkKnown(known, rows);
  return known.filter((m) => !rows.some((r) => r.version === m.version));
}

async function apply(client: Runner, { version, name, checksum, sql }: Migration): Promise<void> {
  await client.query(sql);
  await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
    version,
    name,
    checksum,
  ]);
}

/** Inside a transaction that is under way, for a restore; only those of `only`, or all that are missing. */
export async function migrateWithin(tx: Transaction, only?: readonly Applied[]): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [lock]);
  if (only) checkKnown(await load(migrationsFolder()), only);
  const wanted = (await missing(tx)).filter((m) => !only || only.some((one) => one.version === m.version));
  for (const migration of wanted) await apply(tx, migration);
}

// Less than the steps of orders wait for a lock: whoever queues behind a migration that itself waits still gets through.
const lockPatienceMs = 1_000;
const retryMs = 1_000;

/**
 * In a transaction of its own. Whatever waits for a table's lock holds up everybody who comes after it, so a migration
 * that meets a long reader (a backup) steps back and comes again, and orders flow in between.
 */
async function applyBetween(client: pg.Client, migration: Migration, options: MigrateOptions): Promise<void> {
  const deadline = performance.now() + (options.patienceMs ?? 600_000);
  for (let waited = false; ; waited = true) {
    await client.query('begin');
    try {
      await client.query(`set local lock_timeout = ${lockPatienceMs}`);
      await apply(client, migration);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback');
      if (!isContention(error)) throw error;
      if (performance.now() > deadline) {
        throw new Error(
          `${migration.name}: 其他会话一直占用所需的表，已放弃；数据库保持原样。请在 pg_stat_activity 中查找运行时间长的事务（例如备份），待其结束后重试 / ` +
            'other sessions kept hold of the tables it needs; nothing was changed. Look in pg_stat_activity for long transactions (a backup?) and try again when they have ended',
          { cause: error },
        );
      }
      if (!waited) options.log?.(`${migration.name} waits for tables that others use, and lets orders pass`);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

export interface MigrateOptions {
  readonly log?: (line: string) => void;
  /** How long a migration tries to get at tables that others use; 10 minutes. */
  readonly patienceMs?: number;
  /** Where the files are, for tests. */
  readonly folder?: string;
}

/**
 * Brings the database to the newest schema. Throws if an applied file was edited since, or if the database is newer
 * than this program (then the program is the one to update), and DatabaseUnreachable if it cannot be used at all.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'miaofa-migrate' });
  // A server that goes away between two statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw inWords(error);
  });
  try {
    await client.query('select pg_advisory_lock($1)', [lock]);
    for (const migration of await missing(client, options.folder)) {
      await applyBetween(client, migration, options);
      options.log?.(`migrated ${migration.name}`);
    }
  } finally {
    await client.end();
  }
}

/** True if every migration of this program is applied: part of readiness. One may be missing below the newest. */
export async function schemaIsCurrent(db: Queryable): Promise<boolean> {
  versions ??= load(migrationsFolder()).then((all) => all.map((m) => m.version));
  const { rows } = await db.query<{ n: number }>(
    'select count(*)::int as n from schema_migrations where version = any ($1)',
    [await versions],
  );
  return rows[0]?.n === (await versions).length;
}

let versions: Promise<number[]> | undefined;
