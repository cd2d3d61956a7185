/** What every adapter does the same way: one call out, and what a failure of it means for the money. */
import { OutboundError, type Outbound, type OutboundAnswer, type OutboundRequest } from '../outbound.ts';
import { SupplierTrouble, type Answer } from './supplier.ts';

/** Words of a supplier for people: short, on one line, with everything that could be a key or a number masked. */
export function masked(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/[A-Za-z0-9+/=_-]{8,}|\d{4,}/g, '…')
    .trim()
    .slice(0, 120);
}

/**
 * The one attempt of a purchase. What surely did not leave is a refusal; whatever left and was not answered with 200 is
 * unknown: a proxy's 4xx, a 5xx, a redirect, a reset.
 */
export async function attempt(outbound: Outbound, request: OutboundRequest): Promise<OutboundAnswer | Answer> {
  try {
    const answer = await outbound.request(request);
    return answer.status === 200 ? answer : { kind: 'unknown', evidence: `HTTP_${answer.status}` };
  } catch (error) {
    if (!(error instanceof OutboundError)) return { kind: 'unknown', evidence: 'BROKEN' };
    return error.sent ? { kind: 'unknown', evidence: error.code } : { kind: 'refused', reason: 'NOT_SENT' };
  }
}

/** A question: any failure is {@link SupplierTrouble}. */
export async function ask(outbound: Outbound, request: OutboundRequest): Promise<OutboundAnswer> {
  const answer = await outbound.request(request).catch((error: unknown) => {
    if (error instanceof OutboundError) throw new SupplierTrouble('SUPPLIER_SILENT');
    throw error;
  });
  if (answer.status !== 200) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
  return answer;
}

/** A JSON object, or undefined for HTML, arrays, broken or half bodies. */
export function jsonObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return asObject(parsed);
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Decimal amounts as sent: strings, or numbers whose shortest form is exact in two digits. */
export function decimal(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
}
