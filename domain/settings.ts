/** Settings that operators change in the browser: each is brought into its limits here, whatever was stored. */

function record(raw: unknown): Record<string, unknown> {
  return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
}

/** A whole number within limits; anything else becomes the default. */
export function whole(value: unknown, fallback: number, [low, high]: readonly [number, number]): number {
  return typeof value === 'number' && Number.isFinite(value)
    ? Math.min(high, Math.max(low, Math.trunc(value)))
    : fallback;
}

/** `stock_line.headMinutes`: so long an order that wants more than there is holds up smaller ones behind it (rule 7). */
export function headMsOf(raw: unknown): number {
  return whole(record(raw)['headMinutes'], 10, [0, 1440]) * 60_000;
}

/** `exception_rules.which`: the first rule that fits speaks, or all of them do. */
export function rulesModeOf(raw: unknown): 'first' | 'all' {
  return record(raw)['which'] === 'all' ? 'all' : 'first';
}

/** True for an IANA name that this machine knows. */
export function zoneIsKnown(zone: string): boolean {
  try {
    return zone !== '' && new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `time_zone`: where "today" and "at night" are. What is no zone becomes the default. */
export function zoneOf(raw: unknown): string {
  return typeof raw === 'string' && zoneIsKnown(raw) ? raw : 'Asia/Shanghai';
}

/** `retention.noticeDays`: so long what was told to people is kept, with what the channels made of it. */
export function noticeDaysOf(raw: unknown): number {
  return whole(record(raw)['noticeDays'], 90, [30, 3_650]);
}

/**
 * `stock_warning`: below `threshold` the operator is told, once; then again every `remindHours` until restocked (D7). Keys
 * that expire within `expiryDays` are told about before; 0: never.
 */
export function stockWarningOf(raw: unknown): {
  readonly threshold: number;
  readonly remindHours: number;
  readonly expiryDays: number;
} {
  const given = record(raw);
  return {
    threshold: whole(given['threshold'], 10, [0, 1_000_000]),
    remindHours: whole(given['remindHours'], 24, [1, 720]),
    expiryDays: whole(given['expiryDays'], 7, [0, 365]),
  };
}
