import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call } from '../../dev/client.ts';
import { startSystem, type System } from '../support/system.ts';

interface Product {
  id: number;
  sku: string;
  version: number;
  nameParts: { face: string } | null;
  stock: { test: { available: number; held: number; sold: number; daysOfSupply: number | null } };
}
interface Refusal {
  error: { code: string; detail: unknown };
}

describe('products in the console', function () {
  this.timeout(60_000);
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  const ask = <T>(path: string, body?: unknown, options: { method?: string; expect?: number } = {}): Promise<T> =>
    call<T>(`${system.base}/api/console/${path}`, { token: system.opsToken, body, ...options });
  const create = (fields: object): Promise<Product> =>
    ask<Product>('products', { sku: randomUUID(), name: '游戏点卡-腾讯QQ-100元-365天', priceMinor: 100, ...fields });
  const refused = async (sku: string, order: object, expect: number): Promise<string> =>
    (
      await call<Refusal>(`${system.base}/api/v1/orders`, {
        token: system.shop.apiKey,
        body: { sku, accountId: system.sandbox, ...order },
        headers: { 'idempotency-key': randomUUID() },
        expect,
      })
    ).error.code;

  it('D2 D3: a product is made, found by a part of its name, and shows its stock', async () => {
    const product = await create({ tags: ['热卖'] });
    await create({ name: '话费充值-50元-永久', state: 'draft' });
    assert.equal(product.nameParts?.face, '100元');
    await system.shop.addCards(product.sku, ['a', 'b', 'c']);
    const { items } = await ask<{ items: Product[] }>(`products?nameFace=${encodeURIComponent('100元')}&tag=${encodeURIComponent('热卖')}`); // prettier-ignore
    assert.deepEqual(
      items.map((p) => [p.id, p.stock.test.available, p.stock.test.sold, p.stock.test.daysOfSupply]),
      [[product.id, 3, 0, null]],
    );
    const facets = await ask<{ types: string[] }>('products/facets');
    assert.ok(facets.types.includes('话费充值') && facets.types.includes('游戏点卡'));
  });

  it('the list is paged by keyset: each product once, whatever is added between', async () => {
    for (let i = 0; i < 5; i++) await create({ tags: ['paged'] });
    const seen: number[] = [];
    let after = '';
    for (;;) {
      const page = await ask<{ items: Product[]; next: number | null }>(`products?tag=paged&limit=2${after}`);
      seen.push(...page.items.map((p) => p.id));
      if (page.next === null) break;
      after = `&after=${page.next}`;
      await create({ tags: ['paged'] });
    }
    assert.equal(seen.length, 5);
    assert.equal(new Set(seen).size, 5);
  });

  it('E6: of two who edit the same version the second is told who was first, and the audit names what changed', async () => {
    const product = await create({});
    const { id, version } = product;
    const fields = { sku: product.sku, name: '游戏点卡-腾讯QQ-100元-365天', version };
    const first = await ask<Product>(`products/${id}`, { ...fields, priceMinor: 250 }, { method: 'PUT' });
    assert.equal(first.version, version + 1);
    const second = await ask<Refusal>(`products/${id}`, { ...fields, priceMinor: 300 }, { method: 'PUT', expect: 409 });
    assert.equal(second.error.code, 'PRODUCT_CHANGED');
    assert.deepEqual(second.error.detail, { by: 'ops token', version: version + 1 });
    const { items } = await ask<{ items: { action: string; detail: { changes?: unknown } }[] }>(`products/${id}/history`); // prettier-ignore
    assert.deepEqual(items[0]?.detail.changes, { priceMinor: { from: 100, to: 250 } });
    assert.equal(items[1]?.action, 'product_created');
  });

  it('a SKU that exists, fields that contradict and a template that does not exist are refused by name', async () => {
    const { sku } = await create({});
    assert.equal((await ask<Refusal>('products', { sku, name: 'x', priceMinor: 1 }, { expect: 409 })).error.code, 'SKU_TAKEN'); // prettier-ignore
    const wrong = { sku: randomUUID(), name: 'x', priceMinor: 1 };
    assert.equal((await ask<Refusal>('products', { ...wrong, minQuantity: 5, maxQuantity: 2 }, { expect: 400 })).error.code, 'PRODUCT_INVALID'); // prettier-ignore
    assert.equal((await ask<Refusal>('products', { ...wrong, templateId: 999 }, { expect: 404 })).error.code, 'TEMPLATE_NOT_FOUND'); // prettier-ignore
  });

  it('a quantity outside the limits of an order is refused with the limits', async () => {
    const { sku } = await create({ minQuantity: 2, maxQuantity: 3 });
    assert.equal(await refused(sku, { quantity: 1 }, 409), 'QUANTITY_LIMIT');
    assert.equal(await refused(sku, { quantity: 4 }, 409), 'QUANTITY_LIMIT');
    await system.shop.order({ sku, quantity: 3, accountId: system.sandbox });
  });

  it('每人限购: 5 parallel orders of one buyer cannot exceed 2, and an order without contact is refused', async () => {
    const { sku } = await create({ buyerLimit: 2 });
    assert.equal(await refused(sku, {}, 400), 'CONTACT_REQUIRED');
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () =>
        system.shop.order({ sku, email: 'Limit@example.com', accountId: system.sandbox }),
      ),
    );
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 2);
    for (const r of results) if (r.status === 'rejected') assert.match(String(r.reason), /BUYER_LIMIT/);
    await system.shop.order({ sku, email: 'other@example.com', accountId: system.sandbox });
  });

  it('库存上限: of a product without keys no more units are ordered than there are, 8 at once', async () => {
    const { sku } = await create({ kind: 'manual', stockLimit: 3 });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => system.shop.order({ sku, accountId: system.sandbox })),
    );
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 3);
  });
});
