/** What people must hear: trouble becomes incidents and climbs the ladder; buyers who wait learn that it takes longer. */
import type { Logger } from 'pino';
import type { ActivityDeps } from '../../activities/deps.ts';
import { finishBuyerNotice, takeBuyerNotices } from '../../db/buyer-notices.ts';
import { warnAboutExpiry } from '../../db/expiry-warnings.ts';
import { tellIncidents } from '../../db/incidents.ts';
import { climbLadder } from '../../db/ladder.ts';
import { readSetting } from '../../db/settings.ts';
import { warnAboutStock } from '../../db/stock-warnings.ts';
import { parseLadder } from '../../domain/ladder.ts';
import { stockWarningOf } from '../../domain/settings.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { MailError } from '../../integrations/mail.ts';
import { troubleMail } from '../../integrations/trouble-mail.ts';

export type PeopleDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'mailer' | 'outbound' | 'publicUrl' | 'log'>;

/** Tasks become incidents and notices. True if there may be more. */
export async function tellPeople({ pool }: PeopleDeps): Promise<boolean> {
  const ladder = parseLadder(await readSetting(pool, 'escalation'));
  const more = await tellIncidents(pool, ladder.remindMinutes);
  return (await climbLadder(pool, ladder)) || more;
}

export async function warnStock({ pool }: PeopleDeps): Promise<void> {
  const setting = stockWarningOf(await readSetting(pool, 'stock_warning'));
  await warnAboutStock(pool, setting);
  await warnAboutExpiry(pool, setting.expiryDays);
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
