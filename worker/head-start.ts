/**
 * The first look at an order begins with the start of its story instead of after it: rows decide, so the claim need not
 * wait for Temporal's answer, and the goods show while the story is being made (measured: 10 ms of the way, and the whole
 * of it while Temporal is silent). The story's first step runs in this same process (eager start) and takes the answer;
 * any other step looks for itself, as ever: a step may run twice at once (rule 4).
 */
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { advance } from '../activities/advance.ts';
import { confirmPayment } from '../activities/confirm.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import type { Outcome } from '../activities/outcome.ts';

export interface HeadStart {
  /** Returns at once. When too many are under way the order is left to its story. */
  begin(orderId: number): void;
  /** The answer of a look that was begun; undefined if there is none, or none to rely on: then the step looks itself. */
  take(orderId: number): Promise<Outcome | undefined>;
}

/** Looks under way: the other connections of the pool belong to notifications. */
const atOnce = 4;
/** An answer older than this says nothing any more. */
const freshMs = 2_000;

/**
 * How long a first step waits for the provider's word, well below its own limit. After that the story asks by itself, as a
 * step that ops can see, with the retries of the order.
 */
const confirmWaitMs = 1_000;

/** What stays true whatever happens meanwhile: goods that show, a story that is over, money to ask the provider about. */
const lasting: readonly Outcome['next'][] = ['tell', 'end', 'confirm'];

export function createHeadStart(deps: ActivityDeps, log: Logger): HeadStart {
  const looks = new Map<number, Promise<Outcome | undefined>>();
  let underWay = 0;

  /** Asks the provider at once where the money is to be confirmed first; an answer that is no yes is for the story to see. */
  const confirmed = async (orderId: number): Promise<Outcome | undefined> => {
    try {
      return await deps.keyring.knowing(() => confirmPayment(deps, orderId));
    } catch (error) {
      log.info({ orderId, err: error }, 'not confirmed at once; the story asks');
      return undefined;
    }
  };

  const look = async (orderId: number): Promise<Outcome | undefined> => {
    underWay++;
    let asking: Promise<Outcome | undefined> | undefined;
    try {
      const outcome = await deps.keyring.knowing(() => advance(deps, orderId));
      if (outcome.next !== 'confirm') return lasting.includes(outcome.next) ? outcome : undefined;
      asking = confirmed(orderId);
      const answer = await Promise.race([asking, setTimeout(confirmWaitMs, undefined, { ref: false })]);
      if (!answer) return outcome;
      return lasting.includes(answer.next) ? answer : undefined;
    } catch (error) {
      log.info({ orderId, err: error }, 'no head start; the story looks itself');
      return undefined;
    } finally {
      // A provider that is asked still counts: a silent one does not gather questions.
      void Promise.resolve(asking).then(() => underWay--);
      globalThis.setTimeout(() => looks.delete(orderId), freshMs).unref();
    }
  };

  return {
    begin(orderId) {
      if (underWay < atOnce) looks.set(orderId, look(orderId));
    },
    async take(orderId) {
      const found = looks.get(orderId);
      looks.delete(orderId);
      return found;
    },
  };
}
