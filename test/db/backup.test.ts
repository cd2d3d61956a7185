import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { verifyAudit } from '../../db/audit.ts';
import { BackupError, readBackup } from '../../db/backup-reader.ts';
import { writeBackup } from '../../db/backup.ts';
import { migrateWithin, type Applied } from '../../db/migrate.ts';
import { restoreBackup } from '../../db/restore.ts';
import { createPool, transaction, type Pool } from '../../db/sql.ts';
import { loadMasterKey } from '../../integrations/keyring/kek.ts';
import { Keyring } from '../../integrations/keyring/keyring.ts';
import { createTestDatabase, scratch, type TestDatabase } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

const patient = (url: string): Pool => createPool(url, { name: 'miaofa-backup', max: 1, statementTimeoutMs: 0 });

/** Runs the command as a person does. */
function run(args: readonly string[], env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--import=tsx', 'dev/backup.ts', ...args], { env: { PATH, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

describe('rule 19: backup and restore', function () {
  this.timeout(120_000);
  const home = scratch('backup');
  const file = path.join(home, 'first.backup.gz');
  const key = `BACKUP-${randomUUID()}`;
  let system: System;
  let url: string;
  const targets: TestDatabase[] = [];

  before(async () => {
    system = await startSystem();
    url = system.database.url;
    await system.shop.addCards(system.sku, [key, ...Array.from({ length: 3000 }, () => randomUUID())]);
    // What is hard to write down: line ends, tabs, backslashes, quotes, emptiness, other scripts.
    await system.parts.pool.query(
      `insert into actors (kind, name) values ('staff', $1), ('staff', ''), ('staff', $2)`,
      ['a\tb\nc\r\\N\\.\n\\.\n"x"\'y', '秒发 🂡'],
    );
    await system.shop.order({ sku: system.sku, email: 'saved@example.com', accountId: system.sandbox });
    const pool = patient(url);
    await writeBackup(pool, createWriteStream(file));
    await pool.end();
  });
  after(async () => {
    await system.stop();
    for (const target of targets) await target.drop();
  });

  const emptyDatabase = async (): Promise<string> => {
    const target = await createTestDatabase();
    targets.push(target);
    return target.url;
  };
  const openKeys = (keyFile = system.masterKeyFile) => {
    const kek = loadMasterKey({ MASTER_KEY_FILE: keyFile });
    return (keys: Parameters<typeof Keyring.open>[1]) => Keyring.open(kek, keys);
  };
  const rowsOf = async (database: string, table: string): Promise<string[]> => {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    const { rows } = await client.query<{ line: string }>(`select row_to_json(x)::text as line from ${table} x`);
    await client.end();
    return rows.map((row) => row.line).sort();
  };

  it('every row comes back as it was; ids go on behind those that were given out', async () => {
    const target = await emptyDatabase();
    const pool = patient(target);
    const done = await restoreBackup(pool, file, openKeys());
    assert.equal(done.brokenSeal, undefined);
    assert.equal(await verifyAudit(pool), undefined);
    const { rows: tables } = await pool.query<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    // These are changed by the restore itself, as the drill shows.
    const changed = ['settings', 'products', 'orders', 'audit'];
    for (const { name } of tables.filter((table) => !changed.includes(table.name))) {
      assert.deepEqual(await rowsOf(target, name), await rowsOf(url, name), name);
    }
    assert.ok((await rowsOf(target, 'cards')).length === 3001 && (await rowsOf(target, 'actors')).length > 6);
    const { rows } = await pool.query<{ id: number }>(
      `insert into actors (kind, name) values ('staff', 'next') returning id`,
    );
    assert.ok((rows[0]?.id ?? 0) > 100_000, `id ${rows[0]?.id}`);
    const { rows: keys } = await pool.query<{ n: number }>(
      `select count(*)::int as n from pg_constraint where contype = 'f' and convalidated`,
    );
    const { rows: before } = await system.parts.pool.query<{ n: number }>(
      `select count(*)::int as n from pg_constraint where contype = 'f' and convalidated`,
    );
    assert.deepEqual(keys, before);
    await pool.end();
  });

  it('D6: no key, contact or master key can be read in it, and nobody else may read the file', async () => {
    const cli = path.join(home, 'cli.backup.gz');
    const { code, said } = await run(['backup', cli], { DATABASE_URL: url });
    assert.equal(code, 0, said);
    const text = gunzipSync(readFileSync(cli)).toString('latin1');
    const plain = text.replace(/\\\\x([0-9a-f]+)/g, (_all, hex: string) => Buffer.from(hex, 'hex').toString('latin1'));
    const master = readFileSync(system.masterKeyFile, 'utf8').trim();
    for (const secret of [key, 'saved@example.com', master, Buffer.from(master, 'base64').toString('latin1')]) {
      assert.ok(!plain.includes(secret), secret);
    }
    assert.ok(plain.includes('TEST-CARD'), 'the search can find what is there');
    assert.equal(statSync(cli).mode & 0o077, 0);
    assert.deepEqual(
      readdirSync(home).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('G2: to standard output, into a file and through a pipe, it is whole and ends with 0', async () => {
    for (const [name, end] of [
      ['file', ''],
      ['pipe', '| cat'],
    ] as const) {
      const target = path.join(home, `${name}.backup.gz`);
      const line = `set -o pipefail; "$0" --import=tsx dev/backup.ts backup - ${end} > ${target}`;
      const env = { PATH: process.env['PATH'], DATABASE_URL: url };
      const child = spawn('bash', ['-c', line, process.execPath], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      assert.equal(await new Promise((resolve) => child.once('close', resolve)), 0, name);
      assert.ok((await readBackup(target)).rows > 0);
    }
  });

  it('a backup that is cut, altered or something else is refused before anything is touched', async () => {
    const whole = gunzipSync(readFileSync(file));
    const altered = Buffer.from(whole);
    const at = whole.indexOf('TEST-CARD');
    altered.write('T0ST-CARD', at);
    const bad: Record<string, Buffer> = {
      cut: readFileSync(file).subarray(0, 2000),
      'cut text': gzipSync(whole.subarray(0, Math.floor(whole.length / 2))),
      'without its end': gzipSync(whole.subarray(0, whole.lastIndexOf('-- end'))),
      altered: gzipSync(altered),
      longer: gzipSync(Buffer.concat([whole, Buffer.from('COPY x (y) FROM stdin;\n\\.\n')])),
      'something else': gzipSync('hello\n'),
      'not gzip': Buffer.from('hello\n'),
      empty: Buffer.alloc(0),
    };
    const target = await emptyDatabase();
    const before = await rowsOf(target, 'settings');
    const pool = patient(target);
    for (const [name, bytes] of Object.entries(bad)) {
      const damaged = path.join(home, 'damaged');
      writeFileSync(damaged, bytes);
      await assert.rejects(readBackup(damaged), BackupError, name);
      await assert.rejects(restoreBackup(pool, damaged, openKeys()), BackupError, name);
    }
    assert.deepEqual(await rowsOf(target, 'settings'), before);
    await pool.end();
  });

  it('a wrong master key refuses, and the target is as before', async () => {
    const wrong = path.join(home, 'wrong.key');
    writeFileSync(wrong, randomBytes(32).toString('base64'), { mode: 0o600 });
    const target = await emptyDatabase();
    const pool = patient(target);
    await pool.query(`insert into actors (kind, name) values ('staff', 'kept')`);
    await assert.rejects(restoreBackup(pool, file, openKeys(wrong)), /master key/);
    const { rowCount } = await pool.query(`select from actors where name = 'kept'`);
    assert.equal(rowCount, 1);
    await pool.end();
  });

  it('a backup of an older schema is brought to the newest', async () => {
    const { rows: all } = await system.parts.pool.query<Applied>(
      'select version, name, checksum from schema_migrations order by version',
    );
    const old = patient(await emptyDatabase());
    await old.query('drop schema public cascade');
    await old.query('create schema public');
    await transaction(old, (tx) => migrateWithin(tx, all.slice(0, 1)));
    await old.query(`insert into actors (kind, name) values ('staff', 'of old')`);
    const oldFile = path.join(home, 'old.backup.gz');
    await writeBackup(old, createWriteStream(oldFile));
    const pool = patient(await emptyDatabase());
    await restoreBackup(pool, oldFile, openKeys());
    const { rows } = await pool.query<Applied>(
      'select version, name, checksum from schema_migrations order by version',
    );
    assert.deepEqual(rows, all);
    assert.equal((await pool.query(`select from actors where name = 'of old'`)).rowCount, 1);
    await old.end();
    await pool.end();
  });

  it('npm run restore refuses a running system and a full database, and keeps what it replaces', async () => {
    const target = await emptyDatabase();
    const env = {
      DATABASE_URL: target,
      MASTER_KEY_FILE: system.masterKeyFile,
      MIAOFA_DATA: path.join(home, 'data'),
    };
    const first = await run(['restore', file], env);
    assert.equal(first.code, 0, first.said);
    assert.match(first.said, /全局自动发货已关闭/);
    assert.match(first.said, /quarantined/);

    const again = await run(['restore', file], env);
    assert.equal(again.code, 1);
    assert.match(again.said, /已有数据[^]*--replace/);

    const serving = createPool(target, { name: 'miaofa-api', max: 1 });
    await serving.query('select 1');
    const busy = await run(['restore', file, '--replace'], env);
    assert.equal(busy.code, 1);
    assert.match(busy.said, /miaofa-api[^]*stop them/);
    await serving.end();

    const replaced = await run(['restore', file, '--replace'], env);
    assert.equal(replaced.code, 0, replaced.said);
    const kept = readdirSync(path.join(home, 'data-backups')).find((name) => name.startsWith('replaced-'));
    assert.ok(kept !== undefined && existsSync(path.join(home, 'data-backups', kept)));
    const missing = await run(['restore', path.join(home, 'none')], env);
    assert.equal(missing.code, 1);
    assert.match(missing.said, /找不到备份文件/);
    const checked = await run(['backup', '--check', file], {});
    assert.equal(checked.code, 0, checked.said);
  });
});
