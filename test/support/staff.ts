/** People of the console for tests: an account with a session, as a browser would hold it. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../../api/authenticate.ts';
import { insertStaff, type StaffRole } from '../../db/staff.ts';
import { openSession } from '../../db/staff-sessions.ts';
import type { Right } from '../../domain/rights.ts';
import type { System } from './system.ts';

export interface StaffClient {
  readonly id: number;
  readonly cookie: string;
  /** As our own page would ask. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  json<T>(method: string, path: string, body?: unknown): Promise<T>;
}

let count = 0;

export function clientOf(base: string, cookie: string, id = 0): StaffClient {
  const ask: StaffClient['ask'] = (method, path, body, headers = {}) =>
    fetch(base + path, {
      method,
      redirect: 'manual',
      headers: {
        cookie,
        origin: base,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    id,
    cookie,
    ask,
    async json<T>(method: string, path: string, body?: unknown) {
      const response = await ask(method, path, body);
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} → ${response.status}: ${text.slice(0, 400)}`);
      return JSON.parse(text) as T;
    },
  };
}

/** An account of that role with a session, made in the database: no password is hashed. */
export async function signedIn(
  system: Pick<System, 'base' | 'parts'>,
  role: StaffRole,
  rights: readonly Right[] = [],
  seen: { readonly name?: string; readonly agent?: string } = {},
): Promise<StaffClient> {
  const { pool } = system.parts;
  const login = `${role}-${++count}`;
  const made = await insertStaff(pool, { login, name: seen.name ?? login, role, rights }, null);
  if (!made) throw new Error(`${login} exists`);
  const value = randomBytes(32).toString('base64url');
  await openSession(pool, { hash: sha256(value), staffId: made.id, address: '127.0.0.1', agent: seen.agent ?? 'test' });
  return clientOf(system.base, `miaofa_console=${value}`, made.id);
}
