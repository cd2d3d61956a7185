/** Binds a route of the table to its handler: validation, rights and status come from the table. */
import express, { type Request, type RequestHandler, type Router } from 'express';
import { z } from 'zod';
import type { ApiCaller } from '../db/access.ts';
import type { StaffAccount } from '../db/staff.ts';
import { KnownError } from '../domain/errors.ts';
import type { Right } from '../domain/rights.ts';
import type { Auth, Route } from './contract/route.ts';

export interface Call<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly headers: z.output<R['headers']>;
  readonly body: z.output<R['body']>;
  readonly request: Request;
  /** The shop behind the key; on routes of people there is none. */
  readonly caller: ApiCaller | undefined;
  /** The person; on routes of shops there is none, see {@link person}. */
  readonly staff: Staff | undefined;
}

/** A signed-in person, or the holder of the ops token. */
export interface Staff {
  readonly actorId: number;
  readonly name: string;
  readonly rights: ReadonlySet<Right>;
  /** Of a signed-in person; the ops token has none. */
  readonly account?: StaffAccount;
  readonly sessionId?: number;
}

export interface Admitted {
  readonly caller?: ApiCaller;
  readonly staff?: Staff;
}

/** Rejects with UNAUTHENTICATED or FORBIDDEN. */
export type Authenticate = (request: Request, auth: Auth) => Promise<Admitted>;

/** The person of a route whose `auth` names a right. */
export function person({ staff }: { readonly staff: Staff | undefined }): Staff {
  if (!staff) throw new KnownError('UNAUTHENTICATED');
  return staff;
}

const json = express.json({ limit: '24mb', strict: true });
/** Of callers whom nobody knows: parsing what anybody sends holds everybody up. */
const smallJson = express.json({ limit: '64kb', strict: true });

function valid<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => ({
    field: [where, ...issue.path].join('.'),
    problem: issue.message,
  }));
  if (fields.some((f) => f.field === 'headers.idempotency-key')) throw new KnownError('IDEMPOTENCY_KEY_MISSING');
  throw new KnownError('BAD_REQUEST', fields.slice(0, 20));
}

export function serve<R extends Route>(
  router: Router,
  authenticate: Authenticate,
  route: R,
  handle: (call: Call<R>) => Promise<z.input<R['response']>>,
): void {
  // The caller is known before a body is parsed.
  const admit: RequestHandler = async (request, response, next) => {
    response.locals['admitted'] = await authenticate(request, route.auth);
    next();
  };
  const handler: RequestHandler = async (request, response) => {
    const admitted = response.locals['admitted'] as Admitted;
    const answer = await handle({
      request,
      caller: admitted.caller,
      staff: admitted.staff,
      query: valid(route.query, request.query, 'query') as z.output<R['query']>,
      params: valid(route.params, request.params, 'params') as z.output<R['params']>,
      headers: valid(route.headers, request.headers, 'headers') as z.output<R['headers']>,
      body: valid(route.body, route.body instanceof z.ZodUndefined ? undefined : request.body, 'body') as z.output<
        R['body']
      >,
    });
    response.status(route.status).setHeader('cache-control', 'no-store');
    response.json(answer);
  };
  router[route.method](route.path, admit, route.auth === 'public' ? smallJson : json, handler);
}
