/**
 * PostgreSQL is where messages to people are kept, so while it is away they hear of it straight from here: by the channels
 * that were known before. When it is back, one notice says for how long it was gone.
 */
import { enabledChannels, type StoredChannel } from '../../db/channels.ts';
import { noteOutage } from '../../db/outage.ts';
import { channels } from '../../integrations/channels/registry.ts';
import { messageOf, type NoticeWords } from '../../integrations/channels/message.ts';
import { openChannel } from '../../integrations/channels/stored.ts';
import type { Metrics } from '../../integrations/metrics.ts';
import type { PeopleDeps } from './people.ts';

/** A restart of the server is no news. */
const patienceMs = 60_000;

export interface DatabaseWatch {
  turn(): Promise<void>;
}

export function createDatabaseWatch(
  deps: PeopleDeps,
  metrics: Pick<Metrics, 'databaseUp'>,
  now: () => number = Date.now,
): DatabaseWatch {
  let known: readonly StoredChannel[] = [];
  let goneAt: number | undefined;
  let told = false;

  const answers = async (): Promise<boolean> => {
    try {
      known = await enabledChannels(deps.pool);
      return true;
    } catch {
      return false;
    }
  };

  return {
    async turn() {
      const up = await answers();
      metrics.databaseUp.set(up ? 1 : 0);
      if (!up) {
        goneAt ??= now();
        if (told || now() - goneAt < patienceMs) return;
        told = true;
        deps.log.error('the database does not answer; people are told by the channels known before');
        await Promise.all(known.map((one) => send(deps, one)));
        return;
      }
      if (goneAt === undefined) return;
      const seconds = Math.round((now() - goneAt) / 1000);
      if (told) await noteOutage(deps.pool, seconds);
      goneAt = undefined;
      told = false;
    },
  };
}

async function send(deps: PeopleDeps, stored: StoredChannel): Promise<void> {
  const words: NoticeWords = { kind: 'incident', code: 'DATABASE_TROUBLE', orderNo: null, sku: null, productName: null, mode: null, detail: {} }; // prettier-ignore
  try {
    const tools = { outbound: deps.outbound, mailer: deps.mailer, now: new Date() };
    const id = `database_${new Date().toISOString().slice(0, 16)}_${stored.id}`;
    await channels.get(stored.kind)?.send(openChannel(deps.keyring, stored), messageOf(words, deps.publicUrl), id, tools); // prettier-ignore
  } catch (error) {
    deps.log.warn({ channel: stored.id, err: error }, 'a channel did not take the word that the database is away');
  }
}
