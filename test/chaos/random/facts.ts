/** What is known after a run: rows, mails, and the history of what was done and answered. No I/O in here. */

export interface OrderFact {
  readonly id: number;
  readonly no: string;
  readonly state: string;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly mail: boolean;
  readonly paidAt: number | null;
  readonly releasedAt: number | null;
  readonly doneAt: number | null;
  /** Payments that may set it going: standing accepted or late. */
  readonly accepted: number;
  /** Audit rows `delivered`. */
  readonly deliveries: number;
  /** Audit rows `payment`, and rows of payments: as many. */
  readonly paymentAudits: number;
  readonly payments: number;
}

export interface CardFact {
  readonly id: number;
  readonly key: string;
  readonly state: string;
  readonly orderId: number | null;
}

export interface MailFact {
  readonly to: string;
  readonly messageId: string;
  readonly text: string;
}

/** One line of the history file: what was asked of the system, and what it answered (undefined: nothing). */
export type Done =
  | { readonly what: 'ordered'; readonly orderNo: string; readonly email: string | null; readonly quantity: number }
  | { readonly what: 'imported'; readonly keys: readonly string[] }
  | {
      readonly what: 'notified';
      readonly kind: 'exact' | 'wrong' | 'forged' | 'second';
      readonly orderNo: string;
      readonly tradeNo: string;
      readonly status: number | undefined;
    }
  | {
      readonly what: 'acted';
      readonly id: string;
      readonly orderNo: string;
      readonly kind: string;
      readonly status: number | undefined;
    }
  /** Times of the database's clock: from the answer that it is off to the request to turn it on. */
  | { readonly what: 'switched off'; readonly from: number; readonly to: number }
  | { readonly what: 'fault'; readonly kind: string };

export interface Facts {
  readonly history: readonly Done[];
  readonly orders: readonly OrderFact[];
  readonly cards: readonly CardFact[];
  /** account and trade number of every stored payment. */
  readonly trades: ReadonlySet<string>;
  readonly actions: readonly { readonly id: string; readonly orderNo: string }[];
  readonly mails: readonly MailFact[];
  /** Order numbers of workflows that run. */
  readonly running: ReadonlySet<string>;
  readonly outbox: number;
  readonly auditChainValid: boolean;
}
