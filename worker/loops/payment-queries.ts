/**
 * Lost notifications: asks providers about unpaid orders on a widening schedule. A payment found enters by the same door
 * as a notification (same unique key), so both may race. What expired unpaid is closed at the provider.
 */
import { accountById } from '../../db/access.ts';
import { foundReceipt, takePaymentIn } from '../../db/intake.ts';
import { askSoon, dueQueries, lastQuote, type QueryDue } from '../../db/payment-queries.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { askProvider, foundPayment } from '../../integrations/payments/ask.ts';
import type { Metrics } from '../../integrations/metrics.ts';

type QueryDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'providers' | 'outbound' | 'log'>;

/** True if there may be more to ask. */
export async function queryPayments(deps: QueryDeps, metrics: Metrics, batch = 20): Promise<boolean> {
  const due = await dueQueries(deps.pool, batch);
  await Promise.all(
    due.map((order) =>
      ask(deps, metrics, order).catch((error: unknown) => {
        deps.log.info({ order: order.orderNo, err: error }, 'payment query gave no answer; asked again later');
      }),
    ),
  );
  return due.length >= batch;
}

async function ask(deps: QueryDeps, metrics: Metrics, due: QueryDue): Promise<void> {
  const stored = await accountById(deps.pool, due.accountId);
  const provider = stored && deps.providers.get(stored.provider);
  if (!stored || !provider?.canQuery) return;
  const account = openAccount(deps.keyring, stored);
  const placed = { orderNo: due.orderNo, quote: await lastQuote(deps.pool, due.orderId) };
  const answer = await askProvider(provider, account, placed, deps.outbound);
  const found = foundPayment(answer);
  if (!found) {
    const over = due.state === 'expired' && answer.status === 'unpaid';
    const { orderNo, quote } = placed;
    const closed = over && (await provider.close?.(account, { orderNo, ...(quote && { quote }) }, deps.outbound));
    // Paid while it was being closed.
    if (closed === 'paid') await askSoon(deps.pool, orderNo);
    return;
  }
  const payment = { mode: account.mode, orderNo: due.orderNo, ...found };
  const result = await takePaymentIn(deps.pool, foundReceipt('query', account, found), payment);
  metrics.notifications.inc({ provider: provider.id, verdict: 'queried', decision: result.decision });
}
