import assert from 'node:assert/strict';
import { until } from '../../dev/client.ts';
import { forkApi, type TestApi } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

interface Health {
  readonly status: number;
  readonly body: { status: string; database?: string; temporal?: string };
  readonly ms: number;
}

describe('rule 16: health', function () {
  this.timeout(90_000);
  let system: System;
  let database: TcpProxy;
  let temporal: TcpProxy;
  let api: TestApi;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false });
    const server = new URL(system.database.url);
    database = await startTcpProxy({ host: server.hostname, port: Number(server.port) });
    const [host = '', port] = address.split(':');
    temporal = await startTcpProxy({ host, port: Number(port) });
    server.port = String(database.port);
    api = await forkApi({
      ...system,
      env: { ...system.env, DATABASE_URL: server.href, TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}` },
    });
  });
  after(async () => {
    await api.kill('SIGTERM');
    await system.stop();
  });

  const look = async (path: string): Promise<Health> => {
    const began = performance.now();
    const answer = await fetch(`${api.base}${path}`);
    const body = (await answer.json()) as Health['body'];
    return { status: answer.status, body, ms: performance.now() - began };
  };
  const becomes = (path: string, status: number): Promise<Health> =>
    until(
      `${path} ${status}`,
      async () => {
        const seen = await look(path);
        return seen.status === status ? seen : undefined;
      },
      40_000,
      50,
    );

  it('everything there: ready, and all of it', async () => {
    assert.deepEqual((await look('/healthz')).body, { status: 'alive' });
    assert.deepEqual((await look('/readyz')).body, { status: 'ready', database: 'ok', keys: 'ok', temporal: 'ok' });
    assert.equal((await look('/readyz?all=1')).status, 200);
  });

  it('Temporal down: ready for notifications, degraded; not all', async () => {
    await temporal.set('cut');
    const { body } = await becomes('/readyz?all=1', 503);
    assert.deepEqual(body, { status: 'not ready', database: 'ok', keys: 'ok', temporal: 'down' });
    const ready = await until(
      'the loss is noticed',
      async () => {
        const seen = await look('/readyz');
        return seen.body.temporal === 'down' ? seen : undefined;
      },
      40_000,
      50,
    );
    assert.deepEqual([ready.status, ready.body.status], [200, 'degraded']);
    assert.equal((await look('/healthz')).status, 200);
    await temporal.set('open');
    await becomes('/readyz?all=1', 200);
  });

  it('Temporal hung: the same, and the answer comes in time', async () => {
    await temporal.set('silent');
    const { body, ms } = await becomes('/readyz?all=1', 503);
    assert.equal(body.temporal, 'down');
    assert.ok(ms < 5_000, `${ms} ms`);
    assert.equal((await look('/readyz')).status, 200);
    // What was lost in the silence is asked for again on a new connection.
    await temporal.set('cut');
    await temporal.set('open');
    await becomes('/readyz?all=1', 200);
  });

  it('PostgreSQL down or hung: not ready, alive, and the answer comes in time', async () => {
    for (const trouble of ['cut', 'silent'] as const) {
      await database.set(trouble);
      const { body, ms } = await becomes('/readyz', 503);
      assert.deepEqual([body.status, body.database], ['not ready', 'down']);
      assert.ok(ms < 8_000, `${trouble}: ${ms} ms`);
      assert.equal((await look('/healthz')).status, 200);
      const refused = await system.notify('M00000000000000000');
      assert.equal(refused.status, 200, 'the other process is not touched');
      await database.set('cut');
      await database.set('open');
      await becomes('/readyz', 200);
    }
  });
});
