/**
 * 微信支付 v3: what is configured. The signer of notifications is a platform certificate or the WeChat Pay public key;
 * during a switch both are in use, so both may be given, and the serial of each message chooses.
 */
import { createSecretKey, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  checkFields,
  keyPattern,
  perConfig,
  urlPattern,
  type ConfigField,
  type ConfigProblem,
} from '../../config-fields.ts';
import { certificatesOf, privateKeyOf, publicKeyOf, sameKey, wrongKind } from '../keys.ts';

export const wechatMethods = [
  { id: 'native', label: { zh: '扫码支付', en: 'QR code' } },
  { id: 'h5', label: { zh: '手机网页支付', en: 'Mobile page' } },
] as const;

export const wechatGateway = 'https://api.mch.weixin.qq.com';

export const configFields: readonly ConfigField[] = [
  { key: 'mchid', label: { zh: '商户号', en: 'Merchant number' }, secret: false, required: true, pattern: /^\d{8,12}$/ },
  { key: 'appid', label: { zh: 'AppID', en: 'AppID' }, secret: false, required: true, pattern: /^wx[0-9a-f]{16}$/, help: { zh: '与商户号绑定的公众号或小程序AppID', en: 'Bound to the merchant number' } },
  { key: 'apiV3Key', label: { zh: 'APIv3密钥', en: 'APIv3 key' }, secret: true, required: true, pattern: /^[\x21-\x7e]{32}$/, help: { zh: '32位字符，不是APIv2密钥', en: '32 characters; not the APIv2 key' } },
  { key: 'privateKey', label: { zh: '商户API私钥', en: 'Merchant private key' }, secret: true, required: true, pattern: keyPattern, multiline: true, help: { zh: 'apiclient_key.pem 的内容', en: 'apiclient_key.pem' } },
  { key: 'merchantCert', label: { zh: '商户API证书', en: 'Merchant certificate' }, secret: false, required: true, pattern: keyPattern, multiline: true, help: { zh: 'apiclient_cert.pem 的内容', en: 'apiclient_cert.pem' } },
  { key: 'publicKeyId', label: { zh: '微信支付公钥ID', en: 'WeChat Pay public key id' }, secret: false, required: false, pattern: /^PUB_KEY_ID_\w{8,64}$/ },
  { key: 'publicKey', label: { zh: '微信支付公钥', en: 'WeChat Pay public key' }, secret: false, required: false, pattern: keyPattern, multiline: true, help: { zh: '新商户：pub_key.pem 的内容', en: 'New merchants: pub_key.pem' } },
  { key: 'platformCerts', label: { zh: '微信支付平台证书', en: 'Platform certificates' }, secret: false, required: false, pattern: keyPattern, multiline: true, help: { zh: '老商户；可留空，保存时自动下载并定期更新；切换公钥期间与公钥同时保留', en: 'Older merchants; may stay empty: fetched when you save, and kept fresh' } },
  { key: 'method', label: { zh: '默认支付方式', en: 'Default method' }, secret: false, required: false, pattern: /^(native|h5)$/, options: wechatMethods.map(({ id, label }) => ({ value: id, label })), fallback: 'native' },
  { key: 'gateway', label: { zh: '接口地址', en: 'API address' }, secret: false, required: false, pattern: urlPattern, fallback: wechatGateway },
]; // prettier-ignore

export interface WechatKeys {
  readonly own: KeyObject | undefined;
  readonly serial: string;
  /** By the serial that messages name. */
  readonly signers: ReadonlyMap<string, KeyObject>;
  /** The signer that answers shall use. */
  readonly preferred: string;
  readonly apiV3: KeyObject | undefined;
}

/** As messages name it. */
export const serialOf = (certificate: X509Certificate): string => certificate.serialNumber.toUpperCase();

