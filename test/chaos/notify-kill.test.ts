import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import path from 'node:path';
import { freePort } from '../../dev/embedded/ports.ts';
import { startSystem, type System } from '../support/system.ts';

describe('the API is killed with SIGKILL between commit and acknowledgement', function () {
  this.timeout(60_000);
  let system: System;

  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  it('A4: the gateway hears nothing and sends again: acknowledged then, and there is one payment and one promise', async () => {
    const { orderNo, payUrl } = await system.shop.order({ sku: system.sku, accountId: system.epay });
    await fetch(payUrl);
    await system.gateway.pay(orderNo, { notify: false });
    const port = await freePort();
    const child = fork(path.join(import.meta.dirname, '..', 'support', 'notify-process.ts'), {
      execArgv: ['--import=tsx'],
      env: { ...process.env, ...system.env, PORT: String(port) },
    });
    const gone = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('exit', (_code, signal) => resolve(signal)),
    );
    await new Promise<void>((resolve) => void child.once('message', () => resolve()));
    const query = system.gateway.notification(orderNo).toString();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/notify/epay/${system.epay}?${query}`), 'no acknowledgement');
    assert.equal(await gone, 'SIGKILL');
    assert.equal((await system.shop.read(orderNo)).state, 'paid', 'it was committed');
    const again = await fetch(`${system.base}/notify/epay/${system.epay}?${query}`);
    assert.equal(await again.text(), 'success');
    const { rows } = await system.parts.pool.query(
      `select (select count(*)::int from payments where order_id = o.id) as payments,
              (select count(*)::int from outbox where order_id = o.id and kind = 'start') as promises
       from orders o where o.no = $1`,
      [orderNo],
    );
    assert.deepEqual(rows, [{ payments: 1, promises: 1 }]);
  });
});
