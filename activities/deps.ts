/** What the steps work with; composition roots and tests make it. */
import type { Logger } from 'pino';
import type { Pool } from '../db/sql.ts';
import type { Keyring } from '../integrations/keyring/keyring.ts';
import type { Mailer } from '../integrations/mail.ts';
import type { Outbound } from '../integrations/outbound.ts';
import type { PaymentProvider } from '../integrations/payments/provider.ts';
import type { SupplierAdapter } from '../integrations/suppliers/supplier.ts';

/** Named places where crash tests stop or kill a process; production passes none. */
export type FaultPoint =
  | 'purchase:begun'
  | 'purchase:answered'
  | 'purchase:settled'
  | 'case:begun'
  | 'case:money-asked'
  | 'case:done'
  | 'advance:before-commit'
  | 'advance:after-commit'
  | 'confirm:after-answer'
  | 'mail:accepted'
  | 'webhook:accepted'
  | 'import:checked'
  | 'import:block';

export interface ActivityDeps {
  readonly pool: Pool;
  readonly keyring: Keyring;
  readonly mailer: Mailer;
  readonly outbound: Outbound;
  readonly providers: ReadonlyMap<string, PaymentProvider>;
  readonly suppliers: ReadonlyMap<string, SupplierAdapter>;
  /** Base of every link that buyers get, without a slash at the end. */
  readonly publicUrl: string;
  readonly log: Logger;
  readonly fault?: (point: FaultPoint, subject: number) => Promise<void> | void;
}
