/**
 * Where the head of a busy pool was seen last. A key that is sold leaves a dead entry in the index of available keys until
 * vacuum may remove it, and while somebody's snapshot is open it may not: each claim then walks over all of them. A pool
 * that is claimed from often starts where the last claim of this process found its key; once a second from the beginning.
 *
 * Only where the fast try begins: what it does not find is looked for by the sure one from the beginning, so nothing is
 * called short. What came back, or came with a sooner date, in front of it is met within that second.
 */
import type { Pool } from './sql.ts';

const windowMs = 1_000;
/** Claims in a second from which on it pays. */
const busy = 50;

/** `seq` of the beginning; text, because it is beyond 2^53. */
const beginning = '0';

interface Head {
  since: number;
  claims: number;
  seq: string;
}
const heads = new WeakMap<Pool, Map<string, Head>>();

/** Where the next claim begins, and what is to be told of where it found its first key. */
export function headOf(
  pool: Pool,
  key: string,
  now = performance.now(),
): { from: string; saw(seq: string | null): void } {
  const known = heads.get(pool) ?? new Map<string, Head>();
  heads.set(pool, known);
  let head = known.get(key);
  if (!head || now - head.since > windowMs) {
    head = { since: now, claims: 0, seq: beginning };
    known.set(key, head);
  }
  const mine = head;
  const from = ++mine.claims > busy ? mine.seq : beginning;
  return {
    from,
    saw(seq) {
      if (seq !== null) mine.seq = seq;
    },
  };
}

/** The sure try begins at the beginning. */
export const fromBeginning = beginning;
