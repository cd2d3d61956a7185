import assert from 'node:assert/strict';
import pg from 'pg';
import { runs } from '../../dev/embedded/process.ts';
import { ownPostgres } from '../support/services.ts';

describe('G1: the embedded PostgreSQL comes back after kill -9', function () {
  this.timeout(120_000);

  it('also while a session that it left behind is still at work, beside which it must not run', async () => {
    const postgres = await ownPostgres();
    const client = new pg.Client({ connectionString: postgres.database.url });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pid = rows[0]?.pid ?? 0;
    // Busy, without anything to wait for at which it would see that its server is gone.
    const work = client.query(`select sum(length(repeat('x', i % 1000))) from generate_series(1, 600000) i`);
    work.catch(() => undefined);
    await postgres.crash();
    assert.equal(runs(pid, 'postgres'), false, 'the old session had ended when the new server was ready');

    const again = new pg.Client({ connectionString: postgres.database.url });
    await again.connect();
    assert.equal((await again.query('select 1')).rowCount, 1);
    await again.end();
  });
});
