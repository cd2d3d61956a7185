/** 支付宝: what is configured, by public key or by certificates, and which of the pasted texts is wrong. */
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  checkFields,
  keyPattern,
  perConfig,
  urlPattern,
  type ConfigField,
  type ConfigProblem,
} from '../../config-fields.ts';
import { certificatesOf, privateKeyOf, publicKeyOf, sameKey, wrongKind } from '../keys.ts';

export const alipayMethods = [
  { id: 'page', label: { zh: '电脑网站支付', en: 'Desktop page' } },
  { id: 'wap', label: { zh: '手机网站支付', en: 'Mobile page' } },
  { id: 'qr', label: { zh: '当面付（扫码）', en: 'QR code' } },
] as const;

export const alipayGateway = 'https://openapi.alipay.com/gateway.do';

export const configFields: readonly ConfigField[] = [
  { key: 'appId', label: { zh: '应用ID (APPID)', en: 'App id (APPID)' }, secret: false, required: true, pattern: /^\d{16}$/, help: { zh: '开放平台“应用详情”中的16位数字', en: '16 digits, shown with the app' } },
  { key: 'sellerId', label: { zh: '商户PID', en: 'Merchant PID' }, secret: false, required: true, pattern: /^2088\d{12}$/, help: { zh: '2088开头的16位数字', en: '16 digits that begin with 2088' } },
  { key: 'method', label: { zh: '默认支付产品', en: 'Default product' }, secret: false, required: false, pattern: /^(page|wap|qr)$/, options: alipayMethods.map(({ id, label }) => ({ value: id, label })), fallback: 'page' },
  { key: 'privateKey', label: { zh: '应用私钥', en: 'App private key' }, secret: true, required: true, pattern: keyPattern, multiline: true, help: { zh: '由密钥工具生成、只有您自己有的私钥（RSA2，2048位）', en: 'Made by the key tool; only you have it (RSA2, 2048 bits)' } },
  { key: 'alipayPublicKey', label: { zh: '支付宝公钥', en: 'Alipay public key' }, secret: false, required: false, pattern: keyPattern, multiline: true, help: { zh: '公钥模式填写；注意不是应用公钥', en: "Public-key mode; not the app's own public key" } },
  { key: 'appCert', label: { zh: '应用公钥证书', en: 'App certificate' }, secret: false, required: false, pattern: keyPattern, multiline: true, help: { zh: '证书模式：appCertPublicKey_*.crt 的内容', en: 'Certificate mode: appCertPublicKey_*.crt' } },
  { key: 'alipayCert', label: { zh: '支付宝公钥证书', en: 'Alipay certificate' }, secret: false, required: false, pattern: keyPattern, multiline: true, help: { zh: '证书模式：alipayCertPublicKey_RSA2.crt 的内容', en: 'Certificate mode: alipayCertPublicKey_RSA2.crt' } },
  { key: 'alipayRootCert', label: { zh: '支付宝根证书', en: 'Alipay root certificate' }, secret: false, required: false, pattern: keyPattern, multiline: true, help: { zh: '证书模式：alipayRootCert.crt 的内容', en: 'Certificate mode: alipayRootCert.crt' } },
  { key: 'gateway', label: { zh: '网关地址', en: 'Gateway address' }, secret: false, required: false, pattern: urlPattern, fallback: alipayGateway, help: { zh: '沙箱环境请填写沙箱网关', en: 'For the sandbox: its own gateway' } },
]; // prettier-ignore

/** Alipay's serial of a certificate: MD5 of issuer (last attribute first) and serial number in decimal. */
export function certificateSn(certificate: X509Certificate): string {
  const issuer = certificate.issuer.split('\n').reverse().join(',');
  const serial = BigInt(`0x${certificate.serialNumber}`).toString(10);
  return createHash('md5')
    .update(issuer + serial, 'utf8')
    .digest('hex');
}

/** Of a root bundle: the RSA certificates', joined by `_`. */
export function rootSn(bundle: readonly X509Certificate[]): string {
  return bundle.filter(isRsa).map(certificateSn).join('_');
}

