/**
 * The one interface to upstream suppliers. An adapter is one file; what its protocol can and cannot do stands in its
 * capabilities, and the purchase protocol reads those, never the adapter's name.
 */
import type { Mode } from '../../domain/order.ts';
import type { Refusal } from '../../domain/supplier.ts';
import type { Outbound } from '../outbound.ts';
import type { ConfigField, ConfigProblem } from '../config-fields.ts';

export interface SupplierAccount {
  readonly id: number;
  readonly kind: string;
  readonly mode: Mode;
  readonly currency: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface Capabilities {
  /** What a second order under the same reference does. */
  readonly idempotency: 'replays' | 'rejects-duplicate' | 'none';
  /** Can one ask for an order by our reference? Without it an unknown outcome goes to a person. */
  readonly queryByOurRef: boolean;
  /** "No such order" is true at the first reading. */
  readonly readsYourWrites: boolean;
  readonly callback: 'signed' | 'static-secret' | 'unsigned' | 'none';
  /** Has `cancel`: an order that ends before its goods came is called off. */
  readonly cancel: boolean;
  /** The order itself carries the highest price we pay. Without it the price is asked for before. */
  readonly priceCeiling: boolean;
  readonly stock: 'exact' | 'hint' | 'none';
  /** The supplier takes an account number and tops it up (直充). */
  readonly topUp: boolean;
  /** Soonest question after an order whose answer was lost, in milliseconds. */
  readonly minQueryDelayMs: number;
}

/** What is bought: words of the supplier's catalogue, never of the buyer. */
export interface Purchase {
  /** Ours, ≤ 32 characters of [A-Za-z0-9]; stored before the call. */
  readonly ref: string;
  readonly sku: string;
  readonly quantity: number;
  /** What else the supplier wants to know: kind, variant. */
  readonly options: Readonly<Record<string, string>>;
  /** The account to top up, for 直充. */
  readonly target?: string;
  /** For the whole purchase, in minor units. */
  readonly ceilingMinor?: number;
}

/** Keys on their way from an answer to the sealing. They show in no log and no JSON. */
export class Codes {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  reveal(): string {
    return this.#text;
  }
  toJSON(): string {
    return '[codes]';
  }
}

export type Answer =
  /** `codes` is what the supplier delivered, unjudged; undefined for a top-up. */
  | { readonly kind: 'delivered'; readonly supplierRef?: string; readonly codes?: Codes; readonly costMinor?: number }
  | { readonly kind: 'accepted'; readonly supplierRef?: string; readonly costMinor?: number }
  /** Surely not bought. */
  | { readonly kind: 'refused'; readonly reason: Refusal }
  /** May have been bought. `evidence` is for people: a closed word, and what the supplier said, masked. */
  | { readonly kind: 'unknown'; readonly evidence: string };

export interface Quote {
  /** For the whole quantity. */
  readonly costMinor: number;
  /** Undefined if the supplier does not say. */
  readonly stock?: number;
}

export interface SupplierProduct {
  readonly sku: string;
  readonly name: string;
  readonly costMinor?: number;
  readonly stock?: number;
  /** Variants that must be chosen, by the name of the option. */
  readonly options?: Readonly<Record<string, readonly string[]>>;
}

/** A question (balance, price, catalogue, an order) got no usable answer. Money is not at stake in it. */
export class SupplierTrouble extends Error {
  readonly code: 'SUPPLIER_SILENT' | 'SUPPLIER_BAD_ANSWER' | 'SUPPLIER_DENIED' | 'SUPPLIER_PRODUCT';
  constructor(code: SupplierTrouble['code']) {
    super(code);
    this.name = 'SupplierTrouble';
    this.code = code;
  }
}

export interface SupplierAdapter {
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** In which it bills. `any`: the protocol does not say, so the operator does. */
  readonly currencies: readonly string[] | 'any';
  readonly capabilities: Capabilities;
  readonly configFields: readonly ConfigField[];
  checkConfig(config: Readonly<Record<string, string>>): ConfigProblem[];
  /** Exactly one HTTP attempt that may spend money. Never rejects: what it cannot tell is `unknown`. */
  place(account: SupplierAccount, purchase: Purchase, outbound: Outbound): Promise<Answer>;
  /** By our reference; only with `queryByOurRef`. Rejects with {@link SupplierTrouble} if it cannot be told. */
  find?(account: SupplierAccount, purchase: Purchase, outbound: Outbound): Promise<Answer | 'absent'>;
  /** By the supplier's own number. Rejects with {@link SupplierTrouble} if it cannot be told. */
  fetch?(account: SupplierAccount, supplierRef: string, outbound: Outbound): Promise<Answer>;
  /**
   * Calls an order off that was accepted; only with the capability `cancel`. `cancelled`: surely nothing is bought, now or
   * later. May be said twice. Rejects with {@link SupplierTrouble} if it cannot be told.
   */
  cancel?(account: SupplierAccount, purchase: Purchase, supplierRef: string | null, outbound: Outbound): Promise<'cancelled' | 'too-late'>; // prettier-ignore
  /** Price and stock now. Rejects with {@link SupplierTrouble}. */
  quote(account: SupplierAccount, purchase: Omit<Purchase, 'ref'>, outbound: Outbound): Promise<Quote>;
  /** Money left, in minor units of the account's currency. Rejects with {@link SupplierTrouble}. */
  balance(account: SupplierAccount, outbound: Outbound): Promise<number>;
  /** What can be bought. Rejects with {@link SupplierTrouble}. */
  catalogue(account: SupplierAccount, outbound: Outbound): Promise<SupplierProduct[]>;
}