export const keysOf = perConfig((config): WechatKeys => {
  const signers = new Map(
    certificatesOf(config['platformCerts'] ?? '').map((cert) => [serialOf(cert), cert.publicKey]),
  );
  const publicKey = publicKeyOf(config['publicKey'] ?? '');
  const publicKeyId = config['publicKeyId'] ?? '';
  if (publicKey && publicKeyId !== '') signers.set(publicKeyId, publicKey);
  const [merchant] = certificatesOf(config['merchantCert'] ?? '');
  const apiV3 = Buffer.from(config['apiV3Key'] ?? '', 'utf8');
  return {
    own: privateKeyOf(config['privateKey'] ?? ''),
    serial: merchant ? serialOf(merchant) : '',
    signers,
    preferred: publicKey && publicKeyId !== '' ? publicKeyId : ([...signers.keys()].at(-1) ?? ''),
    // A shorter key would decrypt under AES-128 in some libraries; here it refuses.
    apiV3: apiV3.length === 32 ? createSecretKey(apiV3) : undefined,
  };
});

export function checkConfig(config: Readonly<Record<string, string>>): ConfigProblem[] {
  const problems = checkFields(configFields, config);
  if (problems.length > 0) return problems;
  const text = (key: string): string => config[key] ?? '';
  const own = privateKeyOf(text('privateKey'));
  if (!own) problems.push(wrongKind('privateKey', { zh: '商户API私钥', en: 'the merchant private key' }, text('privateKey'))); // prettier-ignore
  const [merchant] = certificatesOf(text('merchantCert'));
  if (!merchant)
    problems.push(wrongKind('merchantCert', { zh: '商户API证书', en: 'the merchant certificate' }, text('merchantCert'))); // prettier-ignore
  else problems.push(...checkMerchant(merchant, own, text('mchid')));

  const publicKey = publicKeyOf(text('publicKey'));
  if (text('publicKey') !== '' && !publicKey) problems.push(wrongKind('publicKey', { zh: '微信支付公钥', en: 'the WeChat Pay public key' }, text('publicKey'))); // prettier-ignore
  if ((text('publicKey') === '') !== (text('publicKeyId') === ''))
    problems.push({ field: text('publicKey') === '' ? 'publicKey' : 'publicKeyId', zh: '公钥与公钥ID需同时填写', en: 'key and key id go together' }); // prettier-ignore
  if (own && publicKey && sameKey(own, publicKey))
    problems.push({ field: 'publicKey', zh: '这是商户自己的公钥，不是微信支付公钥', en: "this is the merchant's own key, not WeChat Pay's" }); // prettier-ignore

  const platform = certificatesOf(text('platformCerts'));
  if (text('platformCerts') !== '' && platform.length === 0) problems.push(wrongKind('platformCerts', { zh: '平台证书', en: 'a platform certificate' }, text('platformCerts'))); // prettier-ignore
  if (own && platform.some((cert) => sameKey(own, cert.publicKey)))
    problems.push({ field: 'platformCerts', zh: '这是商户API证书，不是微信支付平台证书', en: 'this is the merchant certificate, not a platform one' }); // prettier-ignore
  if (text('publicKey') === '' && text('platformCerts') === '')
    problems.push({ field: 'publicKey', zh: '请填写微信支付公钥或平台证书', en: 'give the WeChat Pay public key or a platform certificate' }); // prettier-ignore
  return problems;
}

function checkMerchant(merchant: X509Certificate, own: KeyObject | undefined, mchid: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (own && !sameKey(own, merchant.publicKey))
    problems.push({ field: 'merchantCert', zh: '证书与商户API私钥不是一对', en: 'the certificate does not belong to the private key' }); // prettier-ignore
  const owner = /^CN=(\d{8,12})$/m.exec(merchant.subject)?.[1];
  if (owner !== undefined && owner !== mchid)
    problems.push({ field: 'merchantCert', zh: `证书属于商户号 ${owner}`, en: `the certificate belongs to merchant ${owner}` }); // prettier-ignore
  if (Date.parse(merchant.validTo) < Date.now())
    problems.push({ field: 'merchantCert', zh: `证书已于 ${merchant.validTo} 过期`, en: `expired on ${merchant.validTo}` }); // prettier-ignore
  return problems;
}
