/** Who of our people calls: the holder of the ops token, or a person by the session cookie of the console. */
import { randomBytes } from 'node:crypto';
import type { CookieOptions, Request } from 'express';
import { actors } from '../db/locks.ts';
import type { Pool, Queryable } from '../db/sql.ts';
import { openSession, sessionByHash } from '../db/staff-sessions.ts';
import type { StaffAccount } from '../db/staff.ts';
import { rights, roles, type Right } from '../domain/rights.ts';
import { cookie, fromOurPages, sha256, type OpsDoor } from './authenticate.ts';
import type { Staff } from './serve.ts';

/** Finds the person of a request; a mutation by cookie must come from our own pages. */
export type FindPerson = (request: Request) => Promise<Staff | undefined>;

/** The rights of a role, or a custom role's own. */
export function rightsOf({ role, rights: own }: Pick<StaffAccount, 'role' | 'rights'>): readonly Right[] {
  return role === 'custom' ? own : roles[role];
}

/** The cookie's name tells how it came: `__Host-` binds it to https and this host; without https it has no such power. */
export function sessionCookie(publicUrl: string): { name: string; options: CookieOptions } {
  const secure = publicUrl.startsWith('https:');
  return {
    name: secure ? '__Host-miaofa' : 'miaofa_console',
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/' },
  };
}

/**
 * A browser on which the person has signed in before. It opens nothing; it is counted by itself, so that who fails
 * elsewhere at a person's login does not shut the person out (OWASP: device cookies).
 */
export function deviceCookie(publicUrl: string): { name: string; options: CookieOptions } {
  const { name, options } = sessionCookie(publicUrl);
  return { name: `${name}_device`, options };
}

const opsStaff: Staff = { actorId: actors.opsToken, name: 'ops token', rights: new Set(rights) };

export function createFindPerson(pool: Pool, ops: OpsDoor, publicUrl: string): FindPerson {
  const { name } = sessionCookie(publicUrl);
  return async (request) => {
    if (ops.admits(request)) return opsStaff;
    const value = cookie(request, name);
    if (value === undefined || !fromOurPages(request, publicUrl)) return undefined;
    const found = await sessionByHash(pool, sha256(value));
    if (!found) return undefined;
    return {
      actorId: found.actorId,
      name: found.name,
      rights: new Set(rightsOf(found)),
      account: found,
      sessionId: found.sessionId,
    };
  };
}

/** Opens a session and hands its cookie out. A new one at each sign-in: none is ever taken over. */
export async function giveSession(db: Queryable, request: Request, publicUrl: string, staffId: number): Promise<void> {
  const value = randomBytes(32).toString('base64url');
  const agent = (request.headers['user-agent'] ?? '').slice(0, 200);
  await openSession(db, { hash: sha256(value), staffId, address: request.ip ?? '', agent });
  const { name, options } = sessionCookie(publicUrl);
  request.res?.cookie(name, value, { ...options, maxAge: 7 * 86_400_000 });
}
