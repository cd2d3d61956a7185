/** What workflow code must not do: see ../bundle.test.ts. */
import { readFileSync } from 'node:fs';

export function reads(): string {
  return readFileSync('/etc/hostname', 'utf8');
}
