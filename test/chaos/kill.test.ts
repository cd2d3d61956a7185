import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { FaultPoint } from '../../activities/deps.ts';
import { openPickup, until } from '../../dev/client.ts';
import { scratch, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

/** The API of this process starts orders and runs none; a worker process is killed with SIGKILL and started again. */
describe('a worker is killed with SIGKILL in the middle of an order', function () {
  this.timeout(120_000);
  let system: System;
  let worker: ChildProcess | undefined;
  const died = path.join(scratch('chaos'), 'died');

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false });
  });
  // Also after a failure: a worker that is left over would take the next test's orders.
  afterEach(() => void worker?.kill('SIGKILL'));
  after(() => system.stop());

  const startWorker = async (dieAt?: FaultPoint): Promise<void> => {
    const child = fork(path.join(import.meta.dirname, '..', 'support', 'worker-process.ts'), {
      execArgv: ['--import=tsx'],
      env: { ...process.env, ...system.env, LOG_LEVEL: 'silent', DIED_FILE: died, ...(dieAt && { DIE_AT: dieAt }) },
    });
    worker = child;
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`worker ended: ${code}`)));
    });
  };

  const points: [FaultPoint, 'epay' | 'sandbox', number][] = [
    ['advance:before-commit', 'sandbox', 1],
    ['advance:after-commit', 'sandbox', 1],
    ['confirm:after-answer', 'epay', 1],
    ['mail:accepted', 'sandbox', 2],
  ];
  for (const [point, provider, mostMails] of points) {
    it(`rule 8 I1 I2: at ${point}: the same key once, at most ${mostMails} mails with one Message-ID, and the delay is short`, async () => {
      rmSync(died, { force: true });
      await startWorker(point);
      const key = `KILL-${randomUUID()}`;
      await system.shop.addCards(system.sku, [key]);
      const email = `${randomUUID()}@example.com`;
      const order = await system.shop.order({ sku: system.sku, email, accountId: system[provider] });
      if (provider === 'epay') {
        await fetch(order.payUrl);
        await system.gateway.pay(order.orderNo);
      } else await system.notify(order.orderNo);

      const child = worker;
      await new Promise((resolve) => (child?.signalCode ? resolve(0) : child?.once('exit', resolve)));
      assert.ok(existsSync(died) && readFileSync(died, 'utf8') === point, 'it died where it was told to');
      const back = Date.now();
      await startWorker();
      const started = Date.now() - back;
      const pickup = await openPickup(system.base, order.pickupUrl);
      const goods = await until('goods', () => pickup.goods(), 40_000);
      const delay = Date.now() - back - started;
      assert.deepEqual(goods, [key]);
      assert.ok(delay <= 5_000, `${delay} ms after the worker was back`);

      const { pool } = system.parts;
      await until(
        'the end of the story',
        async () =>
          (await pool.query('select from orders where no = $1 and done_at is not null', [order.orderNo])).rowCount
            ? true
            : undefined,
        60_000,
        50,
      );
      const { rows } = await pool.query<{ n: number }>(
        'select count(*)::int as n from cards c join orders o on o.id = c.order_id where o.no = $1',
        [order.orderNo],
      );
      assert.equal(rows[0]?.n, 1);
      const mails = (await system.mail.mails()).filter((mail) => mail.to.includes(email));
      assert.ok(mails.length >= 1 && mails.length <= mostMails, `${mails.length} mails`);
      assert.equal(new Set(mails.map((mail) => mail.messageId)).size, 1);
    });
  }
});
