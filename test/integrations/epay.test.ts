import assert from 'node:assert/strict';
import { createHash, createSign } from 'node:crypto';
import { startFakeEpayV2, type FakeEpayV2 } from '../../dev/fakes/epay-v2-gateway.ts';
import { signEpay } from '../../integrations/payments/epay.ts';
import { accountOf, providerOf, rawForm, rawGet } from '../support/gateways.ts';

const key = 'k_test_0123456789abcdef';
const v1 = providerOf('epay');
const account = accountOf('epay', { gateway: 'https://pay.example.com', pid: '1001', key });

/** Canonical text as a person would write it, wire form and MD5, computed with other tools. */
const vectors: [name: string, canonical: string, wire: string, md5: string, pid: string, meaning: string, minor: number][] = [
  ['Chinese', 'money=1.00&name=VIP会员&out_trade_no=ORD1&pid=1001&trade_no=2026112300001&trade_status=TRADE_SUCCESS&type=alipay', 'money=1.00&name=VIP%E4%BC%9A%E5%91%98&out_trade_no=ORD1&pid=1001&trade_no=2026112300001&trade_status=TRADE_SUCCESS&type=alipay', '31736aac6cc88c78ff481a6729cb3f40', '1001', 'paid', 100],
  ['plus, percent and an empty parameter', 'money=10&name=A+B 100%&out_trade_no=ORD2&pid=1001&trade_no=2026112300002&trade_status=TRADE_SUCCESS&type=wxpay', 'money=10&name=A%2BB+100%25&out_trade_no=ORD2&param=&pid=1001&trade_no=2026112300002&trade_status=TRADE_SUCCESS&type=wxpay', 'ba0eb4df272b2e2fa4114be74020de4e', '1001', 'paid', 1000],
  ['"0" is not empty', 'money=0.10&name=0&out_trade_no=ORD3&param=0&pid=1001&trade_no=2026112300003&trade_status=TRADE_SUCCESS&type=wxpay', 'money=0.10&name=0&out_trade_no=ORD3&param=0&pid=1001&trade_no=2026112300003&trade_status=TRADE_SUCCESS&type=wxpay', '82c83cd963e042d5750d6fc5e60e7856', '1001', 'paid', 10],
  ['four digits of money', 'money=100.0000&name=VIP&out_trade_no=ORD4&pid=1000&trade_no=20260523171652123456001&trade_status=TRADE_SUCCESS&type=alipay', 'money=100.0000&name=VIP&out_trade_no=ORD4&pid=1000&trade_no=20260523171652123456001&trade_status=TRADE_SUCCESS&type=alipay', '2d3858a19ea3e3ae861f4746ea96c34d', '1000', 'paid', 10000],
  ['signed, but not paid', 'money=1.00&name=VIP&out_trade_no=ORD5&pid=1001&trade_no=2026112300005&trade_status=WAIT_BUYER_PAY&type=alipay', 'money=1.00&name=VIP&out_trade_no=ORD5&pid=1001&trade_no=2026112300005&trade_status=WAIT_BUYER_PAY&type=alipay', '2064f280bef520baf716538990e55fcf', '1001', 'waiting', 100],
]; // prettier-ignore

