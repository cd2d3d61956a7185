/** Binds a route of the table to its handler: validation, rights and status come from the table. */
import express, { type Request, type RequestHandler, type Router } from 'express';
import { z } from 'zod';
import type { ApiCaller } from '../db/access.ts';
import { KnownError } from '../domain/errors.ts';
import type { Route } from './contract/route.ts';

export interface Call<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly headers: z.output<R['headers']>;
  readonly body: z.output<R['body']>;
  readonly request: Request;
  /** The shop behind the key; for routes of ops there is none. */
  readonly caller: ApiCaller | undefined;
}

export type Authenticate = (request: Request, auth: Route['auth']) => Promise<ApiCaller | undefined>;

const json = express.json({ limit: '24mb', strict: true });

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
    response.locals['caller'] = await authenticate(request, route.auth);
    next();
  };
  const handler: RequestHandler = async (request, response) => {
    const answer = await handle({
      request,
      caller: response.locals['caller'] as ApiCaller | undefined,
      params: valid(route.params, request.params, 'params') as z.output<R['params']>,
      headers: valid(route.headers, request.headers, 'headers') as z.output<R['headers']>,
      body: valid(route.body, route.body instanceof z.ZodUndefined ? undefined : request.body, 'body') as z.output<
        R['body']
      >,
    });
    response.status(route.status).setHeader('cache-control', 'no-store');
    response.json(answer);
  };
  router[route.method](route.path, admit, json, handler);
}
