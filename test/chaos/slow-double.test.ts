import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, until, type PlacedOrder } from '../../dev/client.ts';
import { forkWorker, type TestWorker } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

/** A worker stands still (SIGSTOP) with its claim made and not committed; others go on; then it wakes (SIGCONT). */
describe('rule 4: a step runs twice at once, and the slow one wakes late', function () {
  this.timeout(120_000);
  let system: System;
  let workers: TestWorker[] = [];

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false, loops: false });
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    workers = [];
  });
  after(() => system.stop());

  interface Standing {
    state: string;
    sold: number;
    releases: number;
    stale: boolean;
  }
  const standing = async (order: PlacedOrder): Promise<Standing> => {
    const { rows } = await system.parts.pool.query<Standing>(
      `select o.state, (select count(*)::int from cards where order_id = o.id) as sold,
              (select count(*)::int from audit where order_id = o.id and action = 'delivered') as releases,
              exists (select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()) as stale
       from orders o where o.no = $1`,
      [order.orderNo],
    );
    assert.ok(rows[0]);
    return rows[0];
  };
  const close = (order: PlacedOrder): Promise<Response> =>
    fetch(`${system.base}/ops/api/orders/${order.orderNo}/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${system.opsToken}` },
      body: JSON.stringify({ id: randomUUID(), kind: 'close', note: 'double' }),
    });

  /** An order whose first worker stands still, its transaction open. */
  const stopped = async (): Promise<{ order: PlacedOrder; slow: TestWorker }> => {
    const slow = await forkWorker(system, { at: 'advance:before-commit', signal: 'SIGSTOP' });
    workers.push(slow);
    await system.shop.addCards(system.sku, [`DOUBLE-${randomUUID()}`]);
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    await slow.struck();
    return { order, slow };
  };
  /** The slow one goes on, and has had the time to do harm: the story is over, and it has lost its session. */
  const resumed = async (slow: TestWorker, order: PlacedOrder): Promise<Standing> => {
    slow.child.kill('SIGCONT');
    const ends = async (): Promise<Standing | undefined> => {
      const now = await standing(order);
      return !now.stale && /delivered|closed/.test(now.state) ? now : undefined;
    };
    await until('the end', ends, 30_000, 50);
    // What it had still to say, it has said once it takes the next order.
    const next = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.shop.addCards(system.sku, [`NEXT-${randomUUID()}`]);
    await system.notify(next.orderNo);
    await until('the next order', async () => ((await standing(next)).state === 'delivered' ? true : undefined), 30_000, 50); // prettier-ignore
    return standing(order);
  };

  it('the second claims, the operator comes too late, the first wakes: one claim', async () => {
    const { order, slow } = await stopped();
    workers.push(await forkWorker(system));
    await until('the second try', async () => ((await standing(order)).state === 'delivered' ? true : undefined), 30_000, 50); // prettier-ignore
    assert.equal((await close(order)).status, 409);
    const { state, sold, releases } = await resumed(slow, order);
    assert.deepEqual({ state, sold, releases }, { state: 'delivered', sold: 1, releases: 1 });
  });

  it('the operator closes the order while the first stands still, the second runs, the first wakes: no claim', async () => {
    const { order, slow } = await stopped();
    // Refused while the lock is held; the server ends the silent session after 2 s, and then it works.
    const answers: number[] = [];
    await until('the order to close', async () => {
      const { status } = await close(order);
      answers.push(status);
      return status === 200 ? true : undefined;
    }, 20_000, 100); // prettier-ignore
    assert.ok(
      answers.slice(0, -1).every((status) => status === 503),
      answers.join(),
    );
    workers.push(await forkWorker(system));
    const { state, sold, releases } = await resumed(slow, order);
    assert.deepEqual({ state, sold, releases }, { state: 'closed', sold: 0, releases: 0 });
    const answer = await call<{ order: { state: string } }>(`${system.base}/ops/api/orders/${order.orderNo}`, {
      token: system.opsToken,
    });
    assert.equal(answer.order.state, 'closed');
  });
});
