/**
 * The failure rate (E3), one definition everywhere: live orders paid in a window that reached a task by a failure of
 * delivery, or missed their promise, divided by live orders paid in it.
 */
import { whole } from './settings.ts';

/**
 * What buyers are promised, in seconds from the payment (or from 已确认, where the trigger waits for it). Goods that are
 * bought or made by hand may have a promise of their own, which each order keeps.
 */
export const promiseSeconds = 60;

/** `alarm`: rings when more than `rate` parts per ten thousand failed of at least `floor` orders paid in the window. */
export interface FailureAlarm {
  /** 200 = 2 %. */
  readonly rate: number;
  readonly windowMinutes: number;
  /** Below so many orders a rate says nothing, and no alarm rings. */
  readonly floor: number;
}

export function failureAlarmOf(raw: unknown): FailureAlarm {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  return {
    rate: whole(given['rate'], 200, [1, 10_000]),
    windowMinutes: whole(given['windowMinutes'], 60, [5, 1440]),
    floor: whole(given['floor'], 20, [1, 10_000]),
  };
}

export interface Judged {
  readonly paid: number;
  readonly failed: number;
}

/** True if the alarm rings of such a window. */
export function rings(alarm: FailureAlarm, { paid, failed }: Judged): boolean {
  return paid >= alarm.floor && (failureRate(failed, paid) ?? 0) > alarm.rate;
}

/**
 * Tasks that are no failure of delivery: money that came wrong, a person's or the operator's decision, mail and webhook
 * after the goods already show. A regular expression, because SQL reads it too.
 */
export const noFailure = '^(PAYMENT_|MAIL_|WEBHOOK_|CASE_|EXCEPTION_RULE|HANDED_OVER|SIGNAL_REQUEST|AUTO_DELIVERY_OFF|WAITING_CONFIRMATION|STOCK_LOW|KEYS_EXPIRING|FAILURE_RATE)'; // prettier-ignore

/** Parts per ten thousand, so that it stays an integer: 2 % = 200. Undefined without orders. */
export function failureRate(failed: number, paid: number): number | undefined {
  return paid === 0 ? undefined : Math.round((failed * 10_000) / paid);
}
