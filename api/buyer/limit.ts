/** How often a buyer's page may ask: by address, or by the session of an order. */
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import type { Request, RequestHandler } from 'express';
import { sendError } from '../http.ts';

export function limiter(
  perWindow: number,
  windowMs = 60_000,
  key?: (request: Request) => string,
  skipFailedRequests = false,
): RequestHandler {
  return rateLimit({
    windowMs,
    limit: perWindow,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skipFailedRequests,
    ...(key && { keyGenerator: key }),
    handler: (_request, response) => sendError(response, 'TOO_MANY_REQUESTS'),
  });
}

/** An address as limits count it: IPv6 by /64. */
export function addressKey(request: Request): string {
  return ipKeyGenerator(request.ip ?? '', 64);
}
