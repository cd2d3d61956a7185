import assert from 'node:assert/strict';
import { startFakeUsdt } from '../../dev/fakes/usdt-gateway.ts';
import { flatMembers, signUsdt } from '../../integrations/payments/usdt.ts';
import { accountOf, freshOrderNo, providerOf, rawSigned } from '../support/gateways.ts';

const provider = providerOf('usdt');

describe('USDT: the epusdt family', () => {
  it("A3: the signatures of the gateways' own documentation", () => {
    // assimon/epusdt wiki/API.md and BEpusdt docs/api/api.md.
    const params = new Map(
      Object.entries({ order_id: '20220201030210321', amount: '42', notify_url: 'http://example.com/notify', redirect_url: 'http://example.com/redirect' }), // prettier-ignore
    );
    assert.equal(signUsdt(params, 'epusdt_password_xasddawqe'), '1cd4b52df5587cfb1968b0c0c6e156cd');
  });

  it('A3: numbers are signed as Go prints them, whatever was written', () => {
    const members = (text: string) => Object.fromEntries(flatMembers(text) ?? []);
    assert.deepEqual(members('{"amount":100.00,"actual_amount":15.6250,"n":0.10,"status":2,"x":null,"s":"1.00"}'), {
      amount: '100',
      actual_amount: '15.625',
      n: '0.1',
      status: '2',
      x: '',
      s: '1.00',
    });
    for (const odd of ['{"a":1e3}', '{"a":1,"a":2}', '{"a":{}}', '{"a":[1]}', '[]', '{"a":1}x', '{"a":12345678901234567}', '', '{"a":"\\x"}'])
      assert.equal(flatMembers(odd), undefined, odd); // prettier-ignore
  });

  for (const flavour of ['assimon', 'gmwallet', 'bepusdt'] as const) {
    it(`A5: ${flavour}: waiting and timed out are signed too and are no payment; the quote must fit`, async () => {
      const fake = await startFakeUsdt({ port: 0, flavour });
      const account = accountOf('usdt', fake.config);
      const orderNo = freshOrderNo();
      const body = JSON.parse(fakeOrder(fake.config, orderNo)) as object;
      await fetch(`${fake.url}/create`, { method: 'POST', body: JSON.stringify(body) });
      const meaning = (change: Record<string, string | number>) => {
        const verdict = provider.verify(account, rawSigned({ headers: {}, body: fake.notification(orderNo, change) }));
        return verdict.ok ? verdict.event.meaning : verdict.code;
      };
      assert.equal(meaning({ status: 1 }), 'waiting');
      assert.equal(meaning({ status: 3 }), 'closed');
      assert.equal(meaning({ status: 2 }), 'paid');
      assert.equal(meaning({ status: 4 }), 'BAD_FORMAT');
      assert.equal(meaning({ status: 2, actual_amount: 'x' }), 'BAD_FORMAT');
      assert.equal(meaning({ status: 2, note: 'x&status=2' }), 'AMBIGUOUS');
      if (flavour === 'gmwallet') assert.equal(meaning({ status: 2, pid: '1001' }), 'WRONG_MERCHANT');
      const verdict = provider.verify(
        account,
        rawSigned({ headers: {}, body: fake.notification(orderNo, { status: 2 }) }),
      );
      assert.ok(verdict.ok);
      assert.deepEqual(Object.keys(verdict.event.quote ?? {}), ['trade', 'coins', 'address']);
      assert.match(verdict.event.receipt ?? '', /^[0-9a-f]{64}$/);
      await fake.close();
    });
  }
});

function fakeOrder(config: Readonly<Record<string, string>>, orderNo: string): string {
  const params = new Map([['order_id', orderNo], ['amount', '1']]); // prettier-ignore
  return JSON.stringify({ order_id: orderNo, amount: 1, signature: signUsdt(params, config['token'] ?? '') });
}
