import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { migrate } from '../../db/migrate.ts';
import { createPool, type Pool } from '../../db/sql.ts';
import { until } from '../../dev/client.ts';
import { scratch, testPostgres } from '../support/services.ts';

describe('G4: a migration while orders flow', function () {
  this.timeout(60_000);
  const folder = scratch('migrations');
  let admin: Pool;
  let url: string;
  let pool: Pool;

  before(async () => {
    const server = await testPostgres();
    admin = createPool(server.url, { name: 'test-admin', max: 1, statementTimeoutMs: 0 });
    await admin.query('create database migrating');
    url = new URL('/migrating', server.url).href;
    pool = createPool(url, { name: 'test' }); // with the time limits of the steps of orders
    writeFileSync(path.join(folder, '0001_first.sql'), 'create table sold (id integer primary key);');
    await migrate(url, { folder });
    writeFileSync(path.join(folder, '0002_second.sql'), 'alter table sold add column note text;');
  });

  after(async () => {
    await pool.end();
    await admin.query('drop database migrating with (force)');
    await admin.end();
  });

  /** A long reader, as a backup is one. */
  const reader = async (): Promise<{ end(): Promise<void> }> => {
    const long = createPool(url, { name: 'backup', max: 1, statementTimeoutMs: 0 });
    const client = await long.connect();
    await client.query('begin');
    await client.query('select from sold');
    return {
      async end() {
        await client.query('commit');
        client.release();
        await long.end();
      },
    };
  };

  it('steps back from a table that a backup reads, so that no order waits behind it, and is applied when that has ended', async () => {
    const backup = await reader();
    const lines: string[] = [];
    let applied = false;
    const migrating = migrate(url, { folder, log: (line) => lines.push(line) }).then(() => (applied = true));
    const waits = `select from pg_stat_activity where application_name = 'miaofa-migrate' and wait_event_type = 'Lock'`;
    const waiting = async (): Promise<true | undefined> => ((await admin.query(waits)).rowCount ? true : undefined);
    for (let id = 1; id <= 3; id++) {
      await until('the migration waits', waiting, 20_000, 10);
      await pool.query('insert into sold (id) values ($1)', [id]); // rejects after 1.5 s
    }
    assert.ok(!applied);
    await backup.end();
    await migrating;
    assert.equal((await pool.query('select note from sold')).rowCount, 3);
    assert.deepEqual(lines, [
      '0002_second.sql waits for tables that others use, and lets orders pass',
      'migrated 0002_second.sql',
    ]);
  });

  it('gives up in words after its time, and leaves the database as it was', async () => {
    writeFileSync(path.join(folder, '0003_third.sql'), 'create table made (id integer); alter table sold drop column note;'); // prettier-ignore
    const backup = await reader();
    await assert.rejects(migrate(url, { folder, patienceMs: 0 }), /0003_third\.sql.*pg_stat_activity/);
    await pool.query('select note from sold');
    await assert.rejects(pool.query('select from made'), /does not exist/);
    await backup.end();
    await migrate(url, { folder });
    await pool.query('select from made');
  });
});
