import assert from 'node:assert/strict';
import { fakeFuluLogin, startFakeFulu, type FakeFulu } from '../../dev/fakes/fulu-supplier.ts';
import { createOutbound } from '../../integrations/outbound.ts';
import { fulu, openFuluKey, signFulu } from '../../integrations/suppliers/fulu.ts';
import type { SupplierAccount } from '../../integrations/suppliers/supplier.ts';
import { keepsTheSupplierContract } from '../support/supplier-contract.ts';

function account(fake: FakeFulu, config: Record<string, string> = {}): SupplierAccount {
  return { id: 1, kind: 'fulu', mode: 'test', currency: 'CNY', config: { gateway: fake.url, ...fakeFuluLogin, ...config } }; // prettier-ignore
}

for (const [what, target] of [['card keys', undefined], ['top-ups', '13800138000']] as const) {
  keepsTheSupplierContract(`fulu, ${what}`, async () => {
    const fake = await startFakeFulu({ port: 0 });
    fake.stock('10000001', 250);
    return {
      adapter: fulu,
      account: account(fake),
      stranger: account(fake, { appSecret: 'x'.repeat(32) }),
      purchase: { sku: '10000001', quantity: 1, options: {}, ...(target !== undefined && { target }) },
      unitMinor: 250,
      arrange: (situation) => fake.misbehave(situation, 1),
      sales: () => fake.orders.length,
      attempts: fake.attempts,
      close: () => fake.close(),
    };
  });
} // prettier-ignore

describe('fulu on the wire', () => {
  let fake: FakeFulu;
  let outbound: ReturnType<typeof createOutbound>;
  before(async () => {
    fake = await startFakeFulu({ port: 0 });
    fake.stock('10000001', 100);
    outbound = createOutbound({ allow: [new URL(fake.url).host], timeoutMs: 400 });
  });
  after(async () => {
    await outbound.close();
    await fake.close();
  });
  const purchase = { sku: '10000001', quantity: 1, options: {} };

  it('signs the sorted characters of the JSON: a vector of the published rule, made with another implementation', () => {
    // Python: md5(''.join(sorted(json.dumps(fields, separators=(',', ':')))) + secret)
    const fields = { app_key: 'K', method: 'fulu.user.info.get', timestamp: '2019-07-24 09:45:11', version: '2.0', format: 'json', charset: 'utf-8', sign_type: 'md5', app_auth_token: '', biz_content: '{}' }; // prettier-ignore
    assert.equal(signFulu(fields, fakeFuluLogin.appSecret), '812075906fc1a3cf687d4897313b7428');
    const turned = Object.fromEntries(Object.entries(fields).reverse());
    assert.equal(
      signFulu(turned, fakeFuluLogin.appSecret),
      '812075906fc1a3cf687d4897313b7428',
      'whatever the order of the fields',
    );
  });

  it("opens keys as the platform's documents show them: their own test key and card", () => {
    const key = (text: string): string => openFuluKey(text, fakeFuluLogin.appSecret);
    assert.equal(key('12nCp6X/nALmrvr1erxK+D4L8n/kqz/RItKWUfvZrCU='), 'CD1000250201906121742434441');
    assert.equal(key('9HeOgdv+NpLihh2+5Gm0Mj4L8n/kqz/RItKWUfvZrCU='), 'CP1000250201906121742434441');
    assert.throws(() => openFuluKey('12nCp6X/nALmrvr1erxK+D4L8n/kqz/RItKWUfvZrCU=', 'x'.repeat(32)));
  });

  it('B6: a top-up is accepted, then asked about by our number until it is final; a failed one is surely not bought', async () => {
    fake.becomes = 'processing';
    for (const [end, kind] of [['success', 'delivered'], ['failed', 'refused']] as const) {
      const ours = { ...purchase, ref: `MFTOPUP${end}`, target: '10001' };
      const placed = await fulu.place(account(fake), ours, outbound);
      assert.ok(placed.kind === 'accepted' && placed.supplierRef);
      assert.equal((await fulu.find?.(account(fake), ours, outbound) as { kind: string }).kind, 'accepted');
      fake.settle(ours.ref, end);
      const found = await fulu.find?.(account(fake), ours, outbound);
      assert.ok(found !== 'absent' && found?.kind === kind);
      assert.equal(fake.orders.at(-1)?.account, '10001');
    }
    fake.becomes = 'success';
  }); // prettier-ignore

  it('B4: card keys come only when asked for, opened; the cost is per piece and rounded up', async () => {
    const ours = { ...purchase, ref: 'MFCARDS0001', quantity: 3 };
    const placed = await fulu.place(account(fake), ours, outbound);
    assert.deepEqual([placed.kind, 'codes' in placed], ['accepted', false]);
    const found = await fulu.find?.(account(fake), ours, outbound);
    assert.ok(found !== 'absent' && found?.kind === 'delivered');
    assert.deepEqual(found.codes?.reveal().split('\n'), fake.orders.at(-1)?.keys);
    assert.equal(found.costMinor, 300);
  });

  it('B3: what is not in the list of sure refusals is unknown; a product code that is no number never leaves', async () => {
    fake.misbehave('deadlock', 1);
    const busy = await fulu.place(account(fake), { ...purchase, ref: 'MFBUSY00001' }, outbound);
    assert.ok(busy.kind === 'unknown' && busy.evidence.startsWith('SAID: '));
    const before = fake.attempts();
    const wrong = await fulu.place(account(fake), { ...purchase, sku: 'ABC', ref: 'MFWRONG0001' }, outbound);
    assert.deepEqual(wrong, { kind: 'refused', reason: 'PRODUCT' });
    assert.equal(fake.attempts(), before);
  });
});
