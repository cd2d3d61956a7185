/** Typed fetch over the route table. */
import type { Input, Method, Output, PathOf, RouteOf } from './routes.ts';

interface ErrorText {
  readonly cause: string;
  readonly next: string;
}

/** An error of the catalogue, as the server said it, or what went wrong on the way there. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly zh: ErrorText;
  readonly en: ErrorText;
  readonly detail: unknown;
  readonly requestId: string | undefined;
  constructor(status: number, body: Partial<Pick<ApiError, 'code' | 'zh' | 'en' | 'detail' | 'requestId'>>) {
    super(body.code ?? 'NETWORK');
    this.status = status;
    this.code = body.code ?? 'NETWORK';
    this.zh = body.zh ?? { cause: '无法连接服务器', next: '请检查网络，稍后会自动重试' };
    this.en = body.en ?? { cause: 'The server cannot be reached', next: 'Check the network; it is tried again' };
    this.detail = body.detail;
    this.requestId = body.requestId;
  }
}

/** The path with its parameters filled in, and the query. */
export function urlOf(path: string, params: object = {}, query: object = {}): string {
  const values = params as Record<string, unknown>;
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(values[name])));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query) as [string, unknown][]) {
    if (value === undefined || value === null || value === '') continue;
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) search.append(key, String(one));
  }
  const text = search.toString();
  return text ? `${filled}?${text}` : filled;
}

/** Called when the server no longer knows us. */
let signedOut: () => void = () => undefined;
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

interface Sent {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Record<string, string>;
}

/** A request whose types the caller knows. */
export async function send(method: string, path: string, input: Sent): Promise<unknown> {
  const { params, query, body, signal, headers } = input;
  let response: Response;
  try {
    response = await fetch(urlOf(path, params, query), {
      method: method.toUpperCase(),
      credentials: 'same-origin',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, {});
  }
  const data = (await response.json().catch(() => ({}))) as { error?: Partial<ApiError> };
  if (response.ok) return data;
  const error = new ApiError(response.status, data.error ?? {});
  if (error.code === 'UNAUTHENTICATED') signedOut();
  throw error;
}

export async function ask<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  input: Input<RouteOf<M, P>> & { readonly signal?: AbortSignal; readonly headers?: Record<string, string> } = {},
): Promise<Output<RouteOf<M, P>>> {
  return (await send(method, path, input)) as Output<RouteOf<M, P>>;
}
