/** People ask the provider about an order; what it says is paid enters by the same door as a notification. */
import { accountById } from '../../db/access.ts';
import { foundReceipt, takePaymentIn } from '../../db/intake.ts';
import type { OrderRow } from '../../db/orders.ts';
import { lastQuote, spendQuery } from '../../db/payment-queries.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { askProvider, foundPayment } from '../../integrations/payments/ask.ts';
import { QueryUnknown, type QueryAnswer } from '../../integrations/payments/provider.ts';
import type { ApiDeps } from '../deps.ts';

export interface Said {
  readonly answer: QueryAnswer['status'] | 'unknown' | 'cannot_ask';
  /** The provider's own code where it did not say. */
  readonly detail: string | null;
  /** What was paid, where the provider says so. */
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

const nothing = { detail: null, amountMinor: null, currency: null };

/** Never throws for a provider that does not say. `must`: asked although the account's rate is used up. */
export async function askAbout(deps: ApiDeps, order: OrderRow, must: boolean): Promise<Said> {
  const { pool, keyring, providers, outbound, temporal } = deps;
  const stored = order.accountId === null ? undefined : await accountById(pool, order.accountId);
  const provider = stored && providers.get(stored.provider);
  if (!stored || !provider?.canQuery) return { ...nothing, answer: 'cannot_ask' };
  if (!(await spendQuery(pool, stored.id, must))) return { ...nothing, answer: 'unknown', detail: 'RATE' };
  const account = openAccount(keyring, stored);
  try {
    const placed = { orderNo: order.no, quote: await lastQuote(pool, order.id) };
    const answer = await askProvider(provider, account, placed, outbound);
    const found = foundPayment(answer);
    if (found) {
      const payment = { mode: account.mode, orderNo: order.no, ...found };
      const { start } = await takePaymentIn(pool, foundReceipt('query', account, found), payment);
      if (start) temporal.start(start);
    }
    return { ...nothing, answer: answer.status, ...(found && { amountMinor: found.amountMinor, currency: found.currency }) }; // prettier-ignore
  } catch (error) {
    if (!(error instanceof QueryUnknown)) throw error;
    return { ...nothing, answer: 'unknown', detail: error.detail ?? error.code };
  }
}

/** True if the provider says that exactly this order's money is there. */
export function agrees(order: Pick<OrderRow, 'amountMinor' | 'currency'>, said: Said): boolean {
  return said.answer === 'paid' && said.amountMinor === order.amountMinor && said.currency === order.currency;
}
