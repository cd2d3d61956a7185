/** Who calls: a shop by its API key, ops by token or by the cookie that the token was exchanged for, people by session. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { apiCaller } from '../db/access.ts';
import { KnownError } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';
import type { FindPerson } from './people.ts';
import type { Authenticate } from './serve.ts';

export const opsCookie = 'miaofa_ops';
const sessionSeconds = 12 * 3600;

export function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

export function bearer(request: Request): string | undefined {
  return /^Bearer ([\x21-\x7e]{8,512})$/.exec(request.headers.authorization ?? '')?.[1];
}

/** One cookie by name, or undefined. */
export function cookie(request: Pick<Request, 'headers'>, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** Comparison of digests, so that neither length nor content shows in the time it takes. */
export function same(a: string, b: string): boolean {
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
      return fromOurPages(request, publicUrl);
    },
  };
}

/**
 * True for reading, and for a mutation that one of our own pages sends (the browser says so): a cookie alone, sent along
 * by a page of somebody else, changes nothing.
 */
export function fromOurPages(request: Request, publicUrl: string): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return origin === new URL(publicUrl).origin || sameHost(origin, request);
}

function sameHost(origin: string | undefined, request: Request): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

/** Shops by API key; people by session or by the ops token, which has every right. */
export function createAuthenticate({ pool }: Pick<ApiDeps, 'pool'>, findPerson: FindPerson): Authenticate {
  return async (request, auth) => {
    if (auth === 'public') return {};
    if (auth === 'ops' || auth === 'staff' || typeof auth === 'object') {
      const staff = await findPerson(request);
      if (!staff) throw new KnownError('UNAUTHENTICATED');
      const needs = auth === 'staff' ? undefined : auth === 'ops' ? auth : auth.right;
      if (needs !== undefined && !staff.rights.has(needs)) throw new KnownError('FORBIDDEN', { needs });
      return { staff };
    }
    const key = bearer(request);
    const caller = key === undefined ? undefined : await apiCaller(pool, sha256(key));
    if (!caller) throw new KnownError('UNAUTHENTICATED');
    if (!caller.scopes.includes(auth)) throw new KnownError('FORBIDDEN', { needs: auth });
    return { caller };
  };
}
