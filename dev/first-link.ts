/** The link of the first start: while there is no owner, each start makes a new one (E6: no default account). */
import { makeLink } from '../api/console/link.ts';
import { actors } from '../db/locks.ts';
import { createPool, transaction } from '../db/sql.ts';
import { hasOwner } from '../db/staff.ts';

/** Undefined once an owner has set a password. */
export async function firstLink(databaseUrl: string, publicUrl: string): Promise<string | undefined> {
  const pool = createPool(databaseUrl, { name: 'start', max: 1 });
  try {
    if (await hasOwner(pool)) return undefined;
    return await transaction(pool, (tx) => makeLink(tx, publicUrl, null, actors.commandLine));
  } finally {
    await pool.end();
  }
}
