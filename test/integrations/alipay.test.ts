import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { makeCertificate } from '../../dev/fakes/certificate.ts';
import { startFakeAlipay, type FakeAlipay } from '../../dev/fakes/alipay-gateway.ts';
import { certificateSn, rootSn } from '../../integrations/payments/alipay/config.ts';
import { rawNode, signedRequest } from '../../integrations/payments/alipay/gateway.ts';
import { readBill, unzip } from '../../integrations/payments/alipay/statement.ts';
import { certificatesOf } from '../../integrations/payments/keys.ts';
import { accountOf, freshOrderNo, providerOf, rawForm } from '../support/gateways.ts';
import { alipayBillZip, alipayForeign, alipayPublicKey, alipayTrade } from '../fixtures/payment-vectors.ts';

const provider = providerOf('alipay');
const real = accountOf('alipay', { appId: alipayTrade.app_id, sellerId: alipayTrade.seller_id, alipayPublicKey });
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

describe('支付宝: verification', () => {
  let fake: FakeAlipay;
  before(async () => {
    fake = await startFakeAlipay({ port: 0 });
  });
  after(() => fake.close());
  const account = () => accountOf('alipay', fake.config);

  /** Signs any bytes as Alipay would, by OpenSSL's streaming interface, not by the code under test. */
  const signed = (canonical: Buffer): string =>
    createSign('RSA-SHA256').update(canonical).sign(fake.privateKey).toString('base64');

  it('A3: a notification that Alipay itself signed in 2019 verifies', () => {
    const verdict = provider.verify(real, rawForm(form(alipayTrade)));
    assert.deepEqual(verdict, {
      ok: true,
      event: {
        meaning: 'paid',
        orderNo: '20190815155618536-564-57',
        tradeNo: '2019081522001468450512505578',
        amountMinor: 10,
        currency: 'CNY',
      },
    });
  });

  it("A5: one of another merchant fails under this key, and under this key's own merchant too", () => {
    assert.deepEqual(provider.verify(real, rawForm(form(alipayForeign))), { ok: false, code: 'BAD_SIGNATURE' });
    const other = accountOf('alipay', { ...real.config, sellerId: '2088531891668730' });
    assert.deepEqual(provider.verify(other, rawForm(form(alipayTrade))), { ok: false, code: 'WRONG_MERCHANT' });
  });

  it('A5: the algorithm is ours: sign_type RSA, FOO, none or twice is refused, and nothing throws', () => {
    for (const sign_type of ['RSA', 'FOO', '', 'rsa2']) {
      assert.equal(provider.verify(real, rawForm(form({ ...alipayTrade, sign_type }))).ok, false, sign_type);
    }
    const twice = `${form(alipayTrade)}&sign=x`;
    assert.deepEqual(provider.verify(real, rawForm(twice)), { ok: false, code: 'DUPLICATE_PARAMETER' });
    assert.deepEqual(provider.verify(real, rawForm(`${form(alipayTrade)}&x=%E4%`)), { ok: false, code: 'BAD_FORMAT' });
    assert.equal(provider.verify(real, { ...rawForm(''), method: 'GET', query: form(alipayTrade) }).ok, false);
  });

  it('A5: the re-split attack: the SDK believes it, this verifier does not', async () => {
    await order('ATTACKER');
    // A genuine notification of 0.01 whose `body` the buyer chose.
    const bait =
      'x&out_trade_no=VICTIM&seller_id=2088000000000001&total_amount=999.00&trade_no=T999&trade_status=TRADE_SUCCESS&zz=1';
    const genuine = fake.notification('ATTACKER', { trade_status: 'TRADE_SUCCESS', total_amount: '0.01', body: bait });
    assert.equal(provider.verify(account(), rawForm(genuine.toString())).ok, false, 'already the bait is refused');
    // The same bytes, split differently: what followed `body` hides in `zz`.
    const text = [...genuine]
      .filter(([key]) => key !== 'sign' && key !== 'sign_type')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`)
      .join('&');
    const [head = '', tail = ''] = text.split('&zz=');
    const forged: Record<string, string> = { zz: tail, sign: genuine.get('sign') ?? '', sign_type: 'RSA2' };
    for (const part of head.split('&')) forged[part.slice(0, part.indexOf('='))] = part.slice(part.indexOf('=') + 1);
    const sdk = new AlipaySdk({
      appId: '2021000000000001',
      privateKey: fake.config['privateKey'] ?? '',
      alipayPublicKey: fake.config['alipayPublicKey'] ?? '',
      keyType: 'PKCS8',
    });
    assert.equal(forged['out_trade_no'], 'VICTIM');
    assert.equal(sdk.checkNotifySignV2(forged), true, 'the attack is real');
    assert.deepEqual(provider.verify(account(), rawForm(form(forged))), { ok: false, code: 'AMBIGUOUS' });
  });

  const order = async (orderNo: string): Promise<void> => {
    const { url } = await provider.createPayment(
      account(),
      {
        orderNo,
        amountMinor: 1,
        currency: 'CNY',
        notifyUrl: 'http://x/n',
        returnUrl: 'http://x/r',
        expiresAt: new Date(),
      },
      { request: () => Promise.reject(new Error('no call')), close: () => Promise.resolve() },
    );
    await fetch(url);
  };

  it('A3: a notification in GBK verifies over its own bytes', async () => {
    await order('GBK1');
    const fields = Object.fromEntries(
      fake.notification('GBK1', { charset: 'GBK', trade_status: 'TRADE_SUCCESS', subject: 'S' }),
    );
    delete fields['sign'];
    const gbk = Buffer.from([0xd3, 0xef, 0xc8, 0xb8]); // 语雀
    const entries = Object.entries(fields)
      .filter(([key]) => key !== 'sign_type')
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const bytes = (value: string, key: string): Buffer => (key === 'subject' ? gbk : Buffer.from(value));
    const canonical = Buffer.concat(
      entries.flatMap(([key, value], i) => [Buffer.from(`${i ? '&' : ''}${key}=`), bytes(value, key)]),
    );
    const percent = (value: Buffer): string => [...value].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
    const body = [...entries, ['sign_type', 'RSA2'] as const, ['sign', signed(canonical)] as const]
      .map(([key, value]) => `${key}=${percent(bytes(value, key))}`)
      .join('&');
    const verdict = provider.verify(account(), rawForm(body));
    assert.ok(verdict.ok, JSON.stringify(verdict));
  });

  it('A3: an empty value may have been signed or left out; both verify', async () => {
    await order('EMPTY1');
    for (const keep of [true, false]) {
      const fields = Object.fromEntries(fake.notification('EMPTY1', { trade_status: 'TRADE_SUCCESS' }));
      fields['point_amount'] = '';
      const canonical = Object.entries(fields)
        .filter(([key, value]) => !['sign', 'sign_type'].includes(key) && (keep || value !== ''))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `${key}=${value}`)
        .join('&');
      fields['sign'] = signed(Buffer.from(canonical));
      assert.ok(provider.verify(account(), rawForm(form(fields))).ok, `keep ${keep}`);
    }
  });
});

describe('支付宝: requests', () => {
  const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKey = merchant.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

  it('A3: a request is signed exactly as alipay-sdk signs it', () => {
    const at = new Date();
    const sdk = new AlipaySdk({ appId: '2021000000000001', privateKey, keyType: 'PKCS8', alipayPublicKey });
    const biz = { out_trade_no: freshOrderNo(), total_amount: '1.00', subject: 'Order 测试' };
    const url = new URL(sdk.pageExecute('alipay.trade.page.pay', 'GET', { bizContent: biz, notifyUrl: 'https://x/n', returnUrl: 'https://x/r' })); // prettier-ignore
    const theirs = new Map(url.searchParams);
    const account = accountOf('alipay', { appId: '2021000000000001', privateKey });
    const ours = signedRequest(account, 'alipay.trade.page.pay', biz, { notify_url: 'https://x/n', return_url: 'https://x/r' }, at); // prettier-ignore
    // What legitimately differs: the clock's zone, and the SDK's own mark.
    ours.set('timestamp', theirs.get('timestamp') ?? '');
    for (const name of [
      'app_id',
      'method',
      'biz_content',
      'notify_url',
      'return_url',
      'charset',
      'version',
      'sign_type',
    ])
      assert.equal(ours.get(name), theirs.get(name), name);
    const text = [...theirs].filter(([k]) => k !== 'sign').sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${k}=${v}`).join('&'); // prettier-ignore
    assert.equal(
      createSign('RSA-SHA256').update(text).sign(merchant.privateKey).toString('base64'),
      theirs.get('sign'),
      'the canonical form is the one that the SDK signs',
    );
  });

  it('A3: certificate serials are those that alipay-sdk computes', () => {
    const issuer = [['C', 'CN'], ['O', 'Ant Financial'], ['OU', 'Certification Authority'], ['CN', 'Ant Financial Certification Authority Class 2 R1']] as const; // prettier-ignore
    const pems = [1, 2].map(() =>
      makeCertificate({ subject: [['CN', '支付宝 2088']], issuer, key: merchant.privateKey }),
    );
    const [first = ''] = pems;
    const bundle = pems.join('\n');
    const [certificate] = certificatesOf(first);
    assert.ok(certificate);
    const sdk = new AlipaySdk({
      appId: '2021000000000001',
      privateKey,
      keyType: 'PKCS8',
      appCertContent: first,
      alipayRootCertContent: bundle,
      alipayPublicCertContent: first,
    });
    assert.equal(certificateSn(certificate), sdk.config.appCertSn);
    assert.equal(rootSn(certificatesOf(bundle)), sdk.config.alipayRootCertSn);
  });

  it('A3: certificate mode verifies notifications and signs with the serials', async () => {
    const fake = await startFakeAlipay({ port: 0 });
    const root = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const issuer = [['CN', 'Fake Root']] as const;
    const pasted = fake.config['privateKey'] ?? '';
    const config: Record<string, string> & { appCert: string; alipayCert: string } = {
      ...fake.config,
      alipayPublicKey: '',
      appCert: makeCertificate({
        subject: [['CN', 'app']],
        issuer,
        key: createPrivateKey(pasted),
        issuerKey: root.privateKey,
      }),
      alipayCert: makeCertificate({
        subject: [['CN', 'alipay']],
        issuer,
        key: fake.privateKey,
        issuerKey: root.privateKey,
      }),
      alipayRootCert: makeCertificate({ subject: issuer, key: root.privateKey }),
    };
    assert.deepEqual(provider.checkConfig(config), []);
    const account = accountOf('alipay', config);
    const { url } = await provider.createPayment(
      account,
      { orderNo: 'CERT1', amountMinor: 1, currency: 'CNY', notifyUrl: 'n', returnUrl: 'r', expiresAt: new Date() },
      { request: () => Promise.reject(new Error('no call')), close: () => Promise.resolve() },
    );
    assert.match(new URL(url).searchParams.get('app_cert_sn') ?? '', /^[0-9a-f]{32}$/);
    await fetch(url);
    assert.ok(
      provider.verify(account, rawForm(fake.notification('CERT1', { trade_status: 'TRADE_SUCCESS' }).toString())).ok,
    );
    // Which of the pasted texts is wrong:
    const wrong = (change: Record<string, string>) =>
      provider.checkConfig({ ...config, ...change }).map((p) => p.field);
    assert.deepEqual(wrong({ alipayCert: config.appCert }), ['alipayCert']);
    assert.deepEqual(wrong({ appCert: config.alipayCert }), ['appCert']);
    assert.deepEqual(wrong({ alipayRootCert: '' }), ['alipayRootCert']);
    await fake.close();
  });

  it('E5: the self-check says which pasted key is wrong, and what it is', async () => {
    const fake = await startFakeAlipay({ port: 0 });
    const check = (change: Record<string, string>) => provider.checkConfig({ ...fake.config, ...change });
    const own = merchant.privateKey;
    const appPublic = createPublic(fake.config['privateKey'] ?? '');
    assert.deepEqual(check({}), []);
    assert.match(check({ alipayPublicKey: appPublic })[0]?.zh ?? '', /应用公钥/);
    assert.match(check({ privateKey: appPublic })[0]?.zh ?? '', /应用私钥.*公钥/);
    const pkcs1 = own.export({ format: 'der', type: 'pkcs1' }).toString('base64');
    assert.deepEqual(check({ privateKey: pkcs1 }), [], 'PKCS#1 without its frame is fine');
    assert.match(check({ alipayPublicKey: pkcs1 })[0]?.zh ?? '', /支付宝公钥.*私钥/);
    assert.match(check({ privateKey: pkcs1.slice(0, 600) })[0]?.zh ?? '', /无法识别/);
    assert.deepEqual(check({ appId: '12' }).map((p) => p.field), ['appId']); // prettier-ignore
    await fake.close();
  });

  it('A5: the signed node of an answer is taken as its raw text', () => {
    assert.equal(
      rawNode('{"a_response":{"m":"}\\"{","n":{"x":1}},"sign":"s"}', 'a_response'),
      '{"m":"}\\"{","n":{"x":1}}',
    );
    assert.equal(rawNode('{"a_response":"x"}', 'a_response'), undefined);
    assert.equal(rawNode('{"a_response":{"open":1', 'a_response'), undefined);
  });

  it('A4: the paid trades of a bill are read by the titles of its columns', () => {
    const text = [
      '#支付宝业务明细查询',
      '支付宝交易号,商户订单号,业务类型,商品名称,订单金额（元）',
      '2026112422001\t,M1\t,交易\t,Order M1,1.00',
      '2026112422001\t,M1\t,退款\t,Order M1,-1.00',
      '#-----------------------------------------业务明细列表结束',
    ].join('\r\n');
    assert.deepEqual(readBill(text), [{ orderNo: 'M1', tradeNo: '2026112422001', amountMinor: 100, currency: 'CNY' }]);
  });

  it('A4: a bill that another program packed (names and text in GBK, sizes behind the data) opens whole', () => {
    const gbk = new TextDecoder('gbk');
    const files = unzip(Buffer.from(alipayBillZip, 'base64'));
    assert.deepEqual(
      files.map((f) => gbk.decode(f.name)),
      ['20880000000000000156_20261124_业务明细.csv', '20880000000000000156_20261124_业务明细(汇总).csv'],
    );
    assert.deepEqual(
      files.flatMap((f) => readBill(gbk.decode(f.bytes))),
      [{ orderNo: 'M1261124AAAAAAA', tradeNo: '2026112422001400000000000001', amountMinor: 1230, currency: 'CNY' }],
    );
  });
});

function createPublic(privatePem: string): string {
  return createPublicKey(privatePem).export({ format: 'der', type: 'spki' }).toString('base64');
}
