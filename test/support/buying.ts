/** A system with suppliers, and an order that is taken through its steps as the story does, without Temporal. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { advance } from '../../activities/advance.ts';
import type { FaultPoint } from '../../activities/deps.ts';
import type { Outcome } from '../../activities/outcome.ts';
import { purchase } from '../../activities/purchase.ts';
import { fakeSupplierLogin, startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { call } from '../../dev/client.ts';
import { cardAad } from '../../integrations/keyring/keyring.ts';
import { suppliers } from '../../integrations/suppliers/registry.ts';
import { orderNoOf, paidOrders, query } from './paid-orders.ts';
import type { ScriptedSupplier } from './scripted-supplier.ts';
import { startSystem, type System } from './system.ts';

export type Ended = Outcome | { readonly failed: unknown; readonly retry: boolean };

export interface Buying {
  /** Adds a supplier of that kind; its id. */
  supplier(kind: string, config: Record<string, string>, change?: object): Promise<number>;
  acg(fake: FakeSupplier, change?: object): Promise<number>;
  /** A new product with these sources in order; its SKU. */
  product(sources: readonly { supplierId: number; supplierSku?: string; [k: string]: unknown }[], poolUse?: string): Promise<string>; // prettier-ignore
  order(sku: string, quantity?: number): Promise<number>;
  /** The order's number. */
  no(orderId: number): Promise<string>;
  /** Steps until the order waits, ends, or fails for its policy to retry. */
  run(orderId: number): Promise<Ended>;
  purchases(orderId: number): Promise<{ id: number; ref: string; state: string; refusal: string | null; evidence: string | null; asked: number }[]>; // prettier-ignore
  /** Of its purchases, in order. */
  states(orderId: number): Promise<string[]>;
  state(orderId: number): Promise<{ state: string; failureCode: string | null }>;
  /** Keys of the order in clear, as the buyer sees them. */
  goods(orderId: number): Promise<string[]>;
  pool(sku: string): Promise<number>;
  /** The next question is due now. */
  due(orderId: number): Promise<void>;
  api<T>(path: string, options?: Parameters<typeof call>[1]): Promise<T>;
}

/** A system that buys at the fake of acg-faka, and at what a script answers; `stop` ends both. */
export async function startBuying(
  scripted: readonly ScriptedSupplier[],
  fault: (point: FaultPoint) => Promise<void> | void,
): Promise<{ system: System; fake: FakeSupplier; shop: Buying; acg: number; stop(): Promise<void> }> {
  const fake = await startFakeSupplier({ port: 0 });
  fake.stock('UP-1', 80);
  const system = await startSystem({
    reach: [fake.url],
    suppliers: new Map([...suppliers, ...scripted.map((s) => [s.adapter.id, s.adapter] as const)]),
    fault,
  });
  const shop = buying(system);
  const stop = async (): Promise<void> => {
    await system.stop();
    await fake.close();
  };
  return { system, fake, shop, acg: await shop.acg(fake), stop };
}

export function buying(system: System): Buying {
  const api = <T>(path: string, options: Parameters<typeof call>[1] = {}): Promise<T> =>
    call<T>(`${system.base}/api/console/${path}`, { token: system.opsToken, ...options });
  const made: Buying = {
    api,
    async supplier(kind, config, change = {}) {
      const body = { kind, mode: 'test', name: randomUUID(), config, ...change };
      return (await api<{ id: number }>('suppliers', { body })).id;
    },
    acg: (fake, change) => made.supplier('acg-faka', { site: fake.url, ...fakeSupplierLogin }, change),
    async product(sources, poolUse = 'first') {
      const sku = `BUY-${randomUUID().slice(0, 8)}`;
      await system.shop.createProduct({ sku, name: sku, priceMinor: 100, policy: { retries: 1, intervalMs: 1000 } });
      const body = { poolUse, sources: sources.map((s) => ({ supplierSku: 'UP-1', ...s })) };
      await api(`products/${sku}/sources`, { method: 'PUT', body });
      return sku;
    },
    async order(sku, quantity = 1) {
      const [id] = await paidOrders(system, 1, quantity, sku);
      if (id === undefined) throw new Error('no order');
      return id;
    },
    no: (orderId) => orderNoOf(system, orderId),
    states: async (orderId) => (await made.purchases(orderId)).map((p) => p.state),
    async run(orderId) {
      try {
        for (;;) {
          const outcome = await advance(system.parts.steps, orderId);
          if (outcome.next !== 'purchase') return outcome;
          const next = await purchase(system.parts.steps, orderId, outcome.source);
          if (next.next !== 'purchase') return next;
        }
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        return { failed: error.details?.[0], retry: error.nonRetryable !== true };
      }
    },
    purchases: (orderId) =>
      query(system, 'select id, ref, state, refusal, evidence, asked from purchases where order_id = $1 order by id', orderId), // prettier-ignore
    async state(orderId) {
      const [row] = await query<{ state: string; failureCode: string | null }>(
        system,
        'select state, failure_code as "failureCode" from orders where id = $1',
        orderId,
      );
      if (!row) throw new Error('no order');
      return row;
    },
    async goods(orderId) {
      const rows = await query<{ product_id: number; ciphertext: Buffer; fingerprint: Buffer }>(
        system,
        `select c.product_id, c.ciphertext, c.fingerprint from cards c join orders o on o.id = c.order_id
         where o.id = $1 and o.released_at is not null and c.state = 'sold' order by c.seq`,
        orderId,
      );
      return rows.map((r) =>
        system.parts.steps.keyring.open('card', r.ciphertext, cardAad(r.product_id, r.fingerprint)).toString(),
      );
    },
    async pool(sku) {
      const [row] = await query<{ n: number }>(
        system,
        `select count(*)::int as n from cards c join products p on p.id = c.product_id where p.sku = $1 and c.state = 'available'`,
        sku,
      );
      return row?.n ?? -1;
    },
    async due(orderId) {
      await query(system, 'update purchases set next_ask_at = now() where order_id = $1 and next_ask_at is not null', orderId); // prettier-ignore
    },
  };
  return made;
}
