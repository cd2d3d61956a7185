/**
 * A test order goes the way of a real one: placed by our own checkout, paid by a signed sandbox notification that comes in
 * by the public door of this process. The sandbox account is made at the first test, with a random secret (rule 11).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Router } from 'express';
import { accountForOrder, insertAccount, reserveAccountId, type StoredAccount } from '../../db/access.ts';
import { applyAction } from '../../db/actions.ts';
import { addCards, productBySku } from '../../db/catalog.ts';
import { stockOf } from '../../db/stock.ts';
import { openTestOrders, voidTestCards } from '../../db/test-data.ts';
import { KnownError } from '../../domain/errors.ts';
import { numberOf } from '../../domain/key-shape.ts';
import { freeNumbers } from '../../db/numbers.ts';
import { keyText, sealKey } from '../../integrations/keyring/goods.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { openAccount, sealAccount } from '../../integrations/payments/account.ts';
import { signSandbox } from '../../integrations/payments/sandbox.ts';
import { consoleTesting } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { ownShop } from '../own-shop.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { place } from '../shop/orders.ts';

export function testingRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, environment } = deps;

  const sandbox = async (actorId: number): Promise<StoredAccount> => {
    const known = await accountForOrder(pool, 'test', { provider: 'sandbox' });
    if (known) return known;
    const id = await reserveAccountId(pool);
    const config = sealAccount(keyring, id, { secret: randomBytes(24).toString('hex') });
    const account = { id, provider: 'sandbox', mode: 'test' as const, name: '测试沙盒 / sandbox', config, confirmByQuery: false, confirmAboveMinor: null, queriesPerMinute: 60 }; // prettier-ignore
    await insertAccount(pool, account, actorId);
    return { ...account, enabled: true };
  };

  serve(router, authenticate, consoleTesting.placeTestOrder, async (call) => {
    const { actorId } = person(call);
    const { id, sku, quantity, email, sampleCards } = call.body;
    const product = await productBySku(pool, sku);
    if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
    if (sampleCards > 0) {
      const cards = Array.from({ length: sampleCards }, () => {
        const made = (): string => `TEST-${randomUUID().toUpperCase()}`;
        const parts = Array.from(
          { length: Math.max(product.partLabels.length, product.cardUse === 'chosen' ? 2 : 1) },
          made,
        );
        const sealed = sealKey(keyring, product.id, keyText(parts));
        return product.cardUse === 'chosen' ? { ...sealed, label: numberOf(parts) } : sealed;
      });
      await addCards(pool, { productId: product.id, mode: 'test', source: 'test', note: '', actorId, cards });
    }
    const account = await sandbox(actorId);
    const { available: before } = await stockOf(pool, product.id, 'test');
    const [number] = product.cardUse === 'chosen' ? await freeNumbers(pool, product.id, 'test', { limit: 1 }) : [];
    const order = await place(deps, {
      caller: await ownShop(pool, 'test'),
      headers: { 'idempotency-key': `test:${id}` },
      body: {
        sku,
        quantity,
        locale: 'zh-CN',
        accountId: account.id,
        // A number is held for somebody.
        ...(email === undefined ? number && { email: 'test-order@example.com' } : { email }),
        ...(number && { number: number.number }),
      },
    });
    const { no, amountMinor, currency } = order;
    const body = JSON.stringify({ orderNo: no, tradeNo: `test-${no}`, amountMinor, currency, status: 'paid' });
    const secret = openAccount(keyring, account).config['secret'] ?? '';
    const answer = await fetch(`http://127.0.0.1:${environment.PORT}/notify/sandbox/${account.id}`, {
      method: 'POST',
      body,
      headers: { 'miaofa-sandbox-signature': signSandbox(secret, Math.floor(Date.now() / 1000), body) },
    }).catch(() => undefined);
    if (answer?.ok !== true) throw new KnownError('TEST_PAYMENT_REFUSED', { status: answer?.status ?? null });
    const token = keyring.open('contact', order.token, contactAad(no)).toString('utf8');
    return { orderNo: no, pickupUrl: `${environment.PUBLIC_URL}/pickup#${token}`, before };
  });

  serve(router, authenticate, consoleTesting.testStock, async ({ query }) => {
    const product = await productBySku(pool, query.sku);
    if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
    const { available } = await stockOf(pool, product.id, 'test');
    return { available };
  });

  serve(router, authenticate, consoleTesting.cleanTestOrders, async (call) => {
    const { actorId } = person(call);
    let closed = 0;
    for (const orderNo of await openTestOrders(pool)) {
      const action = { id: randomUUID(), orderNo, kind: 'close' as const, note: '清理测试数据', actorId };
      // One that ended in this moment needs no closing.
      const done = await applyAction(pool, action).catch((error: unknown) => {
        if (error instanceof KnownError && error.code === 'ORDER_STATE_CONFLICT') return undefined;
        throw error;
      });
      if (done) closed += 1;
    }
    return { closed, cards: await voidTestCards(pool, actorId) };
  });
}
