/** Asking a gateway: what is not a clear answer is {@link QueryUnknown}, and no error text holds a URL or a body. */
import type { Outbound, OutboundAnswer, OutboundRequest } from '../outbound.ts';
import { QueryUnknown } from './provider.ts';

/** Sends; a gateway that is silent, gone or answers 5xx is `GATEWAY_SILENT`. */
export async function ask(outbound: Outbound, request: OutboundRequest): Promise<OutboundAnswer> {
  const answer = await outbound.request(request).catch((error: unknown) => {
    throw new QueryUnknown(
      'GATEWAY_SILENT',
      error instanceof Error && 'code' in error ? String(error.code) : undefined,
    );
  });
  if (answer.status >= 500 || answer.status === 429) throw new QueryUnknown('GATEWAY_SILENT', `HTTP ${answer.status}`);
  return answer;
}

/** A form POST. */
export function askForm(
  outbound: Outbound,
  url: string,
  params: Iterable<readonly [string, string]>,
  headers: Readonly<Record<string, string>> = {},
): Promise<OutboundAnswer> {
  return ask(outbound, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
    body: new URLSearchParams(Object.fromEntries(params)).toString(),
  });
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object of an answer; anything else is no answer. */
export function jsonOf(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new QueryUnknown('GATEWAY_BAD_ANSWER');
  }
  if (!isObject(value)) throw new QueryUnknown('GATEWAY_BAD_ANSWER');
  return value;
}

/** A field as text: gateways send numbers as numbers or as strings. '' if absent. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A provider's error code as it may be shown: short, plain characters. */
export function codeText(value: string): string {
  return value.replace(/[^\w.:-]/g, '').slice(0, 64) || 'UNKNOWN';
}

export const ack = (body: string, status = 200, contentType = 'text/plain') => ({ status, contentType, body }) as const;
