/** Payments of a started system as tests handle them: by the console's routes, with the ops token. */
import { call } from '../../dev/client.ts';
import type { System } from './system.ts';

export interface PaymentsAnswer {
  readonly payments: readonly {
    readonly id: number;
    readonly orderNo: string | null;
    readonly standing: string;
    readonly refundedMinor: number;
  }[];
}

export interface Money {
  readonly api: <T>(path: string, body?: unknown, expect?: number, method?: string) => Promise<T>;
  /** A payment account of mode test; its id. */
  readonly account: (provider: string, config: object) => Promise<number>;
  readonly rows: <T extends object>(sql: string, ...values: unknown[]) => Promise<T[]>;
  /** An order whose pay page of a fake was opened. */
  readonly order: (accountId: number) => Promise<Awaited<ReturnType<System['shop']['order']>>>;
  readonly stateOf: (orderNo: string) => Promise<string>;
  /** The provider is to be asked about it now. */
  readonly due: (orderNo: string) => Promise<object[]>;
  readonly paymentOf: (orderNo: string) => Promise<number>;
  /** Codes of its open tasks. */
  readonly tasks: (orderNo: string) => Promise<string[]>;
}

/** Of the system that is started by the time they are called. */
export function moneyOf(system: () => System): Money {
  const api: Money['api'] = (path, body, expect, method) =>
    call(`${system().base}/api/console${path}`, {
      token: system().opsToken,
      ...(body !== undefined && { body }),
      ...(expect !== undefined && { expect }),
      ...(method && { method }),
    });
  const rows = async <T extends object>(sql: string, ...values: unknown[]): Promise<T[]> =>
    (await system().parts.pool.query<T>(sql, values)).rows;
  return {
    api,
    rows,
    async account(provider, config) {
      const body = { provider, mode: 'test', name: provider, config };
      return (await api<{ account: { id: number } }>('/payment-accounts', body)).account.id;
    },
    async order(accountId) {
      const { shop, sku } = system();
      const placed = await shop.order({ sku, accountId });
      if (placed.payUrl.startsWith('http://127.0.0.1')) await fetch(placed.payUrl);
      return placed;
    },
    stateOf: async (no) => (await system().shop.read(no)).state,
    due: (no) => rows('update orders set next_query_at = now() where no = $1', no),
    paymentOf: async (no) => (await api<PaymentsAnswer>(`/payments?orderNo=${no}`)).payments[0]?.id ?? 0,
    tasks: async (no) =>
      (
        await rows<{ code: string }>(
          'select t.code from tasks t join orders o on o.id = t.order_id where o.no = $1 and t.closed_at is null order by 1',
          no,
        )
      ).map((t) => t.code),
  };
}
