import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { startFakeWechat, type FakeWechat } from '../../dev/fakes/wechat-gateway.ts';
import { authorization } from '../../integrations/payments/wechat/gateway.ts';
import { openResource } from '../../integrations/payments/wechat/notify.ts';
import { readBill } from '../../integrations/payments/wechat/statement.ts';
import { accountOf, freshOrderNo, providerOf, rawSigned } from '../support/gateways.ts';
import { wechatCertificate, wechatNotification } from '../fixtures/payment-vectors.ts';

const provider = providerOf('wechat');

describe('微信支付 v3: verification', function () {
  this.timeout(20_000);
  let fake: FakeWechat;
  const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = 'k0123456789012345678901234567890';
  const account = () =>
    accountOf('wechat', {
      ...fake.config,
      apiV3Key: key,
      publicKeyId: 'PUB_KEY_ID_TEST000001',
      publicKey: platform.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    });

  before(async () => {
    fake = await startFakeWechat({ port: 0 });
  });
  after(() => fake.close());

  /** A notification made by wechatpay-axios-plugin alone. */
  const foreign = (content: object, change: { at?: number; key?: string; aad?: string; type?: string } = {}) => {
    const { at = Math.floor(Date.now() / 1000), aad = 'transaction', type = 'TRANSACTION.SUCCESS' } = change;
    const nonce = 'abcdef012345';
    const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(content), change.key ?? key, nonce, 'transaction');
    const resource = {
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext,
      associated_data: aad,
      nonce,
      original_type: 'transaction',
    };
    const body = JSON.stringify({ id: 'x', create_time: 'x', event_type: type, resource_type: 'encrypt-resource', summary: '支付成功', resource }); // prettier-ignore
    const signature = Rsa.sign(Formatter.response(at, nonce, body), platform.privateKey);
    return rawSigned({
      body,
      headers: {
        'wechatpay-timestamp': String(at),
        'wechatpay-nonce': nonce,
        'wechatpay-serial': 'PUB_KEY_ID_TEST000001',
        'wechatpay-signature': signature,
      },
    });
  };
  const content = (change: object = {}) => ({
    appid: fake.config['appid'],
    mchid: fake.config['mchid'],
    out_trade_no: 'M1',
    transaction_id: '4200000000202611240001',
    trade_state: 'SUCCESS',
    amount: { total: 100, payer_total: 90, currency: 'CNY', payer_currency: 'CNY' },
    ...change,
  });
  const code = (raw: ReturnType<typeof foreign>): string => {
    const verdict = provider.verify(account(), raw);
    return verdict.ok ? verdict.event.meaning : verdict.code;
  };

  it('A3: a notification made with wechatpay-axios-plugin verifies; the total counts, not what coupons left', () => {
    const verdict = provider.verify(account(), foreign(content()));
    assert.deepEqual(verdict, {
      ok: true,
      event: { meaning: 'paid', orderNo: 'M1', tradeNo: '4200000000202611240001', amountMinor: 100, currency: 'CNY' },
    });
  });

  it("A3: the signature of WeChat's own published notification verifies; its 16-byte key is no APIv3 key", () => {
    const raw = { ...rawSigned(wechatNotification), receivedAt: new Date(wechatNotification.at * 1000) };
    const withKey = (apiV3Key: string) =>
      provider.verify(accountOf('wechat', { ...fake.config, apiV3Key, platformCerts: wechatCertificate }), raw);
    // Past the signature, and refused by the tag of the content, because the key is not the one.
    assert.deepEqual(withKey(key), { ok: false, code: 'BAD_SIGNATURE' });
    assert.deepEqual(withKey('testMchAPIv3Key0'), { ok: false, code: 'SECRET_MISSING' });
    const altered = { ...raw, body: Buffer.from(wechatNotification.body.replace('签约成功', '签约失败')) };
    assert.deepEqual(
      provider.verify(
        accountOf('wechat', { ...fake.config, apiV3Key: key, platformCerts: wechatCertificate }),
        altered,
      ),
      { ok: false, code: 'BAD_SIGNATURE' },
    );
  });

  it('A3: during a switch both signers are believed, each by its serial; a stranger is not', async () => {
    const both = accountOf('wechat', fake.config);
    const orderNo = freshOrderNo();
    await provider.createPayment(
      both,
      {
        orderNo,
        amountMinor: 100,
        currency: 'CNY',
        notifyUrl: 'http://x',
        returnUrl: 'http://x',
        expiresAt: new Date(),
      },
      { request: (r) => send(fake, r), close: () => Promise.resolve() },
    );
    await fake.pay(orderNo, { notify: false });
    const { body } = fake.notification(orderNo);
    for (const by of ['certificate', 'publicKey'] as const)
      assert.ok(provider.verify(both, rawSigned(fake.signed(body, by))).ok, by);
    const unknown = fake.signed(body);
    const raw = rawSigned({ ...unknown, headers: { ...unknown.headers, 'wechatpay-serial': 'PUB_KEY_ID_STRANGER1' } });
    assert.deepEqual(provider.verify(both, raw), { ok: false, code: 'UNKNOWN_KEY' });
  });

  it('A5: an altered content, a wrong AAD, a wrong key or a truncated tag does not open', () => {
    const sealed = Aes.AesGcm.encrypt('{"amount":100}', key, 'abcdef012345', 'aad');
    const open = (change: { ciphertext?: string; associated_data?: string; nonce?: string }) =>
      openResource(createSecretKey(Buffer.from(key)), { ciphertext: sealed, associated_data: 'aad', nonce: 'abcdef012345', ...change }); // prettier-ignore
    assert.equal(open({}), '{"amount":100}');
    const bytes = Buffer.from(sealed, 'base64');
    bytes[10]! ^= 9;
    assert.equal(open({ ciphertext: bytes.toString('base64') }), undefined);
    assert.equal(open({ associated_data: 'other' }), undefined);
    assert.equal(open({ nonce: 'abcdef012346' }), undefined);
    assert.equal(open({ ciphertext: Buffer.from(sealed, 'base64').subarray(0, -1).toString('base64') }), undefined);
    assert.equal(code(foreign(content(), { key: 'another-key-of-exactly-32-bytes!' })), 'BAD_SIGNATURE');
    assert.equal(code(foreign(content(), { aad: 'wrong' })), 'BAD_SIGNATURE');
  });

  it('A5: too old, too new, the probe, another merchant, another currency: refused, each by its name', () => {
    const now = Math.floor(Date.now() / 1000);
    assert.equal(code(foreign(content(), { at: now - 301 })), 'STALE');
    assert.equal(code(foreign(content(), { at: now + 302 })), 'STALE');
    const probe = foreign(content());
    const headers = { ...probe.headers, 'wechatpay-signature': `WECHATPAY/SIGNTEST/${'A'.repeat(340)}` };
    assert.equal(code({ ...probe, headers }), 'SIGNATURE_PROBE');
    assert.equal(code(foreign(content({ mchid: '1900000002' }))), 'WRONG_MERCHANT');
    assert.equal(code(foreign(content({ appid: 'wx1111111111111111' }))), 'WRONG_MERCHANT');
    assert.equal(code(foreign(content({ amount: { total: 100, currency: 'USD' } }))), 'BAD_FORMAT');
    assert.equal(code(foreign(content({ amount: { total: '100', currency: 'CNY' } }))), 'BAD_FORMAT');
    assert.equal(code(foreign(content({ trade_state: 'NOTPAY' }))), 'waiting');
  });

  it('A3: the Authorization header verifies with the plugin', () => {
    const nonce = 'n0123456789';
    const path = '/v3/pay/transactions/out-trade-no/M1?mchid=1900000001';
    const header = authorization(accountOf('wechat', fake.config), 'GET', path, '', { at: 1700000000, nonce });
    const field = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(header)?.[1] ?? '';
    const certificate = fake.config['merchantCert'] ?? '';
    assert.ok(Rsa.verify(Formatter.request('GET', path, 1700000000, nonce), field('signature'), certificate));
    const parts = (text: string): string[] => text.replace(/^\S+ /, '').split(',').sort();
    const theirs = Formatter.authorization('1900000001', nonce, field('signature'), 1700000000, field('serial_no'));
    assert.deepEqual(parts(header), parts(theirs));
  });

  it('E5: the self-check says which pasted text is wrong', () => {
    const wrong = (change: Record<string, string>): string[] =>
      provider.checkConfig({ ...fake.config, ...change }).map((p) => p.field);
    const { merchantCert = '', platformCerts = '', publicKey = '' } = fake.config;
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ publicKey: '', publicKeyId: '' }), [], 'certificates alone');
    assert.deepEqual(wrong({ platformCerts: '' }), [], 'a public key alone');
    assert.deepEqual(wrong({ platformCerts: '', publicKey: '', publicKeyId: '' }), ['publicKey']);
    assert.deepEqual(wrong({ merchantCert: platformCerts }), ['merchantCert']);
    assert.deepEqual(wrong({ platformCerts: merchantCert }), ['platformCerts']);
    assert.deepEqual(wrong({ privateKey: publicKey }), ['privateKey']);
    assert.deepEqual(wrong({ publicKey: merchantCert }), ['publicKey']);
    assert.deepEqual(wrong({ publicKeyId: '' }), ['publicKeyId']);
    assert.deepEqual(wrong({ mchid: '1900000009' }), ['merchantCert'], 'of another merchant');
    assert.deepEqual(wrong({ apiV3Key: 'short' }), ['apiV3Key']);
  });

  it('A4: the paid trades of a bill are read by the titles of its columns', () => {
    const text = [
      '\ufeff交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,订单金额',
      '`2026-11-24 10:00:00,`wx1,`190,`42000001,`M1,`SUCCESS,`1.00',
      '`2026-11-24 10:00:00,`wx1,`190,`42000001,`M1,`REFUND,`0.00',
      '总交易单数,应结订单总金额',
      '`1,`1.00',
    ].join('\r\n');
    assert.deepEqual(readBill(text), [{ orderNo: 'M1', tradeNo: '42000001', amountMinor: 100, currency: 'CNY' }]);
  });
});

async function send(
  fake: FakeWechat,
  request: { method: string; url: string; headers?: Readonly<Record<string, string>>; body?: string | Buffer },
) {
  assert.ok(request.url.startsWith(fake.url));
  const answer = await fetch(request.url, {
    method: request.method,
    headers: request.headers ?? {},
    ...(request.body !== undefined && { body: String(request.body) }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}
