/** `npm run migrate`: for deployments that migrate in a step of its own. */
import { migrate } from './migrate.ts';

const url = process.env['DATABASE_URL'];
if (!url) {
  process.stderr.write('DATABASE_URL is not set / 未设置 DATABASE_URL\n');
  process.exit(1);
}
await migrate(url, { log: (line) => process.stdout.write(`${line}\n`) });