describe('易支付 v1: MD5', () => {
  for (const [name, canonical, wire, md5, pid, meaning, minor] of vectors) {
    it(`A3: recorded vector: ${name}`, () => {
      assert.equal(createHash('md5').update(canonical + key).digest('hex'), md5); // prettier-ignore
      const at = accountOf('epay', { ...account.config, pid });
      for (const raw of [rawGet(`${wire}&sign=${md5}&sign_type=MD5`), rawForm(`sign_type=MD5&sign=${md5}&${wire}`)]) {
        const verdict = v1.verify(at, raw);
        assert.ok(verdict.ok, JSON.stringify(verdict));
        assert.equal(verdict.event.meaning, meaning);
        assert.equal(verdict.event.amountMinor, minor);
      }
    });
  }

  it('A3: parameters that a clone adds are signed too, and count', () => {
    const params = { pid: '1001', trade_no: 'T001', out_trade_no: 'O1', type: 'alipay', name: 'x', money: '1.00', trade_status: 'TRADE_SUCCESS', api_trade_no: '2026', endtime: '2026-11-24 10:00:00' }; // prettier-ignore
    const sign = signEpay(Object.entries(params), key);
    assert.ok(v1.verify(account, rawGet(new URLSearchParams({ ...params, sign, sign_type: 'MD5' }).toString())).ok);
  });

  it('A5: the re-split attack through `name` and `param` is refused although its signature is right', () => {
    // Bought for 0.01 with a name of the attacker's choice; the gateway signs, the browser carries it home.
    const tails = [
      { name: 'x&out_trade_no=VICTIM', money: '0.01', out_trade_no: 'MINE' },
      { name: 'VIP', out_trade_no: 'MINE', param: 'y&trade_no=T999&trade_status=TRADE_SUCCESS' },
    ];
    for (const tail of tails) {
      const honest = new Map(Object.entries({ money: '1.00', pid: '1001', trade_no: 'T001', trade_status: 'TRADE_SUCCESS', type: 'alipay', ...tail })); // prettier-ignore
      const sign = signEpay(honest, key);
      assert.deepEqual(v1.verify(account, rawGet(`${new URLSearchParams([...honest]).toString()}&sign=${sign}`)), {
        ok: false,
        code: 'AMBIGUOUS',
      });
      // The same bytes re-split at every `&k=` into other parameters: what is repeated or hidden is refused.
      const text = [...honest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${k}=${v}`).join('&'); // prettier-ignore
      const pieces = text.split('&');
      for (let cut = 0; cut < 2 ** (pieces.length - 1); cut++) {
        const merged = pieces.reduce((out, piece, i) => (i && cut & (1 << (i - 1)) ? `${out}%26${piece.replaceAll('=', '%3D')}` : i ? `${out}&${piece}` : piece), ''); // prettier-ignore
        const verdict = v1.verify(account, rawGet(`${merged}&sign=${sign}`));
        assert.equal(verdict.ok, false, merged);
      }
    }
  });

  it('A5: a short, upper-case or missing signature, another type, parameters in two places: refused', () => {
    const [, , wire = '', md5 = ''] = vectors[0] ?? [];
    const code = (raw: ReturnType<typeof rawGet>): string => {
      const verdict = v1.verify(account, raw);
      return verdict.ok ? 'ok' : verdict.code;
    };
    assert.equal(code(rawGet(wire)), 'BAD_FORMAT');
    assert.equal(code(rawGet(`${wire}&sign=${md5.toUpperCase()}`)), 'BAD_FORMAT');
    assert.equal(code(rawGet(`${wire}&sign=${md5}&sign_type=RSA`)), 'BAD_FORMAT');
    assert.equal(code(rawGet(`${wire}&sign=${md5}&money=1.00`)), 'DUPLICATE_PARAMETER');
    assert.equal(code({ ...rawForm(wire), query: `sign=${md5}` }), 'BAD_FORMAT');
    assert.equal(code({ ...rawGet(`${wire}&sign=${md5}`), method: 'DELETE' }), 'METHOD');
  });
});

describe('易支付 v2: RSA', () => {
  const v2 = providerOf('epay_v2');
  let fake: FakeEpayV2;
  before(async () => {
    fake = await startFakeEpayV2({ port: 0 });
  });
  after(() => fake.close());
  const at = () => accountOf('epay_v2', fake.config);
  /** Signed by OpenSSL's streaming interface over a text written here. */
  const signed = (timestamp: number, money = '1.00'): string => {
    const text = `money=${money}&name=Order&out_trade_no=M1&pid=1002&timestamp=${timestamp}&trade_no=V20001&trade_status=TRADE_SUCCESS&type=alipay`;
    const sign = createSign('RSA-SHA256').update(text).sign(fake.privateKey).toString('base64');
    return `${text}&param=&sign_type=RSA&sign=${encodeURIComponent(sign)}`;
  };

  it('A3: a notification signed by the platform verifies; altered it does not', () => {
    const now = Math.floor(Date.now() / 1000);
    const verdict = v2.verify(at(), rawGet(signed(now)));
    assert.deepEqual(verdict, {
      ok: true,
      event: { meaning: 'paid', orderNo: 'M1', tradeNo: 'V20001', amountMinor: 100, currency: 'CNY' },
    });
    assert.deepEqual(v2.verify(at(), rawGet(signed(now).replace('money=1.00', 'money=9.00'))), {
      ok: false,
      code: 'BAD_SIGNATURE',
    });
  });

  it('A5: an old timestamp is taken in, and the gateway must confirm it whatever the account says', () => {
    const verdict = v2.verify(at(), rawGet(signed(Math.floor(Date.now() / 1000) - 4000)));
    assert.ok(verdict.ok);
    assert.equal(verdict.event.mustConfirm, true);
  });

  it('E5: the self-check tells the merchant key from the platform key', () => {
    const own = fake.config['privateKey'] ?? '';
    const fields = (change: Record<string, string>) =>
      v2.checkConfig({ ...fake.config, ...change }).map((p) => p.field);
    assert.deepEqual(fields({}), []);
    assert.deepEqual(fields({ platformKey: own }), ['platformKey']);
    assert.deepEqual(fields({ privateKey: fake.config['platformKey'] ?? '' }), ['privateKey']);
  });
});
