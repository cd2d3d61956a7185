/**
 * The first look at an order begins with the start of its story instead of after it: rows decide, so the claim need not
 * wait for Temporal's answer, and the goods show while the story is being made (measured: 10 ms of the way, and the whole
 * of it while Temporal is silent). The story's first step runs in this same process (eager start) and takes the answer;
 * any other step looks for itself, as ever: a step may run twice at once (rule 4).
 */
import type { Logger } from 'pino';
import { advance } from '../activities/advance.ts';
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

/** What stays true whatever happens meanwhile: goods that show, a story that is over, money to ask the provider about. */
const lasting: readonly Outcome['next'][] = ['tell', 'end', 'confirm'];

export function createHeadStart(deps: ActivityDeps, log: Logger): HeadStart {
  const looks = new Map<number, Promise<Outcome | undefined>>();
  let underWay = 0;

  const look = async (orderId: number): Promise<Outcome | undefined> => {
    underWay++;
    try {
      const outcome = await deps.keyring.knowing(() => advance(deps, orderId));
      return lasting.includes(outcome.next) ? outcome : undefined;
    } catch (error) {
      log.info({ orderId, err: error }, 'no head start; the story looks itself');
      return undefined;
    } finally {
      underWay--;
      setTimeout(() => looks.delete(orderId), freshMs).unref();
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
