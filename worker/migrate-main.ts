/** `npm run migrate`: for deployments that migrate in a step of its own. */
import { migrate } from '../db/migrate.ts';
import { databaseUrl } from '../integrations/environment.ts';
import { exitOnTrouble } from './process-end.ts';

const url = exitOnTrouble(() => {
  const found = databaseUrl(process.env);
  if (found === undefined) throw new Error('未设置 DATABASE_URL / DATABASE_URL is not set');
  return found;
});
await migrate(url, { log: (line) => process.stdout.write(`${line}\n`) }).catch(exitOnTrouble.of);
