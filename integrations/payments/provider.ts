/** What a payment provider is: one module each behind this interface. Verifying is pure; only asking goes out. */
import type { Mode } from '../../domain/order.ts';
import type { Outbound } from '../outbound.ts';

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

export type PaymentMeaning = 'paid' | 'waiting' | 'closed' | 'refunded' | 'partially_refunded' | 'disputed';

export interface PaymentEvent {
  readonly meaning: PaymentMeaning;
  readonly orderNo: string;
  /** The provider's own number; identity is account + this. */
  readonly tradeNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Blocks or the like on top of the payment, where the provider counts them. */
  readonly confirmations?: number;
  /** With `paid`: the provider says 已确认, it cannot change any more. */
  readonly final?: boolean;
}

export type RefusalCode =
  'METHOD' | 'BAD_FORMAT' | 'DUPLICATE_PARAMETER' | 'SECRET_MISSING' | 'BAD_SIGNATURE' | 'WRONG_MERCHANT' | 'STALE';

/** A signature is not a payment: what was signed is in the event's meaning. */
export type Verdict =
  { readonly ok: true; readonly event: PaymentEvent } | { readonly ok: false; readonly code: RefusalCode };

export interface Acknowledgement {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface QueryAnswer {
  readonly status: 'paid' | 'unpaid' | 'refunded' | 'closed';
  readonly tradeNo?: string;
  readonly amountMinor?: number;
  readonly currency?: string;
}

/** The provider did not say. Unknown is never "unpaid". */
export class QueryUnknown extends Error {
  readonly code: 'GATEWAY_SILENT' | 'GATEWAY_BAD_ANSWER';
  constructor(code: QueryUnknown['code']) {
    super(code);
    this.name = 'QueryUnknown';
    this.code = code;
  }
}

export interface Payment {
  readonly orderNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Channel inside the provider. */
  readonly method?: string;
  readonly notifyUrl: string;
  readonly returnUrl: string;
}

/** The console turns these into a form. */
export interface ConfigField {
  readonly key: string;
  readonly label: { readonly zh: string; readonly en: string };
  readonly secret: boolean;
  readonly required: boolean;
  readonly pattern: RegExp;
}

export interface ConfigProblem {
  readonly field: string;
  readonly zh: string;
  readonly en: string;
}

export interface PaymentProvider {
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly modes: readonly Mode[];
  readonly canQuery: boolean;
  readonly confirmByQueryDefault: boolean;
  readonly configFields: readonly ConfigField[];
  checkConfig(config: Readonly<Record<string, string>>): ConfigProblem[];
  /** Never throws, whatever comes in. */
  verify(account: ProviderAccount, raw: RawNotification): Verdict;
  readonly acknowledge: {
    readonly accepted: Acknowledgement;
    readonly refused: Acknowledgement;
    /** Nothing is durable yet: the provider shall repeat it. */
    readonly retryLater: Acknowledgement;
  };
  createPayment(
    account: ProviderAccount,
    payment: Payment,
    outbound: Outbound,
  ): Promise<{ kind: 'redirect' | 'qr'; url: string }>;
  /** Rejects with {@link QueryUnknown} for anything that is not a clear answer. */
  query(account: ProviderAccount, order: { readonly orderNo: string }, outbound: Outbound): Promise<QueryAnswer>;
}

/** The problems of a configuration by its fields; unknown keys are problems too. */
export function checkFields(fields: readonly ConfigField[], config: Readonly<Record<string, string>>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const field of fields) {
    const value = config[field.key];
    if (value === undefined || value === '') {
      if (field.required)
        problems.push({ field: field.key, zh: `请填写${field.label.zh}`, en: `${field.label.en} is missing` });
    } else if (!field.pattern.test(value)) {
      problems.push({ field: field.key, zh: `${field.label.zh}格式不正确`, en: `${field.label.en} is malformed` });
    }
  }
  for (const key of Object.keys(config)) {
    if (!fields.some((f) => f.key === key)) problems.push({ field: key, zh: '未知的配置项', en: 'unknown field' });
  }
  return problems;
}
