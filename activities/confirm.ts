/** Asks the provider whether an order is paid, before anything irreversible (payments.md: 易支付 always). */
import { accountById } from '../db/access.ts';
import { orderAccount } from '../db/delivery.ts';
import { lastQuote } from '../db/payment-queries.ts';
import { askProvider } from '../integrations/payments/ask.ts';
import { openAccount } from '../integrations/payments/account.ts';
import { QueryUnknown } from '../integrations/payments/provider.ts';
import { advanceConfirmed } from './advance.ts';
import type { ActivityDeps } from './deps.ts';
import { deliveryFailure } from './failures.ts';
import type { Outcome } from './outcome.ts';

/** Goes on if the provider confirms amount and currency; anything else fails for the order's policy to retry. */
export async function confirmPayment(deps: ActivityDeps, orderId: number): Promise<Outcome> {
  const order = await orderAccount(deps.pool, orderId);
  if (!order) throw deliveryFailure('ORDER_NOT_FOUND', false);
  const account = await accountById(deps.pool, order.accountId);
  const provider = account && deps.providers.get(account.provider);
  if (!account || !provider) throw deliveryFailure('ACCOUNT_NOT_FOUND');
  const placed = { orderNo: order.no, quote: await lastQuote(deps.pool, orderId) };
  const answer = await askProvider(provider, openAccount(deps.keyring, account), placed, deps.outbound).catch(
    (error: unknown) => {
      if (!(error instanceof QueryUnknown)) throw error;
      throw deliveryFailure(error.code === 'GATEWAY_BAD_ANSWER' ? 'GATEWAY_BAD_ANSWER' : 'GATEWAY_SILENT');
    },
  );
  await deps.fault?.('confirm:after-answer', orderId);
  const exact =
    answer.status === 'paid' && answer.amountMinor === order.amountMinor && answer.currency === order.currency;
  if (!exact) throw deliveryFailure('PAYMENT_UNCONFIRMED');
  return advanceConfirmed(deps, orderId);
}
