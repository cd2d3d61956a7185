/** What every request goes through: its id, its errors in two languages, the door against plain http. */
import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { isInfrastructure } from '../db/sql.ts';
import { errors, KnownError, type ErrorCode } from '../domain/errors.ts';

/** The id that answers and log lines share. */
export function requestIds(): RequestHandler {
  return (_request, response, next) => {
    const id = randomUUID();
    response.locals['requestId'] = id;
    response.setHeader('x-request-id', id);
    next();
  };
}

/** Sends an error of the catalogue. */
export function sendError(response: Response, code: ErrorCode, detail?: unknown): void {
  const { status, zh, en } = errors[code];
  response.status(status).json({
    error: { code, zh, en, ...(detail !== undefined && { detail }), requestId: response.locals['requestId'] as string },
  });
}

function codeFor(error: unknown): { code: ErrorCode; detail?: unknown } {
  if (error instanceof KnownError) return { code: error.code, detail: error.detail };
  if (isInfrastructure(error)) return { code: 'DATABASE_DOWN' };
  const type = typeof error === 'object' && error !== null ? (error as { type?: unknown }).type : undefined;
  // Of Express' body parsers.
  if (type === 'entity.too.large') return { code: 'BODY_TOO_LARGE' };
  if (typeof type === 'string' && /^(entity|encoding|charset|request)\./.test(type)) return { code: 'BAD_REQUEST' };
  if (error instanceof URIError) return { code: 'BAD_REQUEST' };
  return { code: 'INTERNAL' };
}

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { code, detail } = codeFor(error);
    if (errors[code].status >= 500) {
      const requestId = response.locals['requestId'] as string;
      // The route's pattern, not the URL: URLs may hold what must not be logged.
      log.error({ requestId, route: `${request.method} ${request.baseUrl}`, err: error }, code);
    }
    sendError(response, code, detail);
  };
}

/** Plain http works on the machine itself; elsewhere only if the operator said so (rule 15). */
export function refuseInsecure(allowed: boolean): RequestHandler {
  return (request, response, next) => {
    if (allowed || request.secure || isLoopback(request.ip)) next();
    else sendError(response, 'INSECURE_HTTP');
  };
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

/** For pages and answers that hold, or lead to, goods. */
export function noStore(): RequestHandler {
  return (_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('x-robots-tag', 'noindex');
    next();
  };
}
