/** Signing in and out, set-up links, one's own password, second factor and sessions. */
import type { Request, Router } from 'express';
import { endSessions, listSessions, type SessionRow } from '../../db/staff-sessions.ts';
import { liveSince } from '../../db/live.ts';
import { secretsById, secretsByLogin } from '../../db/sign-in.ts';
import { transaction } from '../../db/sql.ts';
import { hasOwner, insertStaff, readLink, setPassword, staffById, useLink, type StaffAccount } from '../../db/staff.ts';
import { KnownError } from '../../domain/errors.ts';
import { fromOurPages, sha256 } from '../authenticate.ts';
import { consoleSession } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { giveSession, rightsOf, sessionCookie, type FindPerson } from '../people.ts';
import { person, serve, type Authenticate, type Staff } from '../serve.ts';
import { createAttempts } from './attempts.ts';
import { hashPassword, passwordFits } from './password.ts';
import { createSecondFactor } from './second-factor.ts';

/** The account of a signed-in person; the ops token has none. */
export function accountOf(call: { readonly staff: Staff | undefined }): StaffAccount & { sessionId: number } {
  const { account, sessionId } = person(call);
  if (!account || sessionId === undefined) throw new KnownError('FORBIDDEN', { needs: 'an account' });
  return { ...account, sessionId };
}

export function viewSession(row: SessionRow, current: number | undefined): SessionView {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    seenAt: row.seenAt.toISOString(),
    current: row.id === current,
  };
}
type SessionView = (typeof consoleSession.session)['_output'];

export function sessionRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps, findPerson: FindPerson): void {
  const { pool, keyring, environment } = deps;
  const base = environment.PUBLIC_URL;
  const attempts = createAttempts(pool, keyring, base);
  const factor = createSecondFactor(pool, keyring);
  // Also where no session is needed yet: a page of somebody else may not sign a visitor in as it likes.
  const ownPageOnly = (request: Request): void => {
    const browser = request.headers['sec-fetch-site'] !== undefined || request.headers.origin !== undefined;
    if (browser && !fromOurPages(request, base)) throw new KnownError('FORBIDDEN', { needs: 'the same origin' });
  };

  serve(router, authenticate, consoleSession.readSession, async ({ request }) => {
    const staff = await findPerson(request);
    const account = staff?.account;
    if (!account) return { me: null, live: false, firstStart: !(await hasOwner(pool)) };
    const { id, login, name, role, totp } = account;
    const live = (await liveSince(pool)) !== null;
    return { me: { id, login, name, role, rights: [...rightsOf(account)], totp }, live, firstStart: false };
  });

  serve(router, authenticate, consoleSession.signIn, async ({ body, request }) => {
    ownPageOnly(request);
    const login = body.login.trim().toLowerCase();
    const attempt = await attempts.begin(login, request);
    const found = await secretsByLogin(pool, login);
    if (!(await passwordFits(found?.passwordHash, body.password)) || !found) {
      await attempt.failed(found?.id);
      throw new KnownError('LOGIN_FAILED');
    }
    if (found.totpSecret) {
      if (body.code === undefined) return { state: 'code_needed' as const };
      if (!(await factor.fits(found, body.code))) {
        await attempt.failed(found.id);
        throw new KnownError('TOTP_WRONG');
      }
    }
    await giveSession(pool, request, base, found.id);
    await attempt.succeeded();
    return { state: 'signed_in' as const };
  });

  serve(router, authenticate, consoleSession.signOut, async (call) => {
    const { id, actorId, sessionId } = accountOf(call);
    await endSessions(pool, id, sessionId, actorId, 'signed_out');
    const { name, options } = sessionCookie(base);
    call.request.res?.clearCookie(name, options);
    return { signedOut: true as const };
  });

  serve(router, authenticate, consoleSession.checkLink, async ({ body, request }) => {
    ownPageOnly(request);
    const link = await readLink(pool, sha256(body.token));
    if (!link || (link.staffId === null && (await hasOwner(pool)))) throw new KnownError('SETUP_LINK_INVALID');
    return { login: link.login, name: link.name };
  });

  serve(router, authenticate, consoleSession.takeLink, async ({ body, request }) => {
    ownPageOnly(request);
    const linkHash = sha256(body.token);
    const link = await readLink(pool, linkHash);
    if (!link) throw new KnownError('SETUP_LINK_INVALID');
    const login = link.login ?? body.login ?? '';
    const name = link.name ?? body.name ?? login;
    if (login === '') throw new KnownError('BAD_REQUEST', [{ field: 'body.login', problem: 'missing' }]);
    // The slow part before the transaction.
    const hash = await hashPassword(body.password, [login, name]);
    const staffId = await transaction(pool, async (tx) => {
      const taken = await useLink(tx, linkHash);
      if (!taken || (taken.staffId === null && (await hasOwner(tx)))) throw new KnownError('SETUP_LINK_INVALID');
      const id = taken.staffId ?? (await insertStaff(tx, { login, name, role: 'owner', rights: [] }, null))?.id;
      if (id === undefined) throw new KnownError('STAFF_TAKEN');
      await setPassword(tx, id, hash, 'password_set_by_link');
      return id;
    });
    await attempts.forgive(login);
    // A second factor outlives a lost password (ASVS 6.4.3): its holder signs in with it.
    if ((await staffById(pool, staffId))?.totp) return { state: 'sign_in_now' as const };
    await giveSession(pool, request, base, staffId);
    attempts.remember(login, request);
    return { state: 'signed_in' as const };
  });

  /** The person proves the password again before what matters. */
  const prove = async (call: { staff: Staff | undefined; request: Request }, password: string) => {
    const account = accountOf(call);
    const attempt = await attempts.begin(account.login, call.request);
    const secrets = await secretsById(pool, account.id);
    if (!secrets || !(await passwordFits(secrets.passwordHash, password))) {
      await attempt.failed(account.id);
      throw new KnownError('PASSWORD_WRONG');
    }
    await attempt.succeeded();
    return { account, secrets };
  };

  serve(router, authenticate, consoleSession.changePassword, async (call) => {
    const { account } = await prove(call, call.body.current);
    const hash = await hashPassword(call.body.next, [account.login, account.name]);
    await setPassword(pool, account.id, hash, 'password_changed', account.sessionId);
    return { changed: true as const };
  });

  serve(router, authenticate, consoleSession.beginTotp, async (call) => {
    const { secrets } = await prove(call, call.body.password);
    return factor.begin(secrets);
  });

  serve(router, authenticate, consoleSession.confirmTotp, async (call) => {
    const account = accountOf(call);
    const attempt = await attempts.begin(account.login, call.request);
    const secrets = await secretsById(pool, account.id);
    const recoveryCodes = secrets && (await factor.confirm(secrets, call.body.code));
    if (!recoveryCodes) {
      await attempt.failed(account.id);
      throw new KnownError('TOTP_WRONG');
    }
    await attempt.succeeded();
    return { recoveryCodes };
  });

  serve(router, authenticate, consoleSession.ownSessions, async (call) => {
    const { id, sessionId } = accountOf(call);
    return { sessions: (await listSessions(pool, id)).map((row) => viewSession(row, sessionId)) };
  });

  serve(router, authenticate, consoleSession.endOwnSession, async (call) => {
    const { id, actorId } = accountOf(call);
    return { ended: await endSessions(pool, id, call.params.id, actorId, 'sessions_ended') };
  });
}
