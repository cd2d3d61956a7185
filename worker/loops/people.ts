/** What people must hear: trouble becomes incidents, climbs the ladder, and goes out on the channels. */
import type { Logger } from 'pino';
import type { ActivityDeps } from '../../activities/deps.ts';
import { finishBuyerNotice, takeBuyerNotices } from '../../db/buyer-notices.ts';
import { busyChannels, dispatchesBack, dispatchFailed, dispatchSent, takeDispatches, type Dispatch, type StoredChannel } from '../../db/channels.ts'; // prettier-ignore
import { tellIncidents } from '../../db/incidents.ts';
import { climbLadder } from '../../db/ladder.ts';
import { readSetting } from '../../db/settings.ts';
import { warnAboutStock } from '../../db/stock-warnings.ts';
import { parseLadder } from '../../domain/ladder.ts';
import { stockWarningOf } from '../../domain/settings.ts';
import { ChannelError, type Channel } from '../../integrations/channels/channel.ts';
import { messageOf } from '../../integrations/channels/message.ts';
import { channels } from '../../integrations/channels/registry.ts';
import { contactAad, secretAad } from '../../integrations/keyring/keyring.ts';
import { MailError } from '../../integrations/mail.ts';
import { troubleMail } from '../../integrations/trouble-mail.ts';

type PeopleDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'mailer' | 'outbound' | 'publicUrl' | 'log'>;

/** Tasks become incidents and notices. True if there may be more. */
export async function tellPeople({ pool }: PeopleDeps): Promise<boolean> {
  const ladder = parseLadder(await readSetting(pool, 'escalation'));
  const more = await tellIncidents(pool, ladder.remindMinutes);
  return (await climbLadder(pool, ladder)) || more;
}

export async function warnStock({ pool }: PeopleDeps): Promise<void> {
  await warnAboutStock(pool, stockWarningOf(await readSetting(pool, 'stock_warning')));
}

/** Ten tries over about a day: a channel that is mended within it loses nothing. */
const tries = 10;

/** Seconds until the next try of a dispatch, or null: given up. */
export function pauseAfter(attempts: number): number | null {
  return attempts >= tries ? null : Math.min(15 * 3 ** (attempts - 1), 4 * 3600);
}

/** Sends what is due. Channels do not wait for each other, and no order waits for any of them. */
export async function sendNotices(deps: PeopleDeps): Promise<boolean> {
  const stored = await busyChannels(deps.pool);
  const results = await Promise.all(
    stored.map(async (one) => {
      const channel = channels.get(one.kind);
      if (!channel) return false;
      const due = await takeDispatches(deps.pool, one.id, channel.perMinute);
      for (const [at, dispatch] of due.entries()) {
        if (await send(deps, one, channel, dispatch)) continue;
        // A channel that hangs costs one wait, not one for each of its messages: the others have their next turn soon.
        await dispatchesBack(deps.pool, due.slice(at + 1).map((rest) => rest.id)); // prettier-ignore
        break;
      }
      return due.length > 0;
    }),
  );
  return results.some(Boolean);
}

async function send(deps: PeopleDeps, stored: StoredChannel, channel: Channel, dispatch: Dispatch): Promise<boolean> {
  const { pool, keyring, outbound, mailer, publicUrl, log } = deps;
  try {
    const config = JSON.parse(keyring.open('secret', stored.config, secretAad('channels', stored.id)).toString('utf8')) as Record<string, string>; // prettier-ignore
    const tools = { outbound, mailer, now: new Date() };
    await channel.send(config, messageOf(dispatch, publicUrl), `notice_${dispatch.noticeId}_${stored.id}`, tools);
    await dispatchSent(pool, dispatch.id, stored.id);
    return true;
  } catch (error) {
    const reason = error instanceof ChannelError ? error.reason : error instanceof Error ? error.name : 'unknown';
    await dispatchFailed(pool, dispatch.id, stored.id, reason, pauseAfter(dispatch.attempts));
    log.warn({ channel: stored.id, kind: stored.kind, attempt: dispatch.attempts, reason }, 'a channel did not take a message'); // prettier-ignore
    return false;
  }
}

/** Mail to buyers whose order takes longer. True if there may be more. */
export async function tellBuyers(deps: PeopleDeps & { readonly log: Logger }): Promise<boolean> {
  const { pool, keyring, mailer, publicUrl, log } = deps;
  const due = await takeBuyerNotices(pool, 20);
  for (const notice of due) {
    const aad = contactAad(notice.orderNo);
    const { orderNo, locale, productName } = notice;
    try {
      await mailer.send({
        to: keyring.open('contact', notice.contact, aad).toString('utf8'),
        ...troubleMail({ locale, orderNo, productName, test: notice.mode === 'test', pickupUrl: `${publicUrl}/pickup#${keyring.open('contact', notice.token, aad).toString('utf8')}` }), // prettier-ignore
        messageId: `<wait-${orderNo}-${notice.id}@${new URL(publicUrl).hostname}>`,
        date: notice.createdAt,
      });
      await finishBuyerNotice(pool, notice.id, 'sent');
    } catch (error) {
      // One that cannot be told keeps nobody else waiting.
      if (error instanceof MailError && error.permanent) await finishBuyerNotice(pool, notice.id, 'failed');
      log.warn({ order: orderNo, err: error }, 'a buyer was not told yet');
    }
  }
  return due.length === 20;
}
