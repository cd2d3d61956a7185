/** Carries notices outside on the channels. No channel waits for another, and no order for any of them. */
import { busyChannels, dispatchesBack, dispatchFailed, dispatchSent, shutChannel, takeDispatches, type Dispatch, type StoredChannel } from '../../db/channels.ts'; // prettier-ignore
import { ChannelError, type Channel } from '../../integrations/channels/channel.ts';
import { messageOf } from '../../integrations/channels/message.ts';
import { channels } from '../../integrations/channels/registry.ts';
import { openChannel } from '../../integrations/channels/stored.ts';
import type { PeopleDeps } from './people.ts';

/** Ten tries over about a day: a channel that is mended within it loses nothing. */
const tries = 10;
/** Dispatches are taken for a minute; what was not begun by then is left to whoever takes it next. */
const leaseMs = 45_000;

/** Seconds until the next try of a dispatch, or null: given up. */
export function pauseAfter(attempts: number): number | null {
  return attempts >= tries ? null : Math.min(15 * 3 ** (attempts - 1), 4 * 3600);
}

export interface NoticeSender {
  /** Begins what is due on each channel that is not still busy; does not wait for it. */
  turn(): Promise<void>;
  /** Waits for what is under way. */
  idle(): Promise<void>;
}

export function createNoticeSender(deps: PeopleDeps): NoticeSender {
  const underWay = new Map<number, Promise<void>>();
  return {
    async turn() {
      for (const stored of await busyChannels(deps.pool)) {
        if (underWay.has(stored.id)) continue;
        const work = sendOn(deps, stored)
          .catch((error: unknown) =>
            deps.log.warn({ channel: stored.id, err: error }, 'a channel was not served; its next turn comes'),
          ) // prettier-ignore
          .finally(() => underWay.delete(stored.id));
        underWay.set(stored.id, work);
      }
    },
    async idle() {
      await Promise.all(underWay.values());
    },
  };
}

/** What is due on one channel, within its rate. */
async function sendOn(deps: PeopleDeps, stored: StoredChannel): Promise<void> {
  const channel = channels.get(stored.kind);
  if (!channel) return;
  const began = Date.now();
  const due = await takeDispatches(deps.pool, stored.id, channel.perMinute);
  for (const [at, dispatch] of due.entries()) {
    const late = Date.now() - began > leaseMs;
    if (!late && (await send(deps, stored, channel, dispatch))) continue;
    // A channel that hangs costs one wait, not one for each of its messages.
    await dispatchesBack(deps.pool, due.slice(late ? at : at + 1).map(({ id }) => id)); // prettier-ignore
    return;
  }
}

/** True if the channel took it. Who dies before our row is written sends it again under the same id. */
async function send(deps: PeopleDeps, stored: StoredChannel, channel: Channel, dispatch: Dispatch): Promise<boolean> {
  const { pool, keyring, outbound, mailer, publicUrl, log } = deps;
  try {
    const tools = { outbound, mailer, now: new Date() };
    await channel.send(
      openChannel(keyring, stored),
      messageOf(dispatch, publicUrl),
      `notice_${dispatch.noticeId}_${stored.id}`,
      tools,
    );
  } catch (error) {
    const reason = error instanceof ChannelError ? error.reason : error instanceof Error ? error.name : 'unknown';
    await dispatchFailed(pool, dispatch.id, stored.id, reason, pauseAfter(dispatch.attempts));
    if (error instanceof ChannelError && error.pauseSeconds > 0) await shutChannel(pool, stored.id, error.pauseSeconds);
    log.warn({ channel: stored.id, kind: stored.kind, attempt: dispatch.attempts, reason }, 'a channel did not take a message'); // prettier-ignore
    return false;
  }
  await dispatchSent(pool, dispatch.id, stored.id);
  return true;
}
