import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { verifyAudit } from '../../db/audit.ts';
import { writeBackup } from '../../db/backup.ts';
import { restoreBackup } from '../../db/restore.ts';
import { createPool, type Pool } from '../../db/sql.ts';
import { call, openPickup, until, type PlacedOrder } from '../../dev/client.ts';
import { loadMasterKey } from '../../integrations/keyring/kek.ts';
import { Keyring } from '../../integrations/keyring/keyring.ts';
import { scratch, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('rule 19: the drill of a restore, with the dump a while old', function () {
  this.timeout(120_000);
  const file = path.join(scratch('drill'), 'drill.backup.gz');
  const keys = Array.from({ length: 6 }, (_, i) => `DRILL-${i}-${randomUUID()}`);
  let system: System;
  let pool: Pool;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address });
    pool = createPool(system.database.url, { name: 'miaofa-backup', max: 1, statementTimeoutMs: 0 });
  });
  after(async () => {
    await pool.end();
    await system.stop();
  });

  const order = (accountId = system.sandbox): Promise<PlacedOrder> => system.shop.order({ sku: system.sku, accountId });
  const goods = async (placed: PlacedOrder): Promise<string[]> => {
    const pickup = await openPickup(system.base, placed.pickupUrl);
    return until('goods', () => pickup.goods(), 20_000);
  };
  const ops = <T>(to: string, body: unknown): Promise<T> =>
    call<T>(`${system.base}/ops/api/${to}`, { token: system.opsToken, body });
  const waitsFor = (placed: PlacedOrder, failureCode: string) =>
    until(
      failureCode,
      async () => ((await system.shop.read(placed.orderNo)).failureCode === failureCode ? true : undefined),
      20_000,
    );
  const restore = async () => {
    const kek = loadMasterKey({ MASTER_KEY_FILE: system.masterKeyFile });
    return restoreBackup(pool, file, (rows) => Keyring.open(kek, rows));
  };

  it('nothing leaves a pool until it is lifted, and a key sold after the backup is not sold again', async () => {
    await system.shop.addCards(system.sku, keys);
    const early = await order();
    await system.notify(early.orderNo);
    assert.deepEqual(await goods(early), [keys[0]]);
    const unpaid = await order(system.epay); // paid after the backup: the gateway knows, the backup does not
    await writeBackup(pool, createWriteStream(file));
    await fetch(unpaid.payUrl);
    await system.gateway.pay(unpaid.orderNo, { notify: false });

    const late = await order();
    await system.notify(late.orderNo);
    assert.deepEqual(await goods(late), [keys[1]]);

    // The machine is lost: what replaces it knows nothing of the late order.
    await pool.query(`update cards set state = 'available', order_id = null, sold_at = null where state = 'sold'`);
    const done = await restore();
    assert.equal(done.brokenSeal, undefined);
    await assert.rejects(system.shop.read(late.orderNo), /404/);
    assert.deepEqual(await goods(early), [keys[0]]);

    // Paid after the backup, so for all we know it was delivered then: a person says whether it was.
    await waitsFor(unpaid, 'RESTORED_CHECK');
    await ops('auto-delivery', { on: true });
    const fresh = await order();
    await system.notify(fresh.orderNo);
    await waitsFor(fresh, 'POOL_QUARANTINED');
    const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from cards where state = 'available'`);
    assert.equal(rows[0]?.n, 5, 'none has left');

    // One key was sold after the backup; the operator discards it and one more to be safe.
    const lifted = await ops<{ discarded: number }>('quarantine/lift', { sku: system.sku, mode: 'test', discard: 2 });
    assert.equal(lifted.discarded, 2);
    assert.deepEqual(await goods(fresh), [keys[3]]);
    assert.equal((await system.shop.read(unpaid.orderNo)).failureCode, 'RESTORED_CHECK');
    await ops(`orders/${unpaid.orderNo}/actions`, { id: randomUUID(), kind: 'retry' });
    assert.deepEqual(await goods(unpaid), [keys[4]]);
    assert.equal(await verifyAudit(system.parts.pool), undefined);
  });

  it('a database that is replaced keeps what it knew: keys that it had sold are void in the restored one', async () => {
    const { rows: sold } = await pool.query<{ id: number }>(
      `select id from cards where state <> 'available' order by id`,
    );
    const { voided } = await restore();
    assert.equal(voided, sold.length - 1, 'all but the one that the backup knows as sold');
    const { rows } = await pool.query<{ id: number }>(`select id from cards where state <> 'available' order by id`);
    assert.deepEqual(rows, sold);
  });
});
