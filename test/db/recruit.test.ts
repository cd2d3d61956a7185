import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance, handOver } from '../../activities/advance.ts';
import { grantTurns } from '../../worker/loops/grants.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('orders that no supplier could serve, when keys come into their own pool', function () {
  this.timeout(60_000);
  let system: System;
  let sku = '';
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());
  beforeEach(async () => {
    sku = `STRANDED-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: 'stranded', priceMinor: 100 });
    await query(system, 'delete from outbox');
  });

  /** With people, for that reason; the first one paid first. */
  async function stranded(count: number, code: ErrorCode = 'SUPPLIER_NO_STOCK', quantity = 1): Promise<number[]> {
    const ids = await paidOrders(system, count, quantity, sku);
    for (const id of ids) await handOver(system.parts.steps, id, code);
    return ids;
  }
  async function keysCome(n: number): Promise<void> {
    await system.shop.addCards(sku, Array.from({ length: n }, () => randomUUID())); // prettier-ignore
    while (await grantTurns(system.parts.pool, system.parts.log, () => undefined));
  }
  const states = async (ids: number[]): Promise<string[]> =>
    (
      await query<{ s: string }>(
        system,
        `select o.state || ':' || coalesce(o.failure_code, '') as s from unnest($1::bigint[]) with ordinality as t (id, i)
         join orders o using (id) order by t.i`,
        ids,
      )
    ).map((row) => row.s);

  it('C3 rule 7: they go out by themselves, oldest paid first, whole; the others keep their reason', async () => {
    const ids = await stranded(3);
    await keysCome(2);
    assert.deepEqual(await states(ids), ['delivered:', 'delivered:', 'attention:SUPPLIER_NO_STOCK']);
    const open = await query<{ code: string }>(system, 'select code from tasks where order_id = any ($1) and closed_at is null', ids); // prettier-ignore
    assert.deepEqual(open, [{ code: 'SUPPLIER_NO_STOCK' }]);
    const woken = await query<{ id: number }>(system, 'select distinct order_id as id from outbox where order_id = any ($1) order by 1', ids); // prettier-ignore
    assert.deepEqual(woken.map((row) => row.id), ids.slice(0, 2)); // prettier-ignore
  });

  it('rule 7: with those who wait in line they are served by the time of their payment', async () => {
    const [first = 0] = await stranded(1);
    const rest = await paidOrders(system, 1, 1, sku);
    await advance(system.parts.steps, rest[0] ?? 0);
    await query(system, `update orders set paid_at = paid_at - interval '1 hour' where id = $1`, first);
    await keysCome(1);
    assert.deepEqual(await states([first, ...rest]), ['delivered:', 'waiting_stock:POOL_EMPTY']);
  });

  it('C3: not one that a person works on, was handed over, goes by a chosen supplier, is bought already, or has another reason', async () => {
    const [claimed = 0, chosen = 0] = await stranded(2);
    await query(system, 'update tasks set claimed_by = 4, claimed_at = now() where order_id = $1', claimed);
    await query(system, `update orders set source = 'supplier:7' where id = $1`, chosen);
    const [handed = 0] = await stranded(1, 'HANDED_OVER');
    const [check = 0] = await stranded(1, 'RESTORED_CHECK');
    await keysCome(9);
    assert.deepEqual(await states([claimed, chosen, handed, check]), [
      'attention:SUPPLIER_NO_STOCK',
      'attention:SUPPLIER_NO_STOCK',
      'attention:HANDED_OVER',
      'attention:RESTORED_CHECK',
    ]);
    // A product that never sells from its pool is left to its suppliers.
    await query(system, `update products set pool_use = 'never' where sku = $1`, sku);
    const [never = 0] = await stranded(1);
    await keysCome(1);
    assert.deepEqual(await states([never]), ['attention:SUPPLIER_NO_STOCK']);
  });

  it('rule 6: whole orders only: one that wants more than there is waits in line instead', async () => {
    const [big = 0] = await stranded(1, 'NO_SOURCE', 3);
    await keysCome(2);
    assert.deepEqual(await states([big]), ['waiting_stock:STOCK_QUEUED']);
    await keysCome(1);
    assert.deepEqual(await states([big]), ['delivered:']);
  });
});
