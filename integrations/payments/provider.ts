/**
 * What a payment provider is: one module each behind this interface. Verifying is pure; only asking goes out. What a
 * provider cannot do is absent (`refunds`, `close`, `statement`), so that callers must look.
 */
import type { Mode } from '../../domain/order.ts';
import type { Outbound } from '../outbound.ts';
import type { ConfigField, ConfigProblem, Words } from '../config-fields.ts';

export interface ProviderAccount {
  readonly id: number;
  readonly provider: string;
  readonly mode: Mode;
  /** Secrets opened. */
  readonly config: Readonly<Record<string, string>>;
}

export interface RawNotification {
  readonly method: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Raw, without the question mark. */
  readonly query: string;
  readonly body: Buffer;
  readonly receivedAt: Date;
}

/** Every status of every provider is one of these; the table of docs/payments.md says which. */
export const paymentMeanings = [
  'paid',
  'waiting',
  'closed', // not paid, and it cannot be any more
  'partially_refunded',
  'refunded',
  'refund_trouble', // a refund that was begun is stuck or failed
  'disputed',
] as const;
export type PaymentMeaning = (typeof paymentMeanings)[number];

export interface PaymentEvent {
  readonly meaning: PaymentMeaning;
  readonly orderNo: string;
  /** The provider's own number; identity is account + this. */
  readonly tradeNo: string;
  /** What the payer was charged for the order; of refunds, too, the amount of the payment. */
  readonly amountMinor: number;
  readonly currency: string;
  /** Blocks or the like on top of the payment, where the provider counts them. */
  readonly confirmations?: number;
  /** With `paid`: the provider says 已确认, it cannot change any more. */
  readonly final?: boolean;
  /** The provider must be asked before anything irreversible, whatever the account says. */
  readonly mustConfirm?: boolean;
  /** What must equal the quote that the provider gave when the payment was created ({@link PayRequest.quote}). */
  readonly quote?: Readonly<Record<string, string>>;
  /** A fact that can pay one order only, ever, at any account: the transfer on a chain. */
  readonly receipt?: string;
  readonly refund?: {
    /** Our own number, if the refund was ours. */
    readonly refundNo?: string;
    readonly amountMinor?: number;
  };
}

export type RefusalCode =
  | 'METHOD'
  | 'BAD_FORMAT'
  | 'DUPLICATE_PARAMETER'
  | 'AMBIGUOUS'
  | 'SECRET_MISSING'
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'SIGNATURE_PROBE'
  | 'WRONG_MERCHANT'
  | 'STALE';

/** A signature is not a payment: what was signed is in the event's meaning. */
export type Verdict =
  { readonly ok: true; readonly event: PaymentEvent } | { readonly ok: false; readonly code: RefusalCode };

/** Verified, and about something else than a payment of ours: acknowledged without looking further. */
export const refuse = (code: RefusalCode): Verdict => ({ ok: false, code });

