import assert from 'node:assert/strict';
import { fakeSupplierLogin, startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { createOutbound } from '../../integrations/outbound.ts';
import { acgFaka, signAcg } from '../../integrations/suppliers/acg-faka.ts';
import { parseItems } from '../../integrations/suppliers/acg-items.ts';
import type { SupplierAccount } from '../../integrations/suppliers/supplier.ts';
import { keepsTheSupplierContract } from '../support/supplier-contract.ts';

function account(fake: FakeSupplier, config: Record<string, string> = {}): SupplierAccount {
  return {
    id: 1,
    kind: 'acg-faka',
    mode: 'test',
    currency: 'CNY',
    config: { site: fake.url, ...fakeSupplierLogin, ...config },
  };
}

keepsTheSupplierContract('acg-faka', async () => {
  const fake = await startFakeSupplier({ port: 0 });
  fake.stock('UP-1', 250);
  return {
    adapter: acgFaka,
    account: account(fake),
    stranger: account(fake, { appKey: 'not-the-right-key' }),
    purchase: { sku: 'UP-1', quantity: 1, options: {} },
    unitMinor: 250,
    arrange: (situation) => fake.misbehave(situation, 1),
    sales: () => fake.sales.length,
    attempts: fake.attempts,
    close: () => fake.close(),
  };
});

describe('acg-faka on the wire', () => {
  let fake: FakeSupplier;
  let outbound: ReturnType<typeof createOutbound>;
  before(async () => {
    fake = await startFakeSupplier({ port: 0 });
    fake.stock('UP-1', 100);
    outbound = createOutbound({ allow: [new URL(fake.url).host], timeoutMs: 400 });
  });
  after(async () => {
    await outbound.close();
    await fake.close();
  });

  it('signs as the shop system does: vectors made by an independent implementation of its PHP', () => {
    const vectors: [string, Record<string, string>, string][] = [
      ['494e07847a34e701c99f5f65aaf74307', { shared_code: 'A1B2C3', num: '1', request_no: 'MF0001', card_id: '0', device: '0', contact: 'MF0001', password: '', app_id: '1001', app_key: 'KEY12345' }, 'KEY12345'],
      ['06e1e057992370fffb6608139336efea', { tradeNo: '123241124120000456', app_id: '7', app_key: 'abcdefgh' }, 'abcdefgh'],
      ['ebdfaa831d22b6cd00ca08ad8162afbc', { shared_code: 'X', race: '月卡 30天', 'sku[颜色]': '红', 'sku[大小]': 'L&M=+%', num: '10', app_id: '1001', app_key: 'KEY12345' }, 'KEY12345'],
    ]; // prettier-ignore
    for (const [sign, fields, key] of vectors) {
      assert.equal(signAcg(Object.entries(fields), key), sign);
      assert.equal(signAcg(Object.entries({ ...fields, sign: 'anything' }), key), sign, 'sign itself does not count');
    }
  });

  it('reaches sites without rewriting by the query route', async () => {
    const balance = await acgFaka.balance(account(fake, { route: 'query' }), outbound);
    assert.equal(balance, fake.balanceMinor);
  });

  it('B3: words that are not in the list of sure refusals are unknown, and what is kept of them holds no key', async () => {
    fake.misbehave('deadlock', 1);
    const purchase = { ref: 'MFDEADLOCK01', sku: 'UP-1', quantity: 1, options: {} };
    const answer = await acgFaka.place(account(fake), purchase, outbound);
    assert.ok(answer.kind === 'unknown');
    assert.match(answer.evidence, /^SAID: /);
    assert.doesNotMatch(answer.evidence, /[A-Za-z0-9]{8,}/);
  });

  it('B4: an apology comes as if it were a key; the adapter passes it on unjudged', async () => {
    fake.misbehave('apology', 1);
    const purchase = { ref: 'MFAPOLOGY01', sku: 'UP-1', quantity: 1, options: {} };
    const answer = await acgFaka.place(account(fake), purchase, outbound);
    assert.ok(answer.kind === 'delivered');
    assert.match(answer.codes?.reveal() ?? '', /抱歉/);
  });

  it('B3: without keys in the answer the purchase is accepted, and fetched by the number of the supplier', async () => {
    fake.misbehave('later', 1);
    const purchase = { ref: 'MFLATER0001', sku: 'UP-1', quantity: 1, options: {} };
    const answer = await acgFaka.place(account(fake), purchase, outbound);
    assert.ok(answer.kind === 'accepted' && answer.supplierRef);
    assert.equal((await acgFaka.fetch?.(account(fake), answer.supplierRef, outbound))?.kind, 'accepted');
    fake.fulfil(answer.supplierRef);
    assert.equal((await acgFaka.fetch?.(account(fake), answer.supplierRef, outbound))?.kind, 'delivered');
  });

  it('reads the goods of old and new sites, with their kinds', () => {
    const config = '[category]\n月卡=10\n年卡=100\n[category_factory]\n月卡=8\n';
    const items = parseItems(
      [
        { name: 'A', children: [{ code: 'X', name: 'x', price: '10.00', factory_price: 0, config }] },
        {
          name: 'B',
          children: [{ code: 'Y', name: 'y', price: '5', factory_price: 4.5, stock: 7 }, { name: 'no code' }],
        },
      ],
      'CNY',
    );
    assert.deepEqual(items, [
      { sku: 'X', name: 'x', costMinor: 1000, options: { race: ['月卡', '年卡'] } },
      { sku: 'Y', name: 'y', costMinor: 450, stock: 7 },
    ]);
  });
});
