/**
 * Routes are data: the same table validates requests, makes the OpenAPI document and types the client. This folder
 * imports nothing but zod and the domain, so that browsers may import its types.
 */
import { z } from 'zod';
import type { ErrorCode } from '../../domain/errors.ts';

export const scopes = ['orders', 'catalog'] as const;
export type Scope = (typeof scopes)[number];

export interface Route<
  Params extends z.ZodType = z.ZodType,
  Headers extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post';
  /** Express form, `/api/v1/orders/:no`. */
  readonly path: string;
  readonly summary: { readonly zh: string; readonly en: string };
  /** A shop's API key with this scope, or the ops token. */
  readonly auth: Scope | 'ops';
  readonly params: Params;
  readonly headers: Headers;
  readonly body: Body;
  readonly status: number;
  readonly response: Response;
  readonly errors: readonly ErrorCode[];
}

const nothing = z.object({});
type Nothing = typeof nothing;

/** Fills in what a route leaves out. */
export function route<
  Params extends z.ZodType = Nothing,
  Headers extends z.ZodType = Nothing,
  Body extends z.ZodType = z.ZodUndefined,
  Response extends z.ZodType = z.ZodType,
>(
  given: Pick<Route, 'method' | 'path' | 'summary' | 'auth'> & {
    readonly params?: Params;
    readonly headers?: Headers;
    readonly body?: Body;
    readonly status?: number;
    readonly response: Response;
    readonly errors?: readonly ErrorCode[];
  },
): Route<Params, Headers, Body, Response> {
  return {
    status: 200,
    errors: [],
    ...given,
    params: (given.params ?? nothing) as unknown as Params, // the default of the type is the default of the value
    headers: (given.headers ?? nothing) as unknown as Headers, // likewise
    body: (given.body ?? z.undefined()) as unknown as Body, // likewise
  };
}