export interface Acknowledgement {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What a provider says about an order. Only `paid` moves one, and only with its exact amount. */
export interface QueryAnswer {
  readonly status: 'paid' | 'unpaid' | 'refunded' | 'closed';
  readonly tradeNo?: string;
  readonly amountMinor?: number;
  readonly currency?: string;
  readonly confirmations?: number;
}

/** The provider did not say. Unknown is never "unpaid", and never "not refunded". */
export class QueryUnknown extends Error {
  readonly code: 'GATEWAY_SILENT' | 'GATEWAY_BAD_ANSWER';
  /** The provider's own error code, for people. Never text that could hold a key. */
  readonly detail: string | undefined;
  constructor(code: QueryUnknown['code'], detail?: string) {
    super(detail === undefined ? code : `${code} ${detail}`);
    this.name = 'QueryUnknown';
    this.code = code;
    this.detail = detail;
  }
}

/** The provider understood and said no: trying the same again gives the same answer. */
export class GatewayRefused extends Error {
  /** The provider's own error code. */
  readonly detail: string;
  constructor(detail: string) {
    super(`GATEWAY_REFUSED ${detail}`);
    this.name = 'GatewayRefused';
    this.detail = detail;
  }
}

/** An order as its provider knows it. */
export interface PlacedPayment {
  readonly orderNo: string;
  /** What {@link PayRequest.quote} held, for providers that need it again. */
  readonly quote?: Readonly<Record<string, string>>;
}

export interface Payment {
  readonly orderNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Channel inside the provider, one of {@link PaymentProvider.methods}. */
  readonly method?: string;
  readonly notifyUrl: string;
  readonly returnUrl: string;
  readonly expiresAt: Date;
  /** The buyer's address, where a provider wants it (微信 H5). */
  readonly buyerAddress?: string;
}

/** Where the buyer pays: a page to go to, or the text of a QR code to scan. */
export interface PayRequest {
  readonly kind: 'redirect' | 'qr';
  readonly url: string;
  /** What the provider fixed with this request (its own id, coin, address …): kept, and compared on payment. */
  readonly quote?: Readonly<Record<string, string>>;
}

export interface Refund {
  readonly orderNo: string;
  readonly tradeNo: string;
  /** Ours; the provider's idempotency key where it has one. */
  readonly refundNo: string;
  readonly amountMinor: number;
  /** Of the whole payment. */
  readonly totalMinor: number;
  readonly currency: string;
  readonly quote?: Readonly<Record<string, string>>;
}

export interface RefundAnswer {
  /** `none`: the provider knows no such refund. `abnormal`: stuck until a person acts at the provider. */
  readonly status: 'done' | 'pending' | 'failed' | 'abnormal' | 'none';
  /** The provider's own code for it. */
  readonly detail?: string;
}

export interface RefundDesk {
  readonly partial: boolean;
  /** The same refund number again is the same refund. If not, an unknown outcome is never repeated blindly. */
  readonly idempotent: boolean;
  /** Rejects with {@link QueryUnknown} if the outcome is unknown. */
  send(account: ProviderAccount, refund: Refund, outbound: Outbound): Promise<RefundAnswer>;
  ask?(account: ProviderAccount, refund: Refund, outbound: Outbound): Promise<RefundAnswer>;
}

/** One paid trade of a provider's own books. */
export interface StatementLine {
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly currency: string;
}

export interface PaymentProvider {
  readonly id: string;
  readonly name: Words;
  readonly modes: readonly Mode[];
  /** ISO codes that it takes. */
  readonly currencies: readonly string[] | 'any';
  /** Channels that a buyer may choose from; the first is the default. */
  readonly methods: readonly { readonly id: string; readonly label: Words }[];
  readonly canQuery: boolean;
  readonly confirmByQueryDefault: boolean;
  /** Creating a payment is a call to the provider whose answer must be kept. */
  readonly createsRemotely: boolean;
  readonly configFields: readonly ConfigField[];
  /** Says which of the pasted fields is wrong, and why. */
  checkConfig(config: Readonly<Record<string, string>>): ConfigProblem[];
  /**
   * Fetches the provider's own keys, where they change by themselves: the fields of the configuration as they should be
   * now, or undefined where there is nothing to fetch. Rejects with {@link QueryUnknown} or {@link GatewayRefused}.
   */
  refreshKeys?(account: ProviderAccount, outbound: Outbound): Promise<Readonly<Record<string, string>> | undefined>;
  /**
   * A notification as the provider would sign it, of something that is not paid: where both sides hold the secret. Absent
   * where only the provider can sign (支付宝, 微信支付, 易支付 v2).
   */
  selfNotification?(account: ProviderAccount, orderNo: string, at: Date): Omit<RawNotification, 'receivedAt'>;
  /** Never throws, whatever comes in. */
  verify(account: ProviderAccount, raw: RawNotification): Verdict;
  readonly acknowledge: {
    readonly accepted: Acknowledgement;
    readonly refused: Acknowledgement;
    /** Nothing is durable yet: the provider shall repeat it. */
    readonly retryLater: Acknowledgement;
  };
  createPayment(account: ProviderAccount, payment: Payment, outbound: Outbound): Promise<PayRequest>;
  /** Rejects with {@link QueryUnknown} for anything that is not a clear answer. */
  query(account: ProviderAccount, placed: PlacedPayment, outbound: Outbound): Promise<QueryAnswer>;
  /** Ends an unpaid payment. `paid` if it was paid meanwhile. */
  close?(account: ProviderAccount, placed: PlacedPayment, outbound: Outbound): Promise<'closed' | 'paid'>;
  readonly refunds?: RefundDesk;
  /** The paid trades of one day (YYYY-MM-DD in the provider's zone), for the daily match. */
  statement?(account: ProviderAccount, day: string, outbound: Outbound): Promise<readonly StatementLine[]>;
}
