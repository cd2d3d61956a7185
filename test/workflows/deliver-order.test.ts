import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities/index.ts';
import { underPolicy } from '../../activities/failures.ts';
import type { Outcome } from '../../activities/outcome.ts';
import { delivery, infrastructureTrouble } from '../../domain/failure-types.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { defaultDeliveryPolicy, type DeliveryPolicy } from '../../domain/policy.ts';
import type { deliverOrder } from '../../workflows/index.ts';
import { apply, staffAction, wake } from '../../workflows/messages.ts';
import { timeSkipping } from '../support/services.ts';
import { playStory } from '../support/story.ts';

const minutes = 60_000;
const end: Outcome = { next: 'end', state: 'delivered' };
const waiting: Outcome = { next: 'wait', state: 'waiting_stock', code: 'POOL_EMPTY', forMs: 55 * minutes };

function failure(type: string, code: ErrorCode, nonRetryable = false): ApplicationFailure {
  return ApplicationFailure.create({ type, message: code, details: [code], nonRetryable });
}
function fail(type: string, code: ErrorCode, nonRetryable = false): never {
  throw failure(type, code, nonRetryable);
}
/** As the worker's interceptor throws it: the order's policy speaks. */
function failUnder(retry: DeliveryPolicy | undefined, code: ErrorCode, nonRetryable = false): never {
  throw underPolicy(failure(delivery, code, nonRetryable), retry ?? defaultDeliveryPolicy, activityInfo().attempt);
}

