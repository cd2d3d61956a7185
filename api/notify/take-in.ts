/** A verified event becomes facts. Notifications and replays of them go through here; nothing else does. */
import { noteProgress } from '../../db/clearing.ts';
import { noteNotification, takePaymentIn, type ReceivedNotification } from '../../db/intake.ts';
import { expireNow, takeMoneyNoticeIn } from '../../db/refund-notices.ts';
import type { PaymentEvent, ProviderAccount } from '../../integrations/payments/provider.ts';
import type { ApiDeps } from '../deps.ts';

/** What was made of it: a word for the log and the figures. `mode_mismatch` is the one that is refused. */
export async function takeIn(
  { pool, log, temporal }: Pick<ApiDeps, 'pool' | 'log' | 'temporal'>,
  account: ProviderAccount,
  received: ReceivedNotification,
  event: PaymentEvent,
): Promise<string> {
  const { orderNo, tradeNo, amountMinor } = event;
  switch (event.meaning) {
    case 'paid': {
      const result = await takePaymentIn(pool, received, { ...event, mode: account.mode });
      if (result.decision === 'mode_mismatch') {
        log.error({ account: account.id, order: orderNo }, 'test and live are mixed: refused');
        return result.decision;
      }
      if (result.start) temporal.start(result.start);
      // What the provider says later about a payment that is here already: 已确认, or so many confirmations (A2).
      await noteProgress(pool, { accountId: account.id, ...event });
      return result.decision;
    }
    case 'partially_refunded':
    case 'refunded':
    case 'refund_trouble':
    case 'disputed': {
      const { refundNo, amountMinor: refundMinor } = event.refund ?? {};
      const { meaning } = event;
      return takeMoneyNoticeIn(pool, received, { meaning, mode: account.mode, orderNo, tradeNo, amountMinor, refundNo, refundMinor }); // prettier-ignore
    }
    case 'closed':
      await noteNotification(pool, received, 'accepted', event);
      await expireNow(pool, orderNo, account.id, account.mode);
      return 'closed';
    case 'waiting':
      await noteNotification(pool, received, 'accepted', event);
      return 'waiting';
  }
}
