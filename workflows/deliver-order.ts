/**
 * The story of one paid order. PostgreSQL decides (`advance` reads it and does what can be done); this only drives,
 * waits and shows people where the order stands. It never ends Failed: what it cannot handle becomes a task.
 */
import * as wf from '@temporalio/workflow';
import { isErrorCode, type ErrorCode } from '../domain/errors.ts';
import { infrastructureTrouble } from '../domain/failure-types.ts';
import type { OrderState } from '../domain/order.ts';
import { defaultDeliveryPolicy, type DeliveryPolicy } from '../domain/policy.ts';
import type { Activities } from '../activities/index.ts';
import type { Outcome } from '../activities/outcome.ts';
import { apply, orderState, staffAction, wake, type DeliverOrderInput } from './messages.ts';
import { deliveryRetries, purchaseRetries, infrastructure, localTry, messages as messagePolicy } from './policies.ts';
import { labelOf, showRetries, showTrouble, type Shown } from './shown.ts';

const local = wf.proxyLocalActivities<Pick<Activities, 'advance'>>(localTry);
const steady =
  wf.proxyActivities<Pick<Activities, 'advance' | 'handOver' | 'recordSignal' | 'giveUpMessage'>>(infrastructure);
const tell = wf.proxyActivities<Pick<Activities, 'sendMail' | 'sendWebhook'>>(messagePolicy);

export async function deliverOrder({ orderId, orderNo }: DeliverOrderInput): Promise<{ state: OrderState }> {
  let state: OrderState = 'paid';
  let asked = 0; // wakes so far
  let served = 0; // wakes that the last look at PostgreSQL covers
  let over = false;
  let shown: Shown | undefined; // what people saw last of its trouble
  let cancelled = false;
  const signals: { kind: string; note: string; source?: string }[] = [];

  wf.setHandler(
    wake,
    () => {
      asked++;
    },
    { description: 'Something changed in PostgreSQL: read it again' },
  );
  wf.setHandler(
    staffAction,
    (signal: { kind?: unknown; note?: unknown; source?: unknown } | undefined) => {
      // By hand, so anything may come; a handler that throws would stop the order.
      const { kind, note, source } = signal ?? {};
      signals.push({ kind: text(kind), note: text(note), ...(typeof source === 'string' && { source }) });
      asked++;
    },
    {
      description:
        'By ops: {"kind":"retry"|"deliver_from_pool"|"choose_source"|"hand_over","note":"why","source":"pool"}; what needs a signed-in person opens a task instead',
    },
  );
  wf.setHandler(
    apply,
    async () => {
      const mine = ++asked;
      await wf.condition(() => served >= mine || over);
      return { state };
    },
    {
      description: 'A staff action was recorded: answer once the order has been read again',
      // Synchronous, or it would let everything through. What the action may do was decided with its row.
      validator: (action: { actionId?: unknown } | undefined) => {
        if (!/^[0-9a-f-]{36}$/.test(text(action?.actionId)))
          throw wf.ApplicationFailure.nonRetryable(
            'apply takes {"actionId": "<uuid of order_actions>"}',
            'BAD_REQUEST',
          );
      },
    },
  );
  wf.setHandler(orderState, () => state);

  /** A wake says that the facts have changed: a step that waits for its next try is called off. */
  const unlessWoken = <T>(step: () => Promise<T>): Promise<T> => {
    const before = asked;
    return unless(() => asked > before, step);
  };

  /**
   * One look at PostgreSQL. A fast local try first, then an ordinary activity, so that ops see attempts and reason;
   * what is not the infrastructure's fault gets the retries of a failed delivery.
   */
  const advance = async (): Promise<Outcome> => {
    try {
      return await local.advance({ orderId });
    } catch {
      try {
        return await steady.advance.executeWithOptions({ summary: `发货 ${orderNo}` }, [{ orderId }]);
      } catch {
        const retry = defaultDeliveryPolicy;
        const { advance: again } = delivering(retry);
        return await unlessWoken(() =>
          again.executeWithOptions({ summary: `重试发货 ${orderNo}` }, [{ orderId, retry }]),
        );
      }
    }
  };

  /** What still fails after its retries is handed to people, with the reason. What was lost comes again. */
  const withRetries = async (step: () => Promise<Outcome>): Promise<Outcome | undefined> => {
    const before = asked;
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (asked > before) return undefined;
        if (!wasLost(error)) {
          return steady.handOver.executeWithOptions({ summary: `转人工 ${orderNo}` }, [
            { orderId, code: codeOf(error) },
          ]);
        }
        await wf.condition(() => asked > before, lostPause, { summary: '等待系统恢复后重试' });
      }
    }
  };

  const next = async (): Promise<Outcome | undefined> => {
    for (const signal of signals.splice(0)) {
      // One that cannot be kept does not end the story of an order that is paid.
      await steady.recordSignal({ orderNo, ...signal, id: wf.uuid4() }).catch(goOn);
    }
    if (cancelled) {
      cancelled = false;
      return steady.handOver({ orderId, code: 'CANCELLED' });
    }
    const outcome = await withRetries(advance);
    if (outcome?.next !== 'confirm' && outcome?.next !== 'purchase') return outcome;
    const retry = outcome.policy;
    showRetries(retry);
    const { confirmPayment } = delivering(retry);
    const { purchase } = wf.proxyActivities<Pick<Activities, 'purchase'>>(purchaseRetries(retry));
    return withRetries(() =>
      unlessWoken(() =>
        outcome.next === 'confirm'
          ? confirmPayment.executeWithOptions({ summary: `确认收款 ${orderNo}` }, [{ orderId, retry }])
          : purchase.executeWithOptions({ summary: `采购 ${orderNo} · ${outcome.source}` }, [
              { orderId, source: outcome.source, retry },
            ]),
      ),
    );
  };

  const story = async (): Promise<void> => {
    for (;;) {
      const covers = asked;
      const outcome = await next().catch(goOn);
      if (outcome === stuck) {
        await wf.condition(() => asked > covers, stuckPause, { summary: '出现意外，稍后再看' });
        continue;
      }
      served = covers;
      // Something changed meanwhile, or a step says what comes next: look again.
      if (outcome === undefined || outcome.next === 'confirm' || outcome.next === 'purchase') continue;
      if (outcome.next === 'wait') {
        state = outcome.state;
        showTrouble(outcome, shown);
        shown = outcome;
        if (asked === served && wf.workflowInfo().continueAsNewSuggested && wf.allHandlersFinished())
          await wf.continueAsNew<typeof deliverOrder>({ orderId, orderNo });
        await wf.condition(() => asked > served, outcome.forMs, {
          summary: labelOf(outcome),
        });
        continue;
      }
      state = outcome.next === 'tell' ? 'delivered' : outcome.state;
      over = true;
      if (shown) showTrouble((shown = { state, code: null }));
      else wf.setCurrentDetails('');
      if (outcome.next === 'tell') await Promise.all(outcome.messages.map(tellPeople));
      // What was woken meanwhile may be one more message to send.
      if (asked === served) return;
    }
  };

  // A paid order is not cancelled away: a cancel becomes a task, and the story goes on.
  wf.CancellationScope.current().cancelRequested.catch(() => {
    cancelled = true;
    asked++;
  });
  await wf.CancellationScope.nonCancellable(async () => {
    await story();
    await wf.condition(wf.allHandlersFinished);
  });
  return { state };
}