describe('workflow deliverOrder', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;

  before(async () => {
    env = await timeSkipping();
  });

  type Handle = WorkflowHandle<typeof deliverOrder>;
  const run = <T>(given: Partial<Activities>, story: (handle: Handle) => Promise<T>): Promise<T> => playStory(env, given, story); // prettier-ignore

  it('A1: a happy order takes at most 14 history events with a mail, 18 with a webhook too (E-budget)', async () => {
    const told: string[] = [];
    for (const [messages, most] of [
      [[{ id: 7, kind: 'mail' as const }], 14],
      [
        [
          { id: 7, kind: 'mail' as const },
          { id: 8, kind: 'webhook' as const },
        ],
        18,
      ],
    ] as const) {
      await run(
        {
          advance: () => Promise.resolve({ next: 'tell', messages }),
          sendMail: () => Promise.resolve(void told.push('mail')),
          sendWebhook: () => Promise.resolve(void told.push('webhook')),
        },
        async (handle) => {
          assert.deepEqual(await handle.result(), { state: 'delivered' });
          const events = (await handle.fetchHistory()).events ?? [];
          assert.ok(events.length <= most, `${events.length} events`);
        },
      );
    }
    assert.deepEqual(told.sort(), ['mail', 'mail', 'webhook']);
  });

  it('rule 9: infrastructure trouble is tried again until it ends, also over many hours', async () => {
    let tries = 0;
    const state = await run(
      {
        advance: () => (++tries < 400 ? fail(infrastructureTrouble, 'DATABASE_TROUBLE') : Promise.resolve(end)),
      },
      (handle) => handle.result(),
    );
    assert.deepEqual(state, { state: 'delivered' });
    assert.equal(tries, 400);
  });

  it('C1: a delivery that fails is tried again 3 times, 5 minutes apart, then handed to people with its reason', async () => {
    const at: number[] = [];
    const handed: unknown[] = [];
    await run(
      {
        advance: () => Promise.resolve({ next: 'confirm', policy: { retries: 3, intervalMs: 5 * minutes } }),
        async confirmPayment({ retry }) {
          at.push(await env.currentTimeMs());
          return failUnder(retry, 'GATEWAY_SILENT');
        },
        handOver(args) {
          handed.push(args);
          return Promise.resolve(end);
        },
      },
      (handle) => handle.result(),
    );
    assert.equal(at.length, 4);
    for (const [i, time] of at.slice(1).entries()) {
      const pause = time - (at[i] ?? 0);
      assert.ok(pause >= 5 * minutes && pause < 5 * minutes + 30_000, `${pause} ms`);
    }
    assert.deepEqual(handed, [{ orderId: 1, code: 'GATEWAY_SILENT' }]);
  });

  it("C1: the order's own snapshot counts, not the default; a malformed one is clamped instead of hanging the order", async () => {
    for (const [retries, tries] of [
      [1, 2],
      [0, 1],
      [-5, 1],
    ] as const) {
      let count = 0;
      await run(
        {
          advance: () => Promise.resolve({ next: 'confirm', policy: { retries, intervalMs: 0 } }),
          confirmPayment({ retry }) {
            count++;
            return failUnder(retry, 'PAYMENT_UNCONFIRMED');
          },
          handOver: () => Promise.resolve(end),
        },
        (handle) => handle.result(),
      );
      assert.equal(count, tries);
    }
  });

  it('C1: what cannot be helped by trying again goes to people at once', async () => {
    let tries = 0;
    await run(
      {
        advance: () => Promise.resolve({ next: 'confirm', policy: { retries: 3, intervalMs: 5 * minutes } }),
        confirmPayment({ retry }) {
          tries++;
          return failUnder(retry, 'ORDER_NOT_FOUND');
        },
        handOver: () => Promise.resolve(end),
      },
      (handle) => handle.result(),
    );
    assert.equal(tries, 1);
  });

  it('C1: a policy may treat one kind of failure otherwise than the rest', async () => {
    let tries = 0;
    const handed: string[] = [];
    const policy: DeliveryPolicy = { retries: 0, intervalMs: 1000, kinds: { GATEWAY_SILENT: { retries: 5, intervalMs: 60 * minutes } } }; // prettier-ignore
    const began = await env.currentTimeMs();
    await run(
      {
        advance: () => Promise.resolve({ next: 'confirm', policy }),
        confirmPayment: ({ retry }) => failUnder(retry, ++tries < 4 ? 'GATEWAY_SILENT' : 'PAYMENT_UNCONFIRMED'),
        handOver({ code }) {
          handed.push(code);
          return Promise.resolve(end);
        },
      },
      (handle) => handle.result(),
    );
    assert.equal(tries, 4);
    assert.deepEqual(handed, ['PAYMENT_UNCONFIRMED']);
    assert.ok((await env.currentTimeMs()) - began >= 180 * minutes);
  });

  it('B3 C1: buying from a source is tried under the order’s own policy, then people have it', async () => {
    const bought: unknown[] = [];
    const handed: string[] = [];
    const began = await env.currentTimeMs();
    await run(
      {
        advance: () => Promise.resolve({ next: 'purchase', source: 'supplier:7', policy: { retries: 2, intervalMs: 10 * minutes } }), // prettier-ignore
        purchase({ retry, source }) {
          bought.push(source);
          return failUnder(retry, 'SUPPLIER_SILENT');
        },
        handOver({ code }) {
          handed.push(code);
          return Promise.resolve(end);
        },
      },
      (handle) => handle.result(),
    );
    assert.deepEqual([bought, handed], [['supplier:7', 'supplier:7', 'supplier:7'], ['SUPPLIER_SILENT']]);
    assert.ok((await env.currentTimeMs()) - began >= 20 * minutes);
  });

  it('rule 9: what fails for the sake of the infrastructure uses up none of the retries of a delivery', async () => {
    let tries = 0;
    await run(
      {
        advance: () => Promise.resolve({ next: 'confirm', policy: { retries: 1, intervalMs: 1000 } }),
        confirmPayment: () => (++tries < 20 ? fail(infrastructureTrouble, 'DATABASE_TROUBLE') : Promise.resolve(end)),
      },
      (handle) => handle.result(),
    );
    assert.equal(tries, 20);
  });

  it('design: an unknown error is retried as a delivery, then becomes a task; the workflow never ends Failed', async () => {
    let tries = 0;
    const handed: string[] = [];
    const result = await run(
      {
        advance({ retry }) {
          tries++;
          return retry ? failUnder(retry, 'UNEXPECTED') : fail('UNEXPECTED', 'UNEXPECTED');
        },
        handOver({ code }) {
          handed.push(code);
          return Promise.resolve(end);
        },
      },
      (handle) => handle.result(),
    );
    assert.deepEqual(result, { state: 'delivered' });
    assert.deepEqual(handed, ['UNEXPECTED']);
    assert.equal(tries, 1 + 1 + 4); // local, ordinary, first delivery try + 3 retries
  });

  it('C6: a waiting order looks again by itself', async () => {
    const answers: Outcome[] = [waiting, waiting, end];
    await run({ advance: () => Promise.resolve(answers.shift() ?? end) }, (handle) => handle.result());
    assert.equal(answers.length, 0);
  });

  it('rule 14: state and reason are upserted on entering trouble, on a new reason and on leaving it, not at each look', async () => {
    const other: Outcome = { ...waiting, code: 'POOL_SHORT' };
    const answers: Outcome[] = [waiting, waiting, waiting, other, other, end];
    const written = await run({ advance: () => Promise.resolve(answers.shift() ?? end) }, async (handle) => {
      await handle.result();
      const { events } = await handle.fetchHistory();
      return (events ?? []).map(
        (e) => e.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields,
      );
    });
    assert.equal(answers.length, 0);
    assert.equal(written.filter((fields) => fields && 'FailureCode' in fields).length, 3);
  });

  it('rule 1: an Update answers with the state after PostgreSQL was read again', async () => {
    const answers: Outcome[] = [waiting, end];
    await run({ advance: () => Promise.resolve(answers.shift() ?? end) }, async (handle) => {
      const answer = await handle.executeUpdate(apply, { args: [{ actionId: randomUUID() }] });
      assert.deepEqual(answer, { state: 'delivered' });
      await handle.result();
    });
  });

  it('rule 1: wakes carry nothing and may come in any number', async () => {
    const answers: Outcome[] = [waiting, waiting, waiting, end];
    await run({ advance: () => Promise.resolve(answers.shift() ?? end) }, async (handle) => {
      for (let i = 0; i < 20 && answers.length > 0; i++) await handle.signal(wake).catch(() => undefined);
      assert.deepEqual(await handle.result(), { state: 'delivered' });
    });
  });

  it('rule 2: a Signal of ops is written as a row before it has any effect', async () => {
    const order: string[] = [];
    const answers: Outcome[] = [waiting, end];
    await run(
      {
        advance() {
          order.push('advance');
          return Promise.resolve(answers.shift() ?? end);
        },
        recordSignal({ kind, orderNo: no }) {
          order.push(`${kind} ${no}`);
          return Promise.resolve();
        },
      },
      async (handle) => {
        await handle.executeUpdate(apply, { args: [{ actionId: randomUUID() }] }).catch(() => undefined);
        answers.unshift(end);
        await handle.signal(staffAction, { kind: 'retry' }).catch(() => undefined);
        await handle.result();
      },
    );
    assert.equal(order.filter((line) => line === 'advance').length >= 2, true);
  });

  it('rule 3: a cancel becomes a task and the order goes on', async () => {
    const answers: Outcome[] = [waiting];
    const handed: string[] = [];
    await run(
      {
        advance: () => Promise.resolve(answers.shift() ?? end),
        handOver({ code }) {
          handed.push(code);
          return Promise.resolve({ next: 'wait', state: 'attention', code, forMs: 55 * minutes });
        },
      },
      async (handle) => {
        await handle.cancel();
        assert.deepEqual(await handle.result(), { state: 'delivered' });
      },
    );
    assert.deepEqual(handed, ['CANCELLED']);
  });

  it('B5: mail that cannot be sent for a day is given up with a task; the goods were never held back', async () => {
    const given: unknown[] = [];
    let tries = 0;
    await run(
      {
        advance: () => Promise.resolve({ next: 'tell', messages: [{ id: 9, kind: 'mail' }] }),
        sendMail() {
          tries++;
          return fail(delivery, 'MAIL_SILENT');
        },
        giveUpMessage(args) {
          given.push(args);
          return Promise.resolve();
        },
      },
      (handle) => handle.result(),
    );
    assert.deepEqual(given, [{ messageId: 9, code: 'MAIL_SILENT' }], 'with the reason of the last try');
    assert.ok(tries > 100, `${tries} tries in a day`);
  });

  it('rule 8: a message that is asked for while another is being sent is sent at once, not at the next deadline', async () => {
    const sent: number[] = [];
    let handle: Handle | undefined;
    const mail = (id: number): Outcome => ({ next: 'tell', messages: [{ id, kind: 'mail' }] });
    await run(
      {
        advance: () => Promise.resolve(sent.length === 0 ? mail(1) : sent.length === 1 ? mail(2) : end),
        async sendMail({ messageId }) {
          if (messageId === 1) await handle?.signal(wake);
          sent.push(messageId);
        },
      },
      async (started) => {
        handle = started;
        await started.result();
      },
    );
    assert.deepEqual(sent, [1, 2]);
  });

  it('rule 3: a step that fails although it should not, hand-over itself included, never ends the order', async () => {
    let fixed = false;
    const said = await run(
      {
        advance: () => (fixed ? Promise.resolve(end) : Promise.reject(failure('UNEXPECTED', 'UNEXPECTED', true))),
        handOver() {
          fixed = true;
          return Promise.reject(failure('UNEXPECTED', 'UNEXPECTED', true));
        },
        recordSignal: () => Promise.reject(failure('UNEXPECTED', 'UNEXPECTED', true)),
      },
      async (handle) => {
        await handle.signal(staffAction, { kind: 'retry' });
        return handle.result();
      },
    );
    assert.deepEqual(said, { state: 'delivered' });
  });

  it('B5: a message that can be neither sent nor given up does not end the order Failed', async () => {
    const said = await run(
      {
        advance: () => Promise.resolve({ next: 'tell', messages: [{ id: 9, kind: 'mail' }] }),
        sendMail: () => Promise.reject(ApplicationFailure.nonRetryable('a defect', 'UNEXPECTED')),
        giveUpMessage: () => Promise.reject(ApplicationFailure.nonRetryable('a defect', 'UNEXPECTED')),
      },
      (handle) => handle.result(),
    );
    assert.deepEqual(said, { state: 'delivered' });
  });
});
