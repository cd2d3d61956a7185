/** One-time links that set a password. Only their hash is kept; the token stands in the fragment, which no log sees. */
import { randomBytes } from 'node:crypto';
import type { Queryable } from '../../db/sql.ts';
import { issueLink } from '../../db/staff.ts';
import { sha256 } from '../authenticate.ts';

const hours = 72;

/** Without a person the link makes the first owner. It takes the place of an older one: run it in a transaction. */
export async function makeLink(db: Queryable, publicUrl: string, staffId: number | null, by: number): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await issueLink(db, sha256(token), staffId, hours, by);
  return `${publicUrl}/console/setup#${token}`;
}