const delivering = (policy: DeliveryPolicy): Delivering => wf.proxyActivities<Steps>(deliveryRetries(policy));
type Steps = Pick<Activities, 'advance' | 'confirmPayment'>;
type Delivering = ReturnType<typeof wf.proxyActivities<Steps>>;

async function tellPeople(message: { id: number; kind: 'mail' | 'webhook' }): Promise<void> {
  const messageId = message.id;
  try {
    if (message.kind === 'mail') await tell.sendMail.executeWithOptions({ summary: '邮件给买家' }, [{ messageId }]);
    else await tell.sendWebhook.executeWithOptions({ summary: '回调店铺' }, [{ messageId }]);
  } catch (error) {
    // The scope is not cancellable: this is a day of failures, never a cancel.
    await steady.giveUpMessage({ messageId, code: codeOf(error) }).catch(goOn);
  }
}

const stuck = Symbol('stuck');
/** Until an order is looked at again that not even people could be given: a new release may be what it takes. */
const stuckPause = '10 minutes';

/** The story never ends Failed: what nobody foresaw is logged, and reconcile and people still have the row. */
function goOn(error: unknown): typeof stuck {
  if (!(error instanceof wf.ActivityFailure)) throw error;
  wf.log.error('a step failed that should not', { code: codeOf(error) });
  return stuck;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Runs a step, and calls it off as soon as `changed`. */
async function unless<T>(changed: () => boolean, step: () => Promise<T>): Promise<T> {
  let ended = false;
  const scope = new wf.CancellationScope({ cancellable: true });
  void wf
    .condition(() => ended || changed())
    .then(() => {
      if (!ended) scope.cancel();
    });
  try {
    return await scope.run(step);
  } finally {
    ended = true;
  }
}

/** The pause before a step comes again that was lost all the times it may be tried. */
const lostPause = '10 seconds';

/** True if the last try ended with its worker, or for the infrastructure's sake: that says nothing about the delivery. */
function wasLost(error: unknown): boolean {
  const cause = error instanceof wf.ActivityFailure ? error.cause : undefined;
  if (cause instanceof wf.TimeoutFailure) return cause.timeoutType === 'HEARTBEAT';
  return cause instanceof wf.ApplicationFailure && cause.type === infrastructureTrouble;
}

/** The code of a failed step: what it said itself, or its last try before the time was over, else UNEXPECTED. */
function codeOf(error: unknown): ErrorCode {
  const last = error instanceof wf.ActivityFailure ? error.cause : undefined;
  const cause = last instanceof wf.TimeoutFailure ? last.cause : last;
  const code: unknown = cause instanceof wf.ApplicationFailure ? cause.details?.[0] : undefined;
  return isErrorCode(code) ? code : 'UNEXPECTED';
}
