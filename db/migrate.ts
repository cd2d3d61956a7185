/**
 * Forward-only migrations: `migrations/NNNN_name.sql`, numbered, never edited, each in a transaction of its own, under
 * one advisory lock, so any number of processes may start at once.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { Queryable } from './sql.ts';

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

/**
 * Brings the database to the newest schema. Throws if an applied file was edited since, or if the database is newer
 * than this program (then the program is the one to update).
 */
export async function migrate(databaseUrl: string, options: { log?: (line: string) => void } = {}): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'miaofa-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [lock]);
    await client.query(`create table if not exists schema_migrations (
      version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
    const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
      'select version, name, checksum from schema_migrations',
    );
    const known = await load(migrationsFolder());
    for (const applied of rows) {
      const file = known.find((m) => m.version === applied.version);
      if (!file)
        throw new Error(`the database has migration ${applied.name}, which this program does not know: update it`);
      if (file.checksum !== applied.checksum)
        throw new Error(`migration ${applied.name} was edited after it was applied`);
    }
    for (const migration of known.filter((m) => !rows.some((r) => r.version === m.version))) {
      await client.query('begin');
      try {
        await client.query(migration.sql);
        await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
          migration.version,
          migration.name,
          migration.checksum,
        ]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
      options.log?.(`migrated ${migration.name}`);
    }
  } finally {
    await client.end();
  }
}

/** True if the newest migration of this program is applied: part of readiness. */
export async function schemaIsCurrent(db: Queryable): Promise<boolean> {
  newest ??= load(migrationsFolder()).then((all) => all.at(-1)?.version ?? 0);
  const { rows } = await db.query<{ v: number | null }>('select max(version) as v from schema_migrations');
  return rows[0]?.v === (await newest);
}

let newest: Promise<number> | undefined;
