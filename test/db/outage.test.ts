import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPool } from '../../db/sql.ts';
import { createDatabaseWatch } from '../../worker/loops/database-watch.ts';
import { query } from '../support/paid-orders.ts';
import { onEnd } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

describe('PostgreSQL is away', function () {
  this.timeout(30_000);
  let system: System;
  const heard: string[] = [];
  let url = '';
  before(async () => {
    const receiver = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => (heard.push(body), response.end()));
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => receiver.close(resolve)));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    system = await startSystem({ reach: [url] });
  });
  after(() => system.stop());

  it('rule 9: people hear of it by the channels known before, after a minute, once; when it is back one notice says how long it was', async () => {
    const owner = await signedIn(system, 'owner');
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    await owner.json('POST', '/api/console/channels', { kind: 'webhook', name: 'w', config: { url, secret } });
    const there = new URL(system.database.url);
    const line = await startTcpProxy({ host: there.hostname, port: Number(there.port) });
    const pool = createPool(Object.assign(new URL(there), { port: String(line.port) }).href, { name: 'cut', max: 2 });
    let clock = 0;
    const { metrics, steps } = system.parts;
    const watches = [1, 2].map(() => createDatabaseWatch({ ...steps, pool }, metrics, () => clock));
    const turn = () => Promise.all(watches.map((watch) => watch.turn()));
    await turn();
    await line.set('cut');
    await turn();
    clock += 59_000;
    await turn();
    assert.equal(heard.length, 0, 'a restart is no news');
    clock += 2_000;
    await turn();
    await turn();
    assert.equal(heard.length, 2, 'each process says it once: none knows of the other without a database');
    assert.ok(heard.every((body) => body.includes('DATABASE_TROUBLE') && body.includes('PostgreSQL')));
    assert.match(await metrics.registry.metrics(), /miaofa_database_up\S* 0/);

    await line.set('open');
    clock += 240_000;
    await turn();
    await turn();
    const told = await query<{ kind: string; detail: object }>(system, `select kind, detail from notices where code = 'DATABASE_TROUBLE'`); // prettier-ignore
    assert.deepEqual(told, [{ kind: 'over', detail: { seconds: 301 } }]);
    assert.match(await metrics.registry.metrics(), /miaofa_database_up\S* 1/);
    await pool.end();
  });

  it('one that comes back within the minute is not told at all', async () => {
    const line = { clock: 0, up: true };
    const pool = { query: () => (line.up ? Promise.resolve({ rows: [] }) : Promise.reject(new Error('away'))) };
    const { metrics, steps } = system.parts;
    const watch = createDatabaseWatch({ ...steps, pool: pool as never }, metrics, () => line.clock);
    const before = heard.length;
    for (let i = 0; i < 3; i++) {
      line.up = false;
      await watch.turn();
      line.clock += 50_000;
      await watch.turn();
      line.up = true;
      await watch.turn();
    }
    assert.equal(heard.length, before);
  });

  it('rule 17: a connection in use that the server ends fails its next statement, and never takes the process with it', async () => {
    const pool = createPool(system.database.url, { name: 'ended', max: 1 });
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await query(system, 'select pg_terminate_backend($1)', rows[0]!.pid);
    await ended;
    await assert.rejects(client.query('select 1'));
    client.release(true);
    assert.equal((await pool.query('select 1')).rowCount, 1, 'the next one gets another connection');
    await pool.end();
  });
});
