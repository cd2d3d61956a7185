/**
 * `npm run test:cluster`: the topology of docker-compose.yml without Docker. A Temporal server on PostgreSQL, our API and
 * worker beside it, the demo's orders; then the Temporal server is killed and started again, and the orders once more.
 * Exits 0 only if every key reached page and mail.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './embedded/ports.ts';
import { startPostgres, type EmbeddedPostgres } from './embedded/postgres.ts';
import { portNames, readSettings } from './embedded/settings.ts';
import { sayFailure } from './failure.ts';
import { startTemporalCluster, type TemporalCluster } from './embedded/temporal-cluster.ts';
import { startStack, type Stack } from './start.ts';

const began = Date.now();
const say = (zh: string, en: string): void =>
  void process.stdout.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${zh} / ${en}\n`);

const ports: Record<string, string> = {};
for (const name of portNames) ports[name] = String(await freePort());
const data = path.resolve(process.env['MIAOFA_DATA'] ?? '.miaofa-cluster');
let env: NodeJS.ProcessEnv = { ...process.env, ...ports, MIAOFA_DATA: data };
for (const name of ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'MASTER_KEY_FILE', 'PUBLIC_URL']) delete env[name]; // eslint-disable-line @typescript-eslint/no-dynamic-delete -- a fixed list of names

const leftovers = (): void => {
  for (const file of [data, `${data}-master.key`]) rmSync(file, { recursive: true, force: true });
};

function demo(): Promise<boolean> {
  const program = path.join(import.meta.dirname, 'demo.js');
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code === 0)));
}

let postgres: EmbeddedPostgres | undefined;
let temporal: TemporalCluster | undefined;
let stack: Stack | undefined;
let good: boolean;
try {
  leftovers();
  const home = path.join(data, 'cluster');
  mkdirSync(home, { recursive: true });
  postgres = await startPostgres({
    directory: path.join(home, 'postgres'),
    port: await freePort(),
    log: path.join(home, 'postgres.log'),
  });
  say('PostgreSQL 已就绪', 'PostgreSQL is ready');
  temporal = await startTemporalCluster({ directory: home, databaseUrl: postgres.url, env, say });
  say(`Temporal 已就绪 ${temporal.address}`, `Temporal is ready on ${temporal.address}`);
  env = { ...env, DATABASE_URL: postgres.url, TEMPORAL_ADDRESS: temporal.address };
  stack = await startStack({ settings: readSettings(env), env, say });
  say('API 与 worker 已就绪', 'API and worker are ready');
  good = await demo();
  say('强制结束并重启 Temporal…', 'killing Temporal and starting it again…');
  await temporal.restart();
  good = (await demo()) && good;
} catch (error) {
  good = false;
  sayFailure(error);
}
await stack?.stop();
await temporal?.stop();
await postgres?.stop();
if (good) leftovers();
say(good ? '通过' : `失败，日志在 ${data}`, good ? 'passed' : `FAILED, logs are in ${data}`);
process.exit(good ? 0 : 1);
