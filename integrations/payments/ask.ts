/** Asking a provider about an order, with what it had fixed. */
import type { Outbound } from '../outbound.ts';
import type { PaymentProvider, ProviderAccount, QueryAnswer } from './provider.ts';

/** A payment that a query or a statement found, in the shape that intake takes. */
export interface FoundPayment {
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly currency: string;
}

/** Rejects with QueryUnknown. */
export function askProvider(
  provider: PaymentProvider,
  account: ProviderAccount,
  order: { readonly orderNo: string; readonly quote?: Readonly<Record<string, string>> | undefined },
  outbound: Outbound,
): Promise<QueryAnswer> {
  const { orderNo, quote } = order;
  return provider.query(account, { orderNo, ...(quote && { quote }) }, outbound);
}

/** The payment of an answer that says paid, if it is whole. */
export function foundPayment(answer: QueryAnswer): FoundPayment | undefined {
  const { status, tradeNo, amountMinor, currency } = answer;
  if (status !== 'paid' || !tradeNo || amountMinor === undefined || !currency) return undefined;
  return { tradeNo, amountMinor, currency };
}
