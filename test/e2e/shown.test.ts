import assert from 'node:assert/strict';
import { until } from '../../dev/client.ts';
import { wake } from '../../workflows/messages.ts';
import { recordedHistory, workflowOf } from '../support/history.ts';
import { query } from '../support/paid-orders.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

interface Timer {
  readonly seconds: number;
  readonly label: string;
}

describe('G1: what ops read in Temporal Web UI of an order that waits', function () {
  this.timeout(60_000);
  let system: System;

  before(async () => {
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, clear: true });
  });
  after(() => system.stop());

  /** The timers of an order, oldest first, as the Web UI lists them. */
  const timers = async (orderNo: string): Promise<Timer[]> => {
    const { events } = JSON.parse(await recordedHistory(system, orderNo).catch(() => '{"events":[]}')) as {
      events: { timerStartedEventAttributes?: { startToFireTimeout: string }; userMetadata?: { summary?: { data: string } } }[]; // prettier-ignore
    };
    return events.flatMap(({ timerStartedEventAttributes: timer, userMetadata }) =>
      timer
        ? [{ seconds: parseFloat(timer.startToFireTimeout), label: JSON.parse(Buffer.from(userMetadata?.summary?.data ?? 'IiI=', 'base64').toString()) as string }] // prettier-ignore
        : [],
    );
  };
  const lastTimer = (orderNo: string, fits: (timer: Timer) => boolean): Promise<Timer> =>
    until(
      'the timer',
      async () => {
        const last = (await timers(orderNo)).at(-1);
        return last && fits(last) ? last : undefined;
      },
      20_000,
      50,
    );

  it('C6: its timer ends at the ladder’s next deadline and is labelled with reason, rung and time; details say what to do', async () => {
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const first = await lastTimer(order.orderNo, () => true);
    assert.match(first.label, /^等待补货：卡密池为空.*；\d{4}-\d\d-\d\d \d\d:\d\d 升级给店主/);
    assert.ok(first.seconds > 29 * 60 && first.seconds <= 30 * 60 + 1, `${first.seconds} s`);
    const metadata = async () => (await workflowOf(system, order.orderNo).query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails; // prettier-ignore
    assert.match(await metadata(), /卡密池为空[^]*升级给店主[^]*导入卡密/);

    // The deadline is the row's: the story reads it anew.
    await query(system, `update tasks set rung = 1, next_at = opened_at + interval '2 hours' where closed_at is null`);
    await workflowOf(system, order.orderNo).signal(wake);
    const second = await lastTimer(order.orderNo, (timer) => timer.label.includes('告知买家'));
    assert.equal(second.seconds, 3300, 'it looks again before reconcile would');
    await query(system, `update tasks set rung = 3, next_at = null where closed_at is null`);
    await workflowOf(system, order.orderNo).signal(wake);
    await lastTimer(order.orderNo, (timer) => /^等待补货：[^；]*$/.test(timer.label));
  });

  it('a rung whose time has come but that nobody has climbed yet is looked for again after a minute, not at once', async () => {
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    await lastTimer(order.orderNo, () => true);
    // A worker whose loops are stopped would leave it like this: far in the past for the story, not due for the loop.
    await query(system, `update tasks set opened_at = now() - interval '1 day', next_at = now() + interval '1 day' where closed_at is null`); // prettier-ignore
    await workflowOf(system, order.orderNo).signal(wake);
    await lastTimer(order.orderNo, (timer) => timer.seconds === 60);
  });
});
