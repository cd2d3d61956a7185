/** Who calls: a shop by its API key, ops by token or by the cookie that the token was exchanged for. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { apiCaller } from '../db/access.ts';
import { KnownError } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';
import { actors } from '../db/locks.ts';
import { rights } from '../domain/rights.ts';
import type { Authenticate, Staff } from './serve.ts';

export const opsCookie = 'miaofa_ops';
const sessionSeconds = 12 * 3600;

export function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

export function bearer(request: Request): string | undefined {
  return /^Bearer ([\x21-\x7e]{8,512})$/.exec(request.headers.authorization ?? '')?.[1];
}

/** One cookie by name, or undefined. */
export function cookie(request: Request, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** Comparison of digests, so that neither length nor content shows in the time it takes. */
function same(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

export interface OpsDoor {
  /** True if the token is right. Without a configured token nothing is. */
  tokenIsRight(token: string): boolean;
  /** A cookie value that holds for 12 hours. */
  newSession(): { value: string; seconds: number };
  /** True for ops; a mutation by cookie must come from our own pages. */
  admits(request: Request): boolean;
}

export function createOpsDoor(token: string | undefined, publicUrl: string): OpsDoor {
  const sign = (until: string): string =>
    createHmac('sha256', `miaofa-ops:${token ?? ''}`)
      .update(until)
      .digest('hex');
  const tokenIsRight = (given: string): boolean => token !== undefined && same(given, token);
  const sessionIsRight = (value: string | undefined): boolean => {
    const [until, mac] = (value ?? '').split('.', 2);
    if (token === undefined || !until || !mac || !same(mac, sign(until))) return false;
    return Number(until) > Date.now() / 1000;
  };
  const ours = new URL(publicUrl).origin;
  return {
    tokenIsRight,
    newSession() {
      const until = String(Math.floor(Date.now() / 1000) + sessionSeconds);
      return { value: `${until}.${sign(until)}`, seconds: sessionSeconds };
    },
    admits(request) {
      const given = bearer(request);
      if (given !== undefined) return tokenIsRight(given);
      if (!sessionIsRight(cookie(request, opsCookie))) return false;
      if (request.method === 'GET' || request.method === 'HEAD') return true;
      const { origin } = request.headers;
      return request.headers['sec-fetch-site'] === 'same-origin' || origin === ours || sameHost(origin, request);
    },
  };
}

function sameHost(origin: string | undefined, request: Request): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

const opsStaff: Staff = { actorId: actors.opsToken, name: 'ops token', rights: new Set(rights) };

/** Shops by API key; people by the ops token, which has every right until accounts exist. */
export function createAuthenticate({ pool }: Pick<ApiDeps, 'pool'>, ops: OpsDoor): Authenticate {
  return async (request, auth) => {
    if (auth === 'ops' || typeof auth === 'object') {
      if (!ops.admits(request)) throw new KnownError('UNAUTHENTICATED');
      return { staff: opsStaff };
    }
    const key = bearer(request);
    const caller = key === undefined ? undefined : await apiCaller(pool, sha256(key));
    if (!caller) throw new KnownError('UNAUTHENTICATED');
    if (!caller.scopes.includes(auth)) throw new KnownError('FORBIDDEN', { needs: auth });
    return { caller };
  };
}
