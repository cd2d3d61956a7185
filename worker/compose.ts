/** What API and worker processes are made of, from the environment. */
import type { Logger } from 'pino';
import type { ActivityDeps } from '../activities/deps.ts';
import { ensureDataKeys, loadDataKeys, rewrapDataKey } from '../db/data-keys.ts';
import { schemaIsCurrent } from '../db/migrate.ts';
import { createPool, type Pool } from '../db/sql.ts';
import type { Environment } from '../integrations/environment.ts';
import { loadMasterKey, type KeyEncryptionKey } from '../integrations/keyring/kek.ts';
import { Keyring, newDataKey, rewrapped } from '../integrations/keyring/keyring.ts';
import { createLogger } from '../integrations/log.ts';
import { createMailer } from '../integrations/mail.ts';
import { createMetrics, type Metrics } from '../integrations/metrics.ts';
import { createOutbound } from '../integrations/outbound.ts';
import { providers } from '../integrations/payments/registry.ts';
import { suppliers } from '../integrations/suppliers/registry.ts';

const rings = ['card', 'contact', 'secret', 'codec', 'index'] as const;

export interface Process {
  readonly environment: Environment;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly pool: Pool;
  readonly steps: ActivityDeps;
  close(): Promise<void>;
}

/**
 * Opens database and keys. A wrong or missing master key refuses here, before anything is served: ciphertext must
 * never go out in place of goods. Waits for PostgreSQL as long as it takes.
 */
export async function composeProcess(
  environment: Environment,
  name: string,
  { logFile, ...extra }: Partial<Pick<ActivityDeps, 'fault' | 'suppliers'>> & { readonly logFile?: number } = {},
): Promise<Process> {
  const log = createLogger(name, environment.LOG_LEVEL, logFile);
  const metrics = createMetrics(name);
  const pool = createPool(environment.DATABASE_URL, {
    name: `miaofa-${name}`,
    onError: (error) => log.warn({ err: error }, 'idle database connection lost'),
  });
  const kek = loadMasterKey(environment);
  await untilReady(pool, log);
  await changeMasterKey(pool, kek, environment.MASTER_KEY_PREVIOUS_FILE, log);
  const rows = await ensureDataKeys(pool, rings, (ring) => newDataKey(ring, kek));
  const keyring = await Keyring.open(kek, rows, () => loadDataKeys(pool));
  // A data key that another process made is known here before it seals anything (see DataKeyRow.settled).
  const refreshing = setInterval(() => {
    keyring.refresh().then(
      () => {
        if (keyring.unopened.length === 0) return;
        log.fatal({ keys: keyring.unopened }, '主密钥已更换，请用新的主密钥重启本进程 / the master key was changed: start this process again with the new one'); // prettier-ignore
      },
      (error: unknown) => log.warn({ err: error }, 'data keys not read; they are read again'),
    );
  }, 10_000);
  refreshing.unref();
  const mailer = createMailer({ smtpUrl: environment.SMTP_URL, from: environment.MAIL_FROM });
  const outbound = createOutbound({ allow: environment.OUTBOUND_ALLOW });
  const steps: ActivityDeps = {
    pool,
    keyring,
    mailer,
    outbound,
    providers,
    suppliers,
    publicUrl: environment.PUBLIC_URL,
    log,
    ...extra,
  };
  return {
    environment,
    log,
    metrics,
    pool,
    steps,
    async close() {
      clearInterval(refreshing);
      await outbound.close();
      mailer.close();
      await pool.end();
    },
  };
}

/** After the master key was changed: each data key still under the old one moves to the new one. Any number may do it. */
async function changeMasterKey(
  pool: Pool,
  kek: KeyEncryptionKey,
  previousFile: string | undefined,
  log: Logger,
): Promise<void> {
  if (previousFile === undefined) return;
  const previous = loadMasterKey({ MASTER_KEY_FILE: previousFile });
  for (const row of await loadDataKeys(pool)) {
    if (row.kekId !== previous.id || previous.id === kek.id) continue;
    if (await rewrapDataKey(pool, row.id, previous.id, kek.id, await rewrapped(row, previous, kek))) {
      log.info({ key: row.id, ring: row.ring }, 'data key moved to the new master key');
    }
  }
}

async function untilReady(pool: Pool, log: Logger): Promise<void> {
  for (let pause = 200; ; pause = Math.min(pause * 2, 5_000)) {
    try {
      if (await schemaIsCurrent(pool)) return;
      log.warn('the database schema is not the one of this program; run the migration (npm run migrate)');
    } catch (error) {
      log.warn({ err: error }, 'waiting for the database');
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
