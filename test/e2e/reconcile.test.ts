import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until } from '../../dev/client.ts';
import { createSweep } from '../../worker/loops/reconcile.ts';
import { temporalOf, workflowOf } from '../support/history.ts';
import { query } from '../support/paid-orders.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('reconcile: PostgreSQL against Temporal', function () {
  this.timeout(60_000);
  let system: System;
  before(async () => {
    const { address } = await testTemporal();
    // Loops of its own would do the work of the turns under test.
    system = await startSystem({ temporal: address, loops: false });
  });
  after(() => system.stop());

  /** The sweep, and what it asked Temporal. */
  function watched(): { turn: () => Promise<void>; lists: string[] } {
    const client = temporalOf(system);
    const lists: string[] = [];
    const workflow = new Proxy(client.workflow, {
      get(target, name) {
        if (name === 'list') return (options: { query: string }) => (lists.push(options.query), target.list(options));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const spied = new Proxy(client, { get: (target, name) => (name === 'workflow' ? workflow : Reflect.get(target, name)) as unknown }); // prettier-ignore
    const { log, metrics, pool } = system.parts;
    const link = { up: true, client: spied, onUp: () => undefined, stop: () => Promise.resolve() };
    const sweep = createSweep(link, pool, log, metrics);
    return { turn: () => sweep.turn(), lists };
  }
  const waits = async (): Promise<string> => {
    const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(orderNo);
    await until('waiting', async () => ((await system.shop.read(orderNo)).state === 'waiting_stock' ? true : undefined), 20_000); // prettier-ignore
    return orderNo;
  };
  const running = (n: number) =>
    until('visible', async () => ((await temporalOf(system).workflow.count(`WorkflowType = 'deliverOrder' and ExecutionStatus = 'Running'`)).count === n ? true : undefined), 20_000, 50); // prettier-ignore
  const full = (lists: string[]) => lists.filter((q) => q.includes(`'Running'`)).length;

  it('rule 3: while the counts agree a turn lists nothing that runs, however many wait; every tenth compares all', async () => {
    await Promise.all([waits(), waits(), waits()]);
    await running(3);
    const { turn, lists } = watched();
    for (let i = 0; i < 12; i++) await turn();
    assert.equal(full(lists), 2, 'the first and the eleventh');
  });

  it('rule 3: a terminated workflow is found although as many run as orders are open', async () => {
    const orderNo = await waits();
    const { turn, lists } = watched();
    await running(4);
    await turn();
    await workflowOf(system, orderNo).terminate('as ops may');
    await running(3);
    // One that runs without need makes the counts agree.
    await temporalOf(system).workflow.start('deliverOrder', { taskQueue: 'nobody', workflowId: `order-${randomUUID()}`, args: [{ orderId: 0, orderNo: 'none' }] }); // prettier-ignore
    await running(4);
    await until(
      'a new run',
      async () => {
        await turn();
        return (await workflowOf(system, orderNo).describe()).status.name === 'RUNNING' ? true : undefined;
      },
      20_000,
      100,
    );
    assert.ok(lists.some((q) => q.includes('CloseTime')));
  });

  it('rule 3: an order that no workflow knows is started by the next turn, because the counts differ', async () => {
    const { turn } = watched();
    await turn();
    const orderNo = await waits();
    await query(system, `update orders set paid_at = now() - interval '1 minute' where no = $1`, orderNo);
    const client = temporalOf(system);
    await workflowOf(system, orderNo).terminate('gone');
    await client.workflowService.deleteWorkflowExecution({ namespace: client.options.namespace, workflowExecution: { workflowId: `order-${orderNo}` } }); // prettier-ignore
    await until(
      'a new run',
      async () => {
        await turn();
        const status = await workflowOf(system, orderNo).describe().then((run) => run.status.name, () => 'none'); // prettier-ignore
        return status === 'RUNNING' ? true : undefined;
      },
      30_000,
      100,
    );
  });
});
