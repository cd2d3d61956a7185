/** RSA keys and certificates as operators paste them: PEM or the bare base64 that a provider's console shows. */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { ConfigProblem, Words } from '../config-fields.ts';

const certificatePem = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

function bare(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]{64,}={0,2}$/.test(compact) ? Buffer.from(compact, 'base64') : undefined;
}

function firstOf(tries: readonly (() => KeyObject)[]): KeyObject | undefined {
  for (const attempt of tries) {
    try {
      const key = attempt();
      if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return key;
    } catch {
      // the next form
    }
  }
  return undefined;
}

/** An RSA private key of at least 2048 bits, PKCS#8 or PKCS#1; undefined for anything else. */
export function privateKeyOf(text: string): KeyObject | undefined {
  if (text.includes('-----')) return firstOf([() => createPrivateKey(text.trim())]);
  const key = bare(text);
  if (!key) return undefined;
  return firstOf([
    () => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
    () => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  ]);
}

/** An RSA public key of at least 2048 bits, SPKI or PKCS#1, not a certificate, not a private key. */
export function publicKeyOf(text: string): KeyObject | undefined {
  if (text.includes('-----')) {
    return /BEGIN (RSA )?PUBLIC KEY/.test(text) ? firstOf([() => createPublicKey(text.trim())]) : undefined;
  }
  const key = bare(text);
  // node:crypto would derive the public half of a private key without a word.
  if (!key || privateKeyOf(text)) return undefined;
  return firstOf([
    () => createPublicKey({ key, format: 'der', type: 'spki' }),
    () => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  ]);
}

/** All certificates of a PEM text that can be read, in their order. */
export function certificatesOf(text: string): X509Certificate[] {
  return (text.match(certificatePem) ?? []).flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return []; // 国密 certificates of a root bundle are not for us
    }
  });
}

/** True if both hold the same RSA key, whichever half they are. */
export function sameKey(a: KeyObject, b: KeyObject): boolean {
  const half = (key: KeyObject): KeyObject => (key.type === 'private' ? createPublicKey(key) : key);
  return half(a)
    .export({ format: 'der', type: 'spki' })
    .equals(half(b).export({ format: 'der', type: 'spki' }));
}

/** What a pasted text really is, in words: operators mix these up. */
export function whatIsIt(text: string): Words {
  if (certificatesOf(text).length > 0) return { zh: '这是一张证书', en: 'this is a certificate' };
  if (privateKeyOf(text)) return { zh: '这是一个私钥', en: 'this is a private key' };
  if (publicKeyOf(text)) return { zh: '这是一个公钥', en: 'this is a public key' };
  if (/BEGIN [A-Z ]*CERTIFICATE/.test(text)) return { zh: '证书内容不完整', en: 'the certificate is incomplete' };
  if (/BEGIN ENCRYPTED/.test(text)) return { zh: '这是一个带密码的私钥', en: 'this key has a password' };
  return {
    zh: '无法识别，可能复制不完整，或密钥少于2048位',
    en: 'unreadable: perhaps copied in part, or shorter than 2048 bits',
  };
}

/** "应用私钥：这是一个公钥" for a field that holds something else than `wanted`. */
export function wrongKind(field: string, wanted: Words, text: string): ConfigProblem {
  const found = whatIsIt(text);
  return {
    field,
    zh: `此处应填写${wanted.zh}，但${found.zh}`,
    en: `this must be ${wanted.en}, but ${found.en}`,
  };
}
