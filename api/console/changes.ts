/** One look per second at what changed, for all streams of this process; none while nobody listens. */
import type { Logger } from 'pino';
import { changesSince, newestChange, type Change } from '../../db/changes.ts';
import type { Pool } from '../../db/sql.ts';
import { Place, placeWindow } from './place.ts';

const everyMs = 1_000;
/** Rows per look. */
const atOnce = 2_000;
/** Who missed more reads everything again instead. */
const mostMissed = 1_000;
/** Rows per event, so that each names all of its orders. */
const perEvent = 50;

/** `place` is where a reader stands who has read this. `lost`: more was missed than is told. */
export type Tell = (changes: readonly Change[] | 'lost', place: string) => void;

export interface Changes {
  /**
   * Tells each change once, from `last` on (a place that was told before, by any process), else from now on. Resolves with
   * the place where it begins and the end of following, after what was missed has been told.
   */
  follow(last: string | undefined, tell: Tell): Promise<{ readonly place: string; readonly end: () => void }>;
}

interface Follower {
  readonly place: Place;
  readonly tell: Tell;
}

export function createChanges(pool: Pool, log: Logger): Changes {
  const followers = new Set<Follower>();
  let timer: NodeJS.Timeout | undefined;

  const pass = ({ place, tell }: Follower, rows: readonly Change[]): void => {
    const fresh = rows.filter((row) => row.id > place.settled);
    for (let i = 0; i < fresh.length; i += perEvent) {
      const unread = fresh.slice(i, i + perEvent).filter((row) => place.take(row.id));
      if (unread.length > 0) tell(unread, String(place));
    }
  };
  const look = async (): Promise<void> => {
    // Who comes while we look may stand below where this look begins: theirs is the next.
    const present = [...followers];
    const from = Math.min(...present.map(({ place }) => place.settled));
    const rows = await changesSince(pool, from, atOnce);
    for (const follower of present) pass(follower, rows);
  };
  const again = (): void => {
    timer = setTimeout(() => {
      look()
        .catch((error: unknown) => log.warn({ err: error }, 'the stream of changes cannot look'))
        .finally(() => {
          if (followers.size > 0) again();
          else timer = undefined;
        });
    }, everyMs);
    timer.unref();
  };
  const here = async (): Promise<Place> => {
    const newest = await newestChange(pool);
    return Place.after((await changesSince(pool, newest - placeWindow, placeWindow)).map((row) => row.id));
  };

  return {
    async follow(last, tell) {
      const known = last === undefined ? undefined : Place.parse(last);
      const now = await here();
      let place = now;
      // A place that this database has not come to yet is of another one.
      if (known && known.newest <= now.newest) {
        const rows = await changesSince(pool, known.settled, mostMissed + placeWindow);
        if (rows.length < mostMissed + placeWindow) pass({ place: (place = known), tell }, rows);
        else tell('lost', String(place));
      } else if (last !== undefined) {
        tell('lost', String(place));
      }
      const follower = { place, tell };
      followers.add(follower);
      if (timer === undefined) again();
      return { place: String(place), end: () => void followers.delete(follower) };
    },
  };
}
