/** What the API works with; `main.ts` and tests make it. */
import type { Payload } from '@temporalio/common';
import type { Logger } from 'pino';
import type { OrderStart } from '../db/intake.ts';
import type { Pool } from '../db/sql.ts';
import type { OrderState } from '../domain/order.ts';
import type { Environment } from '../integrations/environment.ts';
import type { Keyring } from '../integrations/keyring/keyring.ts';
import type { Mailer } from '../integrations/mail.ts';
import type { Metrics } from '../integrations/metrics.ts';
import type { Outbound } from '../integrations/outbound.ts';
import type { PaymentProvider } from '../integrations/payments/provider.ts';
import type { SupplierAdapter } from '../integrations/suppliers/supplier.ts';

export interface ApiDeps {
  readonly environment: Environment;
  readonly pool: Pool;
  readonly keyring: Keyring;
  readonly mailer: Mailer;
  readonly outbound: Outbound;
  readonly providers: ReadonlyMap<string, PaymentProvider>;
  readonly suppliers: ReadonlyMap<string, SupplierAdapter>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly temporal: {
    readonly up: boolean;
    answers(): Promise<boolean>;
    start(order: OrderStart): void;
    apply(orderNo: string, actionId: string): Promise<OrderState | undefined>;
  };
  readonly codec: {
    encode(payloads: Payload[]): Promise<Payload[]>;
    decode(payloads: Payload[]): Promise<Payload[]>;
  };
}
