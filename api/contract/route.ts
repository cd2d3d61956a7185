/**
 * Routes are data: the same table validates requests, makes the OpenAPI document and types the client. This folder
 * imports nothing but zod and the domain, so that browsers may import its types.
 */
import { z } from 'zod';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Right } from '../../domain/rights.ts';

export const scopes = ['orders', 'catalog'] as const;
export type Scope = (typeof scopes)[number];

/**
 * A shop's API key with this scope, the ops token or a person with right `ops`, a person of the console with this right,
 * any signed-in person (`staff`), or anybody (`public`).
 */
export type Auth = Scope | 'ops' | 'staff' | 'public' | { readonly right: Right };

export interface Route<
  Params extends z.ZodType = z.ZodType,
  Headers extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Express form, `/api/v1/orders/:no`. */
  readonly path: string;
  readonly summary: { readonly zh: string; readonly en: string };
  readonly auth: Auth;
  readonly params: Params;
  /** Values arrive as strings: coerce. */
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  readonly status: number;
  readonly response: Response;
  readonly errors: readonly ErrorCode[];
}

const nothing = z.object({});
type Nothing = typeof nothing;

/** Fills in what a route leaves out. Method and path keep their literal types: the console's client is typed by them. */
export function route<
  const Method extends Route['method'],
  const Path extends string,
  Params extends z.ZodType = Nothing,
  Headers extends z.ZodType = Nothing,
  Body extends z.ZodType = z.ZodUndefined,
  Response extends z.ZodType = z.ZodType,
  Query extends z.ZodType = Nothing,
>(
  given: Pick<Route, 'summary' | 'auth'> & {
    readonly method: Method;
    readonly path: Path;
    readonly params?: Params;
    readonly query?: Query;
    readonly headers?: Headers;
    readonly body?: Body;
    readonly status?: number;
    readonly response: Response;
    readonly errors?: readonly ErrorCode[];
  },
): Route<Params, Headers, Body, Response, Query> & { readonly method: Method; readonly path: Path } {
  return {
    status: 200,
    errors: [],
    ...given,
    params: (given.params ?? nothing) as unknown as Params, // the default of the type is the default of the value
    query: (given.query ?? nothing) as unknown as Query, // likewise
    headers: (given.headers ?? nothing) as unknown as Headers, // likewise
    body: (given.body ?? z.undefined()) as unknown as Body, // likewise
  };
}
