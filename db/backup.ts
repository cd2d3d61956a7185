/**
 * A backup: every table in one REPEATABLE READ snapshot, as a gzip of lines that `zcat` shows. A head (JSON in a comment),
 * then per table a COPY block with row count and SHA-256 behind it, the sequences, and an end with the SHA-256 of all
 * before it. Cards, contacts and secrets are sealed in it as they are in the database; the master key is not in it.
 */
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { to as copyTo } from 'pg-copy-streams';
import type { Applied } from './migrate.ts';
import { one, transaction, type Pool, type Transaction } from './sql.ts';

export const backupFormat = 'miaofa backup 1';

export interface BackupHead {
  readonly createdAt: string;
  /** Migrations of the database that was saved. */
  readonly schema: readonly Applied[];
  /** Ids of the master keys without which nothing in it opens. */
  readonly masterKeys: readonly string[];
}

export interface BackupSummary {
  readonly tables: number;
  readonly rows: number;
  readonly sha256: string;
}

// Whoever was signed in then must not be signed in again by a restore.
const leftEmpty = /(^|_)sessions$/;

/** How values are written, the same whatever the server's settings are. */
export const copySettings = `set local datestyle = 'ISO, YMD'; set local timezone = 'UTC'; set local intervalstyle = 'postgres';
  set local extra_float_digits = 1; set local bytea_output = 'hex'; set local client_encoding = 'UTF8'`;

interface Table {
  name: string;
  columns: string;
}

const tablesSql = `select quote_ident(c.relname) as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' group by c.relname order by c.relname`;
const sequencesSql = `select quote_ident(relname) as name from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'S' order by relname`;

async function headOf(tx: Transaction): Promise<BackupHead> {
  const { rows: schema } = await tx.query<Applied>(
    'select version, name, checksum from schema_migrations order by version',
  );
  const { rows: keys } = await tx.query<{ id: string }>('select distinct kek_id as id from data_keys order by 1');
  return { createdAt: new Date().toISOString(), schema, masterKeys: keys.map((key) => key.id) };
}

/** Writes a backup of the whole database and ends `sink`. The pool must have no time limits. */
export async function writeBackup(pool: Pool, sink: Writable): Promise<BackupSummary> {
  const gzip = createGzip({ level: 6 });
  const all = createHash('sha256');
  const finished = new Promise<void>((resolve, reject) => {
    sink.once('finish', resolve).once('error', reject);
    gzip.once('error', reject);
  });
  finished.catch(() => undefined); // reported below, or by the write that it stops
  gzip.pipe(sink);
  const write = async (data: string | Buffer): Promise<void> => {
    all.update(data);
    if (!gzip.write(data)) {
      await Promise.race([new Promise<void>((resolve) => gzip.once('drain', resolve)), finished]);
    }
  };

  const counted = await transaction(pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    await tx.query(copySettings);
    await write(`-- ${backupFormat}\n-- ${JSON.stringify(await headOf(tx))}\n`);
    const { rows: tables } = await tx.query<Table>(tablesSql);
    let rows = 0;
    for (const { name, columns } of tables) {
      const hash = createHash('sha256');
      let count = 0;
      const condition = leftEmpty.test(name) ? ' where false' : '';
      await write(`COPY ${name} (${columns}) FROM stdin;\n`);
      for await (const chunk of tx.query(copyTo(`copy (select ${columns} from ${name}${condition}) to stdout`))) {
        const bytes = chunk as Buffer;
        hash.update(bytes);
        // A row is a line: line ends inside values are escaped.
        for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
        await write(bytes);
      }
      await write(`\\.\n-- ${JSON.stringify({ rows: count, sha256: hash.digest('hex') })}\n`);
      rows += count;
    }
    // Sequences are read last: they are outside of snapshots, so they are at or above every id saved.
    const { rows: sequences } = await tx.query<{ name: string }>(sequencesSql);
    for (const { name } of sequences) {
      const { last, called } = one(
        (
          await tx.query<{ last: number; called: boolean }>(
            `select last_value as last, is_called as called from ${name}`,
          )
        ).rows,
      );
      await write(`-- sequence ${JSON.stringify({ name, value: called ? last : last - 1 })}\n`);
    }
    return { tables: tables.length, rows };
  });
  const sha256 = all.digest('hex');
  gzip.end(`-- end ${JSON.stringify({ ...counted, sha256 })}\n`);
  await finished;
  return { ...counted, sha256 };
}
