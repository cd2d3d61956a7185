/** Passwords: argon2id as OWASP advises at least (19 MiB, t=2, p=1), checked in the same time for logins that do not exist. */
import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { KnownError } from '../../domain/errors.ts';
import { passwordLength, passwordProblem } from '../../domain/password.ts';

const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Rejects with PASSWORD_WEAK (detail: why). */
export async function hashPassword(password: string, own: readonly string[]): Promise<string> {
  const problem = passwordProblem(password, own);
  if (problem) throw new KnownError('PASSWORD_WEAK', { problem, min: passwordLength.min });
  return hash(password.normalize('NFKC'), options);
}

let nobody: Promise<string> | undefined;

/** Without a stored hash the same work is done and the answer is no. */
export async function passwordFits(stored: string | null | undefined, password: string): Promise<boolean> {
  nobody ??= hash(randomBytes(16), options);
  const fits = await verify(stored ?? (await nobody), password.normalize('NFKC'), options);
  return fits && typeof stored === 'string';
}
