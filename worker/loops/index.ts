/** All that repeats beside the orders. Any number of processes may run it: rows are taken with `skip locked`. */
import { sealAudit } from '../../db/audit.ts';
import { dropOldCalls } from '../../db/supplier-calls.ts';
import { resumeMore } from '../../db/resume.ts';
import { dropExpiredSessions } from '../../db/orders.ts';
import { watchFailures } from '../../db/failure-alarm.ts';
import { dropOldNotices } from '../../db/retention.ts';
import { readSetting } from '../../db/settings.ts';
import { watchForSilence } from '../../db/silence.ts';
import { expireOrders } from '../../db/upkeep.ts';
import { failureAlarmOf } from '../../domain/failure-rate.ts';
import { noticeDaysOf } from '../../domain/settings.ts';
import type { Process } from '../compose.ts';
import type { TemporalLink } from '../link.ts';
import { refreshAccountKeys } from './account-keys.ts';
import { lookAtDirectory } from './drop-directory.ts';
import { every, type Loop } from './every.ts';
import { removeUndone } from '../../db/batches.ts';
import { expireCards, freeHolds, sweepHolds } from '../../db/holds.ts';
import { dropAbandonedImports } from '../../db/imports.ts';
import { wakeImports } from './imports.ts';
import { grantTurns } from './grants.ts';
import { createDatabaseWatch } from './database-watch.ts';
import { createNoticeSender } from './notices.ts';
import { tellBuyers, tellPeople, warnStock } from './people.ts';
import { queryPayments } from './payment-queries.ts';
import { purgeOldNotifications } from '../../db/notifications.ts';
import { sendRefunds } from './refunds.ts';
import { matchStatements } from './statements.ts';
import { createSweep, rescueOverdue } from './reconcile.ts';
import { wakeCases } from './cases.ts';
import { settleOrphans } from './purchases.ts';
import { reencrypt, retireKeys } from './reencrypt.ts';
import { settleFigures } from '../../db/settle-figures.ts';
import { relay } from './relay.ts';
import { sendResends } from './resends.ts';
import { readBalances } from './supplier-balances.ts';

/** Starts the loops; `stop` waits for the runs under way. */
export function startLoops(process: Process, link: TemporalLink): { stop(): Promise<void> } {
  const { pool, log, metrics, steps, environment } = process;
  const reconcileMs = environment.RECONCILE_SECONDS * 1000;
  const sweep = createSweep(link, pool, log, metrics);
  const sweeping = every(reconcileMs, 'sweep', log, () => sweep.turn());
  const notices = createNoticeSender(steps);
  const database = createDatabaseWatch(steps, metrics);
  const relaying = every(500, 'relay', log, () => relay(link, pool, log, metrics));
  const loops: Loop[] = [
    relaying,
    every(250, 'grants', log, () => grantTurns(pool, log, () => relaying.poke())),
    every(1_000, 'people', log, () => tellPeople(steps)),
    every(1_000, 'notices', log, () => notices.turn()),
    every(5_000, 'database', log, () => database.turn()),
    every(30_000, 'silence', log, () => watchForSilence(pool)),
    every(30_000, 'failure-alarm', log, async () =>
      watchFailures(pool, failureAlarmOf(await readSetting(pool, 'alarm'))),
    ),
    every(600_000, 'retention', log, async () =>
      dropOldNotices(pool, noticeDaysOf(await readSetting(pool, 'retention'))),
    ),
    every(5_000, 'buyer-notices', log, () => tellBuyers(steps)),
    every(60_000, 'figures', log, () => settleFigures(pool)),
    every(2_000, 'resends', log, () => sendResends(steps)),
    every(10_000, 'stock-warnings', log, () => warnStock(steps)),
    every(1_000, 'resume', log, () => resumeMore(pool)),
    sweeping,
    every(Math.min(reconcileMs, 10_000), 'overdue', log, () => rescueOverdue(link, pool, log, metrics)),
    every(5_000, 'expire', log, async () => (await expireOrders(pool)) > 0),
    every(2_000, 'payment-queries', log, () => queryPayments(steps, metrics)),
    every(1_000, 'refunds', log, () => sendRefunds(steps)),
    every(30_000, 'account-keys', log, () => refreshAccountKeys(steps)),
    every(60_000, 'statements', log, () => matchStatements(steps, metrics)),
    every(600_000, 'notifications', log, () => purgeOldNotifications(pool)),
    every(1_000, 'audit-sealer', log, async () => (await sealAudit(pool)) > 0),
    every(1_000, 'cases', log, () => wakeCases(link, pool, log)),
    every(5_000, 'purchases', log, () => settleOrphans(steps)),
    every(10_000, 'supplier-balances', log, () => readBalances(steps)),
    every(600_000, 'supplier-calls', log, async () => (await dropOldCalls(pool)) > 0),
    every(300, 'imports', log, () => wakeImports(link, pool, log)),
    every(5_000, 'reencrypt', log, () => reencrypt(steps)),
    every(3_600_000, 'retire-keys', log, () => retireKeys(steps)),
    every(2_000, 'free-holds', log, () => freeHolds(pool)),
    every(600_000, 'sweep-holds', log, () => sweepHolds(pool)),
    every(10_000, 'expire-cards', log, () => expireCards(pool)),
    every(1_000, 'undo-batches', log, () => removeUndone(pool)),
    every(600_000, 'abandoned-imports', log, () => dropAbandonedImports(pool)),
    every(600_000, 'pickup-sessions', log, () => dropExpiredSessions(pool)),
  ];
  const directory = environment.IMPORT_DIRECTORY;
  if (directory !== undefined) {
    loops.push(every(2_000, 'drop-directory', log, () => lookAtDirectory(steps, directory)));
  }
  // A new connection may be to a server that has lost its store.
  link.onUp(() => {
    sweep.whole();
    relaying.poke();
    sweeping.poke();
  });
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await notices.idle();
    },
  };
}
