import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  type Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { call, until, type PlacedOrder } from '../../dev/client.ts';
import { createCodec } from '../../worker/codec.ts';
import { createOrdersWorker, workflowBundle } from '../../worker/create.ts';
import { replayAll, replayQuery } from '../../worker/replay.ts';
import { eventsOf, newestRun, recordedHistory, temporalOf, workflowOf } from '../support/history.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

type Bundle = Awaited<ReturnType<typeof workflowBundle>>;

const bundleOf = (name: string): Promise<WorkflowBundle> =>
  bundleWorkflowCode({
    workflowsPath: path.join(import.meta.dirname, '..', 'replay', name, 'index.ts'),
    logger: new DefaultLogger('WARN'),
  });

/** What docs/operations.md says about a deploy, done: the worker of one release is stopped, that of the next started. */
describe('rule 14: a deploy with orders in flight', function () {
  this.timeout(120_000);
  let system: System;
  let connection: NativeConnection;
  let release: { worker: Worker; ended: Promise<void> } | undefined;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, worker: false });
    connection = await NativeConnection.connect({ address });
  });
  after(async () => {
    await stop();
    await connection.close();
    await system.stop();
  });

  const stop = async (): Promise<void> => {
    release?.worker.shutdown();
    await release?.ended;
    release = undefined;
  };
  /** The worker of another release takes the place of the one that runs. */
  async function deploy(bundle: Bundle): Promise<void> {
    await stop();
    const { steps, metrics, environment } = system.parts;
    const worker = await createOrdersWorker({
      connection,
      namespace: environment.TEMPORAL_NAMESPACE,
      dataConverter: { payloadCodecs: [createCodec(steps.keyring)] },
      steps,
      metrics,
      overrides: { workflowBundle: bundle, shutdownGraceTime: '2 seconds' },
    });
    release = { worker, ended: worker.run() };
  }
  const reaches = (order: PlacedOrder, state: string): Promise<true> =>
    until(state, async () => ((await system.shop.read(order.orderNo)).state === state ? true : undefined), 30_000, 20);
  const product = async (policy: object = {}): Promise<string> => {
    const sku = `DEPLOY-${randomUUID().slice(0, 8)}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100, policy });
    return sku;
  };
  const paid = async (sku: string): Promise<PlacedOrder> => {
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    return order;
  };
  const history = async (order: PlacedOrder) =>
    eventsOf(await recordedHistory(system, order.orderNo).catch(() => '{"events":[]}')).map((event) => event.type);
  const waitsInStory = (order: PlacedOrder): Promise<true> =>
    until('its timer', async () => ((await history(order)).at(-1) === 'TIMER_STARTED' ? true : undefined), 30_000, 20);
  const act = (order: PlacedOrder, body: object): Promise<unknown> =>
    call(`${system.base}/api/console/orders/${order.orderNo}/actions`, { token: system.opsToken, body: { id: randomUUID(), note: 'deploy', ...body } }); // prettier-ignore
  const ended = (order: PlacedOrder): Promise<true> =>
    until(
      'the end of the story',
      async () => ((await workflowOf(system, order.orderNo).describe()).status.name === 'COMPLETED' ? true : undefined),
      30_000,
      20,
    );

  it('orders that wait for stock, for people and between two tries go on under the next release; new ones take its new step', async () => {
    await deploy(await workflowBundle());
    const scarce = await product();
    const stock = await paid(scarce);
    const people = await paid(await product());
    const patient = await product({ retries: 3, intervalMs: 3_600_000 });
    const retrying = await system.shop.order({ sku: patient, accountId: system.epay });
    await fetch(retrying.payUrl);
    system.gateway.misbehave(retrying.orderNo, 'unpaid');
    await system.gateway.pay(retrying.orderNo);
    await Promise.all([stock, people].map(waitsInStory));
    await act(people, { kind: 'hand_over' });
    await reaches(people, 'attention');
    await waitsInStory(people);
    const tries = () => workflowOf(system, retrying.orderNo).describe().then((run) => run.raw.pendingActivities ?? [], () => []); // prettier-ignore
    await until('failed once', async () => ((await tries()).some((a) => a.lastFailure) ? true : undefined), 30_000, 50);

    const begun = new Map<PlacedOrder, string>();
    // A wake that comes when all is done runs once more, as a new run: these are the ones in flight.
    for (const order of [stock, people, retrying]) begun.set(order, await newestRun(system, order.orderNo));
    // Asked before the deploy: the histories of those in flight bear the next release, and would not bear a broken one.
    const [next, broken] = await Promise.all([bundleOf('patched'), bundleOf('changed')]);
    const problems = async (bundle: Bundle): Promise<boolean[]> => {
      const all: boolean[] = [];
      const code = { bundle, dataConverter: { payloadCodecs: [createCodec(system.parts.steps.keyring)] } };
      for (const order of begun.keys())
        for await (const one of replayAll(temporalOf(system), code, replayQuery(order.orderNo), 1))
          all.push(one.problem !== undefined);
      return all;
    };
    assert.deepEqual(await problems(next), [false, false, false]);
    assert.deepEqual(await problems(broken), [true, true, true]);
    await deploy(next);
    await system.shop.addCards(scarce, [randomUUID()]);
    await reaches(stock, 'delivered');
    await act(people, { kind: 'deliver_by_hand', goods: [randomUUID()] });
    system.gateway.misbehave(retrying.orderNo, undefined);
    await system.shop.addCards(patient, [randomUUID()]);
    await act(retrying, { kind: 'retry' });
    await reaches(retrying, 'delivered');
    await Promise.all([stock, people, retrying].map(ended));
    for (const [order, runId] of begun) {
      const events = eventsOf(await recordedHistory(system, order.orderNo, runId)).map((event) => event.type);
      assert.ok(!events.includes('TIMER_FIRED'), 'under the rules of its own beginning');
    }
    const fresh = await paid(scarce);
    await until('the new step', async () => ((await history(fresh)).includes('TIMER_FIRED') ? true : undefined), 30_000, 20); // prettier-ignore
    await reaches(fresh, 'waiting_stock');
    await act(fresh, { kind: 'close' });
    await ended(fresh);
  });

  it('a release that broke the rule holds orders up and loses none: the one before, deployed again, takes them on', async () => {
    await deploy(await workflowBundle());
    const sku = await product();
    const order = await paid(sku);
    await waitsInStory(order);
    await deploy(await bundleOf('changed'));
    await system.shop.addCards(sku, [randomUUID()]);
    // The keys are there: PostgreSQL delivered. Only its story cannot be told on.
    await reaches(order, 'delivered');
    await until('a failed task', async () => ((await history(order)).includes('WORKFLOW_TASK_FAILED') ? true : undefined), 30_000, 50); // prettier-ignore
    await deploy(await workflowBundle());
    await ended(order);
  });
});
