/**
 * The failure rate (E3), one definition everywhere: live orders paid in a window that reached a task by a failure of
 * delivery, or missed their promise, divided by live orders paid in it.
 */

/** What buyers are promised, in seconds from the payment (or from 已确认, where the trigger waits for it). */
export const promiseSeconds = 60;

/** Below so many orders a rate says nothing, and no alarm rings. */
export const alarmFloor = 20;

/**
 * Tasks that are no failure of delivery: money that came wrong, a person's or the operator's decision, mail and webhook
 * after the goods already show. A regular expression, because SQL reads it too.
 */
export const noFailure = '^(PAYMENT_|MAIL_|WEBHOOK_|CASE_|EXCEPTION_RULE|HANDED_OVER|SIGNAL_REQUEST|AUTO_DELIVERY_OFF|WAITING_CONFIRMATION|STOCK_LOW|KEYS_EXPIRING)'; // prettier-ignore

/** Parts per ten thousand, so that it stays an integer: 2 % = 200. Undefined without orders. */
export function failureRate(failed: number, paid: number): number | undefined {
  return paid === 0 ? undefined : Math.round((failed * 10_000) / paid);
}
