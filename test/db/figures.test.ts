import assert from 'node:assert/strict';
import { failuresOf, figuresOf } from '../../db/figures.ts';
import { failureRate } from '../../domain/failure-rate.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E3: the failure rate, one definition', () => {
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  it('counts live orders that reached a task by a failure or missed 60 s; money, rules, mail and tests do not count', async () => {
    const { pool } = system.parts;
    const cases: [mode: string, state: string, paidAgo: number, took: number | null, task: string | null][] = [
      ['live', 'delivered', 300, 1, null],
      ['live', 'delivered', 300, 90, null], // missed the promise
      ['live', 'attention', 10, null, 'SUPPLIER_SILENT'], // a failure at once
      ['live', 'attention', 10, null, 'EXCEPTION_RULE'],
      ['live', 'waiting_stock', 120, null, 'POOL_EMPTY'],
      ['live', 'delivered', 300, 1, 'MAIL_REJECTED'],
      ['live', 'delivered', 300, 1, 'PAYMENT_SECOND'],
      ['test', 'attention', 300, null, 'POOL_EMPTY'],
      ['live', 'delivered', 7200, 90, null], // before the window
    ];
    for (const [i, [mode, state, ago, took, code]] of cases.entries()) {
      await pool.query(
        `with o as (
           insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency,
             account_id, confirm_by_query, policy, token_hash, token, state, expires_at, paid_at, released_at)
           select 'F' || $1::int, $2, (select min(id) from shops), 'f' || $1::int, '', (select min(id) from products), 1, 100, 'CNY',
             (select min(id) from payment_accounts), false, '{}', sha256(('f' || $1::int)::bytea), '', $3, now(),
             now() - $4 * interval '1 second', now() - $4 * interval '1 second' + $5::float8 * interval '1 second' returning id
         ) insert into tasks (order_id, code) select id, $6 from o where $6::text is not null`,
        [i, mode, state, ago, took, code],
      );
    }
    const from = new Date(Date.now() - 3_600_000);
    const { paid, failed } = await failuresOf(pool, 'live', from, new Date());
    assert.deepEqual([paid, failed], [7, 3]);
    assert.equal(failureRate(failed, paid), 4286);
    const whole = (await figuresOf(pool, 'live', from, new Date())).find((row) => row.whole);
    assert.deepEqual([whole?.paid, whole?.failed, whole?.delivered], [7, 3, 4]);
  });
});
