/**
 * `npm run replay` replays every order that runs under the code of this folder, before it is deployed; `npm run replay --
 * M…` one order, whatever its state. Reads Temporal and PostgreSQL (for the keys that open the payloads), changes nothing.
 */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { loadDataKeys } from '../db/data-keys.ts';
import { createPool } from '../db/sql.ts';
import { orderNoPattern } from '../domain/ids.ts';
import { databaseUrl } from '../integrations/environment.ts';
import { loadMasterKey } from '../integrations/keyring/kek.ts';
import { Keyring } from '../integrations/keyring/keyring.ts';
import { createCodec } from '../worker/codec.ts';
import { workflowBundle } from '../worker/create.ts';
import { replayAll, replayQuery } from '../worker/replay.ts';
import { openEmbeddedDatabase } from './embedded/database.ts';
import { readSettings, SetupError } from './embedded/settings.ts';
import { sayFailure } from './failure.ts';

const [orderNo] = process.argv.slice(2);
if (orderNo !== undefined && !orderNoPattern.test(orderNo)) {
  process.stderr.write('用法 / usage: npm run replay [-- M…]\n');
  process.exit(2);
}
const { env } = process;
const settings = readSettings(env);
const say = (zh: string, en: string): void => void process.stderr.write(`${zh} / ${en}\n`);
Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });

async function main(): Promise<boolean> {
  const given = databaseUrl(env);
  const database = given === undefined ? await openEmbeddedDatabase(settings, false, say) : { url: given, close: () => Promise.resolve() }; // prettier-ignore
  const pool = createPool(database.url, { name: 'miaofa-replay', max: 1 });
  const kek = loadMasterKey({ MASTER_KEY: env['MASTER_KEY'], MASTER_KEY_FILE: env['MASTER_KEY_FILE'] ?? settings.masterKeyFile }); // prettier-ignore
  const keyring = await Keyring.open(kek, await loadDataKeys(pool), () => loadDataKeys(pool));
  const address = env['TEMPORAL_ADDRESS'] ?? `127.0.0.1:${settings.ports.TEMPORAL_PORT}`;
  const connection = await Connection.connect({ address }).catch((error: unknown) => {
    throw new SetupError(`无法连接 Temporal，请确认其已启动、TEMPORAL_ADDRESS 正确 / no connection to Temporal: is it running, and is TEMPORAL_ADDRESS right? ${address}`, { cause: error }); // prettier-ignore
  });
  const client = new Client({ connection, namespace: env['TEMPORAL_NAMESPACE'] ?? 'default' });

  let good = 0;
  let bad = 0;
  const code = { bundle: await workflowBundle(), dataConverter: { payloadCodecs: [createCodec(keyring)] } };
  for await (const { workflowId, problem } of replayAll(client, code, replayQuery(orderNo), 10_000)) {
    if (problem === undefined) good++;
    else bad++;
    if (problem !== undefined || orderNo !== undefined) say(`${workflowId}: ${problem ?? '可以重放'}`, problem === undefined ? 'replays' : 'does not replay'); // prettier-ignore
  }
  await connection.close();
  await pool.end();
  await database.close();
  if (bad > 0)
    say(`${bad} 个流程不能在新代码下继续，请勿部署`, `${bad} workflows do not bear this code: do not deploy it`);
  else say(`${good} 个流程均可在此代码下继续`, `${good} workflows bear this code`);
  return bad === 0;
}

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  sayFailure(error);
  process.exit(1);
}
