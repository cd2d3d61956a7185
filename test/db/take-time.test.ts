import assert from 'node:assert/strict';
import { createPool, statement, takeTime, transaction, type Pool } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

describe('statements that may take longer than a step', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let pool: Pool;
  before(async () => {
    database = await createTestDatabase();
    // Its client gives up after 1.1 s.
    pool = createPool(database.url, { name: 'take-time', max: 1, statementTimeoutMs: 100 });
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });
  const slow = statement<{ done: boolean }, [number]>('slow', 'select pg_sleep($1) is not null as done');

  it('D4: counting millions for a stock limit has its thirty seconds, by the server and by the client; the next user of the connection has not', async () => {
    const rows = await transaction(pool, async (tx) => {
      await takeTime(tx, 30);
      return slow(tx, [1.5]);
    });
    assert.deepEqual(rows, [{ done: true }]);
    await assert.rejects(slow(pool, [1.5]), { code: '57014' });
    await assert.rejects(transaction(pool, (tx) => slow(tx, [1.5])), { code: '57014' }); // prettier-ignore
  });
});
