/** Attempts to sign in, counted per login and per address. Logins are counted as blind indexes: typos may be passwords. */
import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { chargeAttempt, forgetAttempts, noteFailure } from '../../db/sign-in.ts';
import type { Pool } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import { addressLockout, loginLockout } from '../../domain/lockout.ts';
import type { Keyring } from '../../integrations/keyring/keyring.ts';

export interface Attempt {
  failed(staffId: number | undefined): Promise<void>;
  succeeded(): Promise<void>;
}
export interface Attempts {
  /** Rejects with LOGIN_LOCKED (detail: seconds to wait). */
  begin(login: string, request: Pick<Request, 'ip' | 'res'>): Promise<Attempt>;
  forgive(login: string): Promise<void>;
}

export function createAttempts(pool: Pool, keyring: Keyring): Attempts {
  const keyOf = (login: string): string => `login:${keyring.fingerprint('login', login).toString('base64url')}`;
  return {
    async begin(login, request) {
      const from = request.ip ?? '';
      // Who has one address of IPv6 has a whole /64 of them.
      const keys = [keyOf(login), `address:${ipKeyGenerator(from, 64)}`] as const;
      const byLogin = await chargeAttempt(pool, keys[0], loginLockout);
      const byAddress = await chargeAttempt(pool, keys[1], addressLockout);
      const waitSeconds = Math.max(byLogin.wait, byAddress.wait);
      if (waitSeconds > 0) {
        request.res?.setHeader('retry-after', String(waitSeconds));
        throw new KnownError('LOGIN_LOCKED', { waitSeconds });
      }
      return {
        failed: (staffId) => noteFailure(pool, staffId ?? null, from, byLogin.failures),
        succeeded: () => forgetAttempts(pool, keys),
      };
    },
    forgive: (login) => forgetAttempts(pool, [keyOf(login)]),
  };
}
