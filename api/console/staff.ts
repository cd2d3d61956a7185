/** Staff and their rights. Nobody grants, or manages, what they do not have themselves. */
import type { Router } from 'express';
import { disableTotp } from '../../db/sign-in.ts';
import { sqlState, transaction } from '../../db/sql.ts';
import { changeStaff, insertStaff, listStaff, lockActiveOwners, staffById, type StaffAccount } from '../../db/staff.ts';
import { endSessions, listSessions } from '../../db/staff-sessions.ts';
import { KnownError } from '../../domain/errors.ts';
import { consoleStaff } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { rightsOf } from '../people.ts';
import { person, serve, type Authenticate, type Staff } from '../serve.ts';
import { makeLink } from './link.ts';
import { viewSession } from './session.ts';

const uniqueViolation = '23505';

function mayManage(staff: Staff, wanted: Pick<StaffAccount, 'role' | 'rights'>): void {
  const beyond = rightsOf(wanted).filter((right) => !staff.rights.has(right));
  if (beyond.length > 0) throw new KnownError('RIGHTS_EXCEEDED', { rights: beyond });
}

export function staffRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, environment } = deps;
  const known = async (id: number): Promise<StaffAccount> => {
    const found = await staffById(pool, id);
    if (!found) throw new KnownError('STAFF_NOT_FOUND');
    return found;
  };

  serve(router, authenticate, consoleStaff.listStaff, async () => ({
    staff: (await listStaff(pool)).map((row) => ({
      id: row.id,
      login: row.login,
      name: row.name,
      role: row.role,
      rights: [...rightsOf(row)],
      totp: row.totp,
      ready: row.ready,
      disabled: row.disabledAt !== null,
      sessions: row.sessions,
      lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
      createdAt: row.createdAt.toISOString(),
    })),
  }));

  serve(router, authenticate, consoleStaff.createStaff, async (call) => {
    const by = person(call);
    mayManage(by, call.body);
    return transaction(pool, async (tx) => {
      const made = await insertStaff(tx, call.body, by.actorId);
      if (!made) throw new KnownError('STAFF_TAKEN');
      return { id: made.id, link: await makeLink(tx, environment.PUBLIC_URL, made.id, by.actorId) };
    });
  });

  serve(router, authenticate, consoleStaff.changeStaff, async (call) => {
    const by = person(call);
    const { id } = call.params;
    mayManage(by, await known(id));
    mayManage(by, call.body);
    await transaction(pool, async (tx) => {
      const owners = await lockActiveOwners(tx);
      const staysOwner = call.body.role === 'owner' && !call.body.disabled;
      if (!staysOwner && owners.includes(id) && owners.length === 1) throw new KnownError('LAST_OWNER');
      await changeStaff(tx, { id, ...call.body }, by.actorId);
    }).catch((error: unknown) => {
      throw sqlState(error) === uniqueViolation ? new KnownError('STAFF_TAKEN') : error;
    });
    return { id };
  });

  serve(router, authenticate, consoleStaff.staffLink, async (call) => {
    const by = person(call);
    const target = await known(call.params.id);
    mayManage(by, target);
    return transaction(pool, async (tx) => {
      if (call.body.resetTotp) await disableTotp(tx, target.id, by.actorId);
      return { id: target.id, link: await makeLink(tx, environment.PUBLIC_URL, target.id, by.actorId) };
    });
  });

  serve(router, authenticate, consoleStaff.staffSessions, async (call) => {
    const { id } = await known(call.params.id);
    return { sessions: (await listSessions(pool, id)).map((row) => viewSession(row, person(call).sessionId)) };
  });

  serve(router, authenticate, consoleStaff.endStaffSessions, async (call) => {
    const by = person(call);
    const target = await known(call.params.id);
    mayManage(by, target);
    return { ended: await endSessions(pool, target.id, null, by.actorId, 'sessions_ended') };
  });
}