function isRsa(certificate: X509Certificate): boolean {
  try {
    return certificate.publicKey.asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

export interface AlipayKeys {
  readonly own: KeyObject | undefined;
  readonly alipay: KeyObject | undefined;
  /** Set in certificate mode: what requests must carry. */
  readonly serials: { readonly app_cert_sn: string; readonly alipay_root_cert_sn: string } | undefined;
}

/** Keys of an account. Certificates win over a public key that is pasted too. */
export const keysOf = perConfig((config): AlipayKeys => {
  const own = privateKeyOf(config['privateKey'] ?? '');
  const [cert] = certificatesOf(config['alipayCert'] ?? '');
  const [appCert] = certificatesOf(config['appCert'] ?? '');
  const roots = certificatesOf(config['alipayRootCert'] ?? '');
  if (cert && isRsa(cert) && appCert && roots.length > 0) {
    const serials = { app_cert_sn: certificateSn(appCert), alipay_root_cert_sn: rootSn(roots) };
    return { own, alipay: cert.publicKey, serials };
  }
  return { own, alipay: publicKeyOf(config['alipayPublicKey'] ?? ''), serials: undefined };
});

const given = (config: Readonly<Record<string, string>>, key: string): boolean => (config[key] ?? '') !== '';
const certFields = ['appCert', 'alipayCert', 'alipayRootCert'] as const;

export function checkConfig(config: Readonly<Record<string, string>>): ConfigProblem[] {
  const problems = checkFields(configFields, config);
  if (problems.length > 0) return problems;
  const own = privateKeyOf(config['privateKey'] ?? '');
  if (!own)
    problems.push(wrongKind('privateKey', { zh: '应用私钥', en: 'the app private key' }, config['privateKey'] ?? ''));
  if (certFields.some((field) => given(config, field))) return [...problems, ...checkCertificates(config, own)];
  if (!given(config, 'alipayPublicKey')) {
    problems.push({
      field: 'alipayPublicKey',
      zh: '请填写支付宝公钥，或三张证书',
      en: 'give the Alipay public key, or the three certificates',
    });
    return problems;
  }
  const alipay = publicKeyOf(config['alipayPublicKey'] ?? '');
  if (!alipay)
    problems.push(
      wrongKind('alipayPublicKey', { zh: '支付宝公钥', en: 'the Alipay public key' }, config['alipayPublicKey'] ?? ''),
    );
  else if (own && sameKey(own, alipay)) {
    problems.push({
      field: 'alipayPublicKey',
      zh: '这是应用公钥；请填写上传应用公钥后平台显示的“支付宝公钥”',
      en: "this is the app's own public key; the one that Alipay shows after its upload is wanted",
    });
  }
  return problems;
}

function checkCertificates(config: Readonly<Record<string, string>>, own: KeyObject | undefined): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const field of certFields) {
    const label = configFields.find((f) => f.key === field)?.label ?? { zh: field, en: field };
    if (!given(config, field)) problems.push({ field, zh: `证书模式还需要${label.zh}`, en: `certificate mode needs the ${label.en} too` }); // prettier-ignore
    else if (certificatesOf(config[field] ?? '').length === 0) problems.push(wrongKind(field, label, config[field] ?? '')); // prettier-ignore
  }
  if (problems.length > 0) return problems;
  const [appCert] = certificatesOf(config['appCert'] ?? '');
  const [alipayCert] = certificatesOf(config['alipayCert'] ?? '');
  if (!appCert || !alipayCert) return problems;
  const alipayIsOurs = own && isRsa(alipayCert) && sameKey(own, alipayCert.publicKey);
  if (alipayIsOurs)
    problems.push({ field: 'alipayCert', zh: '这是应用公钥证书，不是支付宝公钥证书', en: "this is the app's certificate, not Alipay's" }); // prettier-ignore
  if (own && (!isRsa(appCert) || !sameKey(own, appCert.publicKey)))
    problems.push({ field: 'appCert', zh: '证书与应用私钥不是一对', en: 'the certificate does not belong to the app private key' }); // prettier-ignore
  if (rootSn(certificatesOf(config['alipayRootCert'] ?? '')) === '')
    problems.push({ field: 'alipayRootCert', zh: '根证书中没有RSA证书', en: 'the bundle holds no RSA certificate' });
  for (const [field, certificate] of [
    ['appCert', appCert],
    ['alipayCert', alipayCert],
  ] as const)
    // prettier-ignore
    if (Date.parse(certificate.validTo) < Date.now())
      problems.push({ field, zh: `证书已于 ${certificate.validTo} 过期`, en: `expired on ${certificate.validTo}` });
  return problems;
}
