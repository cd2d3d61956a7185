import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import path from 'node:path';
import { freePort } from '../../dev/embedded/ports.ts';
import { paidAt } from '../support/gateway-orders.ts';
import { gateways } from '../support/gateways.ts';
import { startSystem, type System } from '../support/system.ts';

/** Each kill costs the start of a process: `KILL_PROVIDERS=all` tries every provider. */
const wanted = process.env['KILL_PROVIDERS'] ?? 'epay';

describe('the API is killed with SIGKILL between commit and acknowledgement', function () {
  this.timeout(240_000);
  let system: System;

  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  for (const [id, start] of Object.entries(gateways).filter(
    ([name]) => wanted === 'all' || wanted.split(',').includes(name),
  )) {
    it(`A4: ${id}: the gateway hears nothing and sends again: acknowledged then, and there is one payment and one promise`, async () => {
      const gateway = await start();
      const { orderNo, notify } = await paidAt(system, gateway);
      const port = await freePort();
      const child = fork(path.join(import.meta.dirname, '..', 'support', 'notify-process.ts'), {
        execArgv: ['--import=tsx'],
        env: { ...process.env, ...system.env, PORT: String(port) },
      });
      const gone = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('exit', (_code, signal) => resolve(signal)),
      );
      await new Promise<void>((resolve) => void child.once('message', () => resolve()));
      await assert.rejects(notify(`http://127.0.0.1:${port}`), 'no acknowledgement');
      assert.equal(await gone, 'SIGKILL');
      assert.equal((await system.shop.read(orderNo)).state, 'paid', 'it was committed');
      assert.equal(await notify(system.base), gateway.provider.acknowledge.accepted.body);
      const { rows } = await system.parts.pool.query(
        `select (select count(*)::int from payments where order_id = o.id) as payments,
                (select count(*)::int from outbox where order_id = o.id and kind = 'start') as promises
         from orders o where o.no = $1`,
        [orderNo],
      );
      assert.deepEqual(rows, [{ payments: 1, promises: 1 }]);
      await gateway.close();
    });
  }
});
