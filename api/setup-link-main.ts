/**
 * Prints a one-time link: for the first owner, or, with a login, for a person who lost the password (`--reset-totp`: and
 * the phone). Whoever can run it has the database and the master key's host, so no further proof is asked.
 */
import { secretsByLogin, disableTotp } from '../db/sign-in.ts';
import { actors } from '../db/locks.ts';
import { createPool, transaction, type Pool } from '../db/sql.ts';
import { hasOwner } from '../db/staff.ts';
import { inWords } from '../db/unreachable.ts';
import { readEnvironment } from '../integrations/environment.ts';
import { makeLink } from './console/link.ts';

const [login, reset] = process.argv.slice(2);
let pool: Pool | undefined;
try {
  const environment = readEnvironment(process.env);
  pool = createPool(environment.DATABASE_URL, { name: 'setup-link', max: 1 });
  const target = login === undefined ? undefined : await secretsByLogin(pool, login.toLowerCase());
  if (login !== undefined && !target) throw new Error(`没有这个账号 / no such login: ${login}`);
  if (!target && (await hasOwner(pool))) throw new Error('已有店主，请写出账号 / there is an owner: name the login');
  const link = await transaction(pool, async (tx) => {
    if (target && reset === '--reset-totp') await disableTotp(tx, target.id, actors.commandLine);
    return makeLink(tx, environment.PUBLIC_URL, target?.id ?? null, actors.commandLine);
  });
  process.stdout.write(`${link}\n`);
} catch (failure) {
  const error = inWords(failure);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await pool?.end();
}
