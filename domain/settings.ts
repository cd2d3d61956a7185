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
