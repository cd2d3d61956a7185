/** Where a buyer pays for an order: asked of the provider once per channel, kept, and given out again. */
import { accountForOrder } from '../../db/access.ts';
import { keepPayRequest, payRequestOf } from '../../db/payment-facts.ts';
import type { Mode } from '../../domain/order.ts';
import { KnownError } from '../../domain/errors.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { GatewayRefused, QueryUnknown, type PaymentProvider } from '../../integrations/payments/provider.ts';
import type { ApiDeps } from '../deps.ts';
import { returnUrl } from '../notify/return.ts';

export interface OrderToPay {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  /** Null for an order that was made by hand: nobody can be sent to pay it. */
  readonly accountId: number | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresAt: Date;
}

/** Throws PAY_CURRENCY_UNSUPPORTED or PAY_METHOD_UNKNOWN before anything is placed. */
export function checkPayable(provider: PaymentProvider, currency: string, method: string | undefined): void {
  const { currencies, methods } = provider;
  if (currencies !== 'any' && !currencies.includes(currency)) {
    throw new KnownError('PAY_CURRENCY_UNSUPPORTED', { currencies });
  }
  if (method !== undefined && !methods.some(({ id }) => id === method)) {
    throw new KnownError('PAY_METHOD_UNKNOWN', { methods: methods.map(({ id }) => id) });
  }
}

/**
 * A page to go to (`redirect`), or the text of a QR code (`qr`). Throws PAY_REQUEST_FAILED if the provider does not take
 * it: the order is there, and asking again is safe.
 */
export async function payRequestFor(
  deps: Pick<ApiDeps, 'pool' | 'keyring' | 'providers' | 'outbound' | 'environment'>,
  order: OrderToPay,
  method?: string,
  buyerAddress?: string,
): Promise<{ readonly kind: 'redirect' | 'qr'; readonly url: string }> {
  const { pool } = deps;
  const known = await payRequestOf(pool, order.id, method ?? '');
  if (known) return known;
  if (order.accountId === null) throw new KnownError('ACCOUNT_NOT_FOUND');
  const stored = await accountForOrder(pool, order.mode, { id: order.accountId });
  const provider = stored && deps.providers.get(stored.provider);
  if (!provider) throw new KnownError('ACCOUNT_NOT_FOUND');
  checkPayable(provider, order.currency, method);
  const base = deps.environment.PUBLIC_URL;
  const payment = {
    orderNo: order.no,
    amountMinor: order.amountMinor,
    currency: order.currency,
    notifyUrl: `${base}/notify/${provider.id}/${stored.id}`,
    returnUrl: returnUrl(base, order.no),
    expiresAt: order.expiresAt,
    ...(method !== undefined && { method }),
    ...(buyerAddress !== undefined && { buyerAddress }),
  };
  try {
    const made = await provider.createPayment(openAccount(deps.keyring, stored), payment, deps.outbound);
    if (!provider.createsRemotely) return made;
    await keepPayRequest(pool, order.id, method ?? '', stored.id, { quote: {}, ...made });
    // If two asked at once, the first one's is the one that counts.
    return (await payRequestOf(pool, order.id, method ?? '')) ?? made;
  } catch (error) {
    if (!(error instanceof QueryUnknown || error instanceof GatewayRefused)) throw error;
    // A gateway that makes an order once only refuses the second of two at once.
    const other = await payRequestOf(pool, order.id, method ?? '');
    if (other) return other;
    throw new KnownError('PAY_REQUEST_FAILED', { code: error.detail });
  }
}
