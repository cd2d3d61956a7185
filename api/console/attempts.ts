/**
 * Attempts to sign in, counted per login and per address; of a browser on which the person has signed in before, by itself,
 * so that nobody shuts a person out by failing at their login. Logins are counted as blind indexes: typos may be passwords.
 */
import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { chargeAttempt, forgetAttempts, noteFailure } from '../../db/sign-in.ts';
import type { Pool } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import { addressLockout, loginLockout } from '../../domain/lockout.ts';
import type { Keyring } from '../../integrations/keyring/keyring.ts';
import { cookie, same } from '../authenticate.ts';
import { deviceCookie } from '../people.ts';

export interface Attempt {
  failed(staffId: number | undefined): Promise<void>;
  succeeded(): Promise<void>;
}
export interface Attempts {
  /** Rejects with LOGIN_LOCKED (detail: seconds to wait). */
  begin(login: string, request: Pick<Request, 'ip' | 'res' | 'headers'>): Promise<Attempt>;
  forgive(login: string): Promise<void>;
  /** The person is in on this browser. */
  remember(login: string, request: Pick<Request, 'headers' | 'res'>): void;
}

/** A year: a device that is not used for longer is counted like a stranger's. */
const deviceMs = 365 * 86_400_000;

export function createAttempts(pool: Pool, keyring: Keyring, publicUrl: string): Attempts {
  const keyOf = (login: string): string => `login:${keyring.fingerprint('login', login).toString('base64url')}`;
  const device = deviceCookie(publicUrl);
  const proofOf = (login: string, nonce: string): string =>
    keyring.fingerprint('device', JSON.stringify([login, nonce])).toString('base64url');
  /** Of a device of this person; undefined for any other. */
  const nonceOf = (login: string, request: Pick<Request, 'headers'>): string | undefined => {
    const [nonce, proof] = (cookie(request, device.name) ?? '').split('.', 2);
    return nonce && proof && same(proof, proofOf(login, nonce)) ? nonce : undefined;
  };
  const remember: Attempts['remember'] = (login, request) => {
    const nonce = nonceOf(login, request) ?? randomBytes(16).toString('base64url');
    request.res?.cookie(device.name, `${nonce}.${proofOf(login, nonce)}`, { ...device.options, maxAge: deviceMs });
  };
  return {
    remember,
    async begin(login, request) {
      const from = request.ip ?? '';
      const nonce = nonceOf(login, request);
      // Who has one address of IPv6 has a whole /64 of them.
      const address = `address:${ipKeyGenerator(from, 64)}`;
      const keys: readonly [string, ...string[]] = nonce === undefined ? [keyOf(login), address] : [`device:${nonce}`];
      const first = await chargeAttempt(pool, keys[0], loginLockout);
      const wait = nonce === undefined ? (await chargeAttempt(pool, address, addressLockout)).wait : 0;
      const waitSeconds = Math.max(first.wait, wait);
      if (waitSeconds > 0) {
        request.res?.setHeader('retry-after', String(waitSeconds));
        throw new KnownError('LOGIN_LOCKED', { waitSeconds });
      }
      return {
        failed: (staffId) => noteFailure(pool, staffId ?? null, from, first.failures),
        async succeeded() {
          await forgetAttempts(pool, keys);
          remember(login, request);
        },
      };
    },
    forgive: (login) => forgetAttempts(pool, [keyOf(login)]),
  };
}
