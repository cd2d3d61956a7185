/** Orders paid at any of the fakes, without their creation going through our API: what is tried is what comes afterwards. */
import { call } from '../../dev/client.ts';
import type { Gateway } from './gateways.ts';
import type { System } from './system.ts';

export interface PaidAtGateway {
  readonly orderNo: string;
  readonly accountId: number;
  /** Sends the genuine notification to an API; resolves with what it answered. */
  readonly notify: (base: string) => Promise<string>;
}

export async function paidAt(system: System, gateway: Gateway): Promise<PaidAtGateway> {
  const { provider, config } = gateway.account;
  const body = { provider, mode: 'test', name: provider, config };
  const { account } = await call<{ account: { id: number } }>(`${system.base}/api/console/payment-accounts`, { token: system.opsToken, body }); // prettier-ignore
  const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
  const { quote = {} } = await gateway.place(orderNo);
  await system.parts.pool.query(
    `with moved as (update orders set account_id = $2, confirm_by_query = false where no = $1 returning id)
     insert into pay_requests (order_id, method, account_id, kind, url, quote) select id, 'x', $2, 'redirect', 'x', $3::jsonb from moved`,
    [orderNo, account.id, JSON.stringify(quote)],
  );
  await gateway.pay(orderNo);
  const raw = gateway.notification(orderNo);
  return {
    orderNo,
    accountId: account.id,
    async notify(base) {
      const url = `${base}/notify/${provider}/${account.id}${raw.query === '' ? '' : `?${raw.query}`}`;
      const answer = await fetch(url, {
        method: raw.method,
        headers: raw.headers as Record<string, string>,
        ...(raw.method !== 'GET' && { body: Uint8Array.from(raw.body) }),
      });
      return answer.text();
    },
  };
}
