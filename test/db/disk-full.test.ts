import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { until } from '../../dev/client.ts';
import { forkApi } from '../support/processes.ts';
import { scratch, testPostgres, type TestDatabase } from '../support/services.ts';
import { fill, smallDisk } from '../support/small-disk.ts';
import { startSystem, type System } from '../support/system.ts';

describe('rule 16: a full disk', function () {
  this.timeout(120_000);
  let system: System;
  let folder: string;

  before(async function () {
    const disk = smallDisk('full-disk', '64m');
    if (disk === undefined) this.skip();
    folder = disk;
    const server = await testPostgres();
    const owner = statSync(path.join(scratch('pg'), 'postgres'));
    const place = path.join(folder, 'tables');
    mkdirSync(place, { mode: 0o700 });
    execFileSync('chown', [`${owner.uid}:${owner.gid}`, place]);
    const admin = async (...statements: string[]): Promise<void> => {
      const client = new pg.Client({ connectionString: new URL('/postgres', server.url).href });
      await client.connect();
      for (const sql of statements) await client.query(sql);
      await client.end();
    };
    await admin(
      `create tablespace tiny location '${place}'`,
      'create database tiny template miaofa_template tablespace tiny',
    );
    const database: TestDatabase = {
      url: new URL('/tiny', server.url).href,
      drop: () => admin('drop database tiny with (force)', 'drop tablespace tiny'),
    };
    system = await startSystem({ database });
  });
  // Without a system where the test is skipped.
  after(() => (system as System | undefined)?.stop());

  const readiness = async (): Promise<{ status: number; database: string }> => {
    const answer = await fetch(`${system.base}/readyz`);
    return { status: answer.status, database: ((await answer.json()) as { database: string }).database };
  };

  it('A4 rule 16: of PostgreSQL: nothing is acknowledged that is not kept, /readyz says why, and with room all goes on', async () => {
    const place = async (): Promise<string> =>
      (await system.shop.order({ sku: system.sku, accountId: system.sandbox })).orderNo;
    const orders = await Promise.all(Array.from({ length: 5 }, place));
    assert.deepEqual(await readiness(), { status: 200, database: 'ok' });
    const makeRoom = fill(folder);
    // What still finds a place in a page is kept; sooner or later one does not.
    const refused = new Set<string>();
    await until(
      'no room',
      async () => {
        for (const no of orders) {
          const answer = await system.notify(no, {
            tradeNo: `sb-${no}`,
            note: 'x'.repeat(30_000 + Math.random() * 100),
          });
          if (answer.status === 200) continue;
          assert.deepEqual([answer.status, await answer.text()], [503, '{"ok":false}']);
          refused.add(no);
        }
        return refused.size > 0 ? true : undefined;
      },
      30_000,
      10,
    );
    assert.deepEqual(await readiness(), { status: 503, database: 'cannot write: its disk is full' });
    assert.equal((await fetch(`${system.base}/healthz`)).status, 200);
    makeRoom();
    for (const no of orders) assert.equal((await system.notify(no)).status, 200);
    const { rows } = await system.parts.pool.query(
      `select count(*)::int as n, count(distinct order_no)::int as orders from payments`,
    );
    assert.deepEqual(rows, [{ n: 5, orders: 5 }]);
    assert.deepEqual(await readiness(), { status: 200, database: 'ok' });
  });

  it('rule 16: of the log: the process goes on without it, and takes payments in', async () => {
    const full = openSync('/dev/full', 'w'); // every write to it fails with ENOSPC
    const api = await forkApi(
      { ...system, env: { ...system.env, LOG_LEVEL: 'debug', TEMPORAL_ADDRESS: '127.0.0.1:1' } },
      { stdout: full, ready: '/readyz' },
    );
    closeSync(full);
    for (let i = 0; i < 5; i++) {
      const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
      assert.equal((await system.notify(orderNo, {}, api.base)).status, 200);
    }
    assert.equal((await fetch(`${api.base}/healthz`)).status, 200);
    assert.equal(api.child.exitCode, null);
    await api.kill('SIGTERM');
    assert.equal(api.child.exitCode, 0);
  });
});
