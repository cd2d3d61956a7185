/**
 * The daily match: what a provider's own books call paid and nobody has told us enters by the same door as a
 * notification. The last net under lost notifications.
 */
import type { ActivityDeps } from '../../activities/deps.ts';
import { accountById } from '../../db/access.ts';
import { foundReceipt, takePaymentIn } from '../../db/intake.ts';
import { finishStatement, missingLines, planStatements, takeStatement } from '../../db/statements.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { statementDay } from '../../domain/statement.ts';
import type { Metrics } from '../../integrations/metrics.ts';
import { openAccount } from '../../integrations/payments/account.ts';

type StatementDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'providers' | 'outbound' | 'log'>;

/** Matches one statement; true if there may be more. */
export async function matchStatements(deps: StatementDeps, metrics: Metrics, now = new Date()): Promise<boolean> {
  const able = [...deps.providers.values()].filter((p) => p.statement !== undefined).map((p) => p.id);
  await planStatements(deps.pool, able, statementDay(now));
  const due = await takeStatement(deps.pool);
  if (!due) return false;
  try {
    const result = await match(deps, metrics, due);
    await finishStatement(deps.pool, due, result);
    if (result.found > 0)
      deps.log.warn({ ...due, ...result }, 'a statement knew payments that no notification brought');
  } catch (error) {
    const failure = error instanceof Error ? error.message.split('\n')[0] : undefined;
    await finishStatement(deps.pool, due, { failure: failure ?? 'unknown' });
    deps.log.info({ ...due, err: error }, 'statement not matched; tried again later');
  }
  return true;
}

async function match(
  deps: StatementDeps,
  metrics: Metrics,
  { accountId, day }: { accountId: number; day: string },
): Promise<{ lines: number; found: number }> {
  const stored = await accountById(deps.pool, accountId);
  const provider = stored && deps.providers.get(stored.provider);
  if (!stored || !provider?.statement) return { lines: 0, found: 0 };
  const account = openAccount(deps.keyring, stored);
  // What the merchant sells elsewhere stands in the same books, under numbers that are not ours.
  const lines = (await provider.statement(account, day, deps.outbound)).filter((l) => orderNoPattern.test(l.orderNo));
  let found = 0;
  for (let at = 0; at < lines.length; at += 1_000) {
    for (const line of await missingLines(deps.pool, accountId, lines.slice(at, at + 1_000))) {
      found++;
      const received = foundReceipt('statement', account, line);
      const { decision } = await takePaymentIn(deps.pool, received, { ...line, mode: account.mode });
      metrics.notifications.inc({ provider: provider.id, verdict: 'statement', decision });
    }
  }
  return { lines: lines.length, found };
}
