import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { goLive } from '../../db/live.ts';
import { actors } from '../../db/locks.ts';
import { call, openShop, type Shop } from '../../dev/client.ts';
import { fakeMerchant } from '../../dev/fakes/epay-gateway.ts';
import { signEpay } from '../../integrations/payments/epay.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly action: string };
}

describe('E2: before going live', () => {
  let system: System;
  let shop: Shop;
  let accountId: number;
  before(async () => {
    system = await startSystem();
    shop = await openShop(system.base, system.opsToken, { name: 'live', mode: 'live' });
    const { id } = await call<{ id: number }>(`${system.base}/ops/api/payment-accounts`, {
      token: system.opsToken,
      body: { provider: 'epay', mode: 'live', name: 'epay', config: { gateway: system.gateway.url, ...fakeMerchant }, confirmByQuery: false }, // prettier-ignore
    });
    accountId = id;
  });
  after(() => system.stop());

  const ofShop = (key = randomUUID()): Promise<Response> =>
    fetch(`${system.base}/api/v1/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${shop.apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ sku: system.sku, email: 'a@example.com', accountId }),
    });
  const ofBuyer = (): Promise<Response> =>
    fetch(`${system.base}/api/buyer/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: randomUUID(), sku: system.sku, quantity: 1, email: 'a@example.com', accountId }),
    });
  const offerOpen = async (): Promise<boolean> =>
    (await call<{ open: boolean }>(`${system.base}/api/buyer/products/${system.sku}`)).open;
  const liveOrders = async (): Promise<number> =>
    (await query<{ n: number }>(system, `select count(*)::int as n from orders where mode = 'live'`))[0]?.n ?? -1;

  it('E2: a live order is refused with code, cause and next step, by shop and by buyer; test orders go through', async () => {
    for (const answer of [await ofShop(), await ofBuyer()]) {
      assert.equal(answer.status, 409);
      const { error } = (await answer.json()) as Refusal;
      assert.equal(error.code, 'SHOP_NOT_LIVE');
      assert.match(JSON.stringify(error), /尚未正式上线.*上线检查/);
    }
    assert.equal(await offerOpen(), false);
    assert.equal(await liveOrders(), 0);
    await system.shop.order({ sku: system.sku, accountId: system.sandbox });
  });

  it('E2: money of an order that is not ours, such as the cent of the callback check, opens no shop', async () => {
    const fields = new Map(
      Object.entries({ pid: fakeMerchant.pid, trade_no: 'stray', out_trade_no: 'SOMEBODY-ELSE', type: 'alipay', name: 'x', money: '0.01', trade_status: 'TRADE_SUCCESS' }), // prettier-ignore
    );
    const form = new URLSearchParams([...fields, ['sign', signEpay(fields, fakeMerchant.key)], ['sign_type', 'MD5']]);
    await fetch(`${system.base}/notify/epay/${accountId}?${form.toString()}`);
    const came = await query(system, `select from payments where mode = 'live' and order_id is null`);
    assert.equal(came.length, 1, 'the money has come in');
    assert.equal(await offerOpen(), false);
    assert.equal((await ofShop()).status, 409);
  });

  it('E2: from going live on the same request is an order, once per key', async () => {
    const key = randomUUID();
    assert.equal((await ofShop(key)).status, 409);
    await goLive(system.parts.pool, actors.opsToken);
    assert.equal(await offerOpen(), true);
    const [first, second] = await Promise.all([ofShop(key), ofShop(key)]);
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal((await ofBuyer()).status, 201);
    assert.equal(await liveOrders(), 2);
  });

  it('E2: a shop that was paid for live orders before this was asked stays open', async () => {
    const { order, payUrl } = (await (await ofShop()).json()) as { order: { orderNo: string }; payUrl: string };
    await query(system, `delete from settings where key = 'went_live'`);
    assert.equal(await offerOpen(), false);
    await fetch(payUrl);
    await system.gateway.pay(order.orderNo);
    assert.equal(await offerOpen(), true);
    assert.equal((await ofShop()).status, 201);
  });
});
