/**
 * The key-encryption key (master key). Shaped like a KMS: wrap and unwrap data keys, nothing else, so that a cloud KMS
 * or Vault can take its place. The local one is 32 bytes from a variable or a file that is not in the database.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomFillSync,
  type KeyObject,
} from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

export interface KeyEncryptionKey {
  /** Tells keys apart without revealing them. */
  readonly id: string;
  wrap(dek: Buffer, context: string): Promise<Buffer>;
  /** Rejects with KeyringError WRONG_MASTER_KEY if this key did not wrap it for this context. */
  unwrap(wrapped: Buffer, context: string): Promise<Buffer>;
}

export type KeyringErrorCode = 'UNKNOWN_KEY' | 'TAMPERED' | 'FORMAT' | 'WRONG_MASTER_KEY' | 'MASTER_KEY';

/** Never holds plaintext or key material. */
export class KeyringError extends Error {
  readonly code: KeyringErrorCode;
  constructor(code: KeyringErrorCode, message: string) {
    super(message);
    this.name = 'KeyringError';
    this.code = code;
  }
}

// Hundreds at a time: a call for random bytes takes as long as all the rest of a seal, however few it is asked for.
const ivs = Buffer.alloc(12 * 256);
let given = ivs.length;
/** Random bytes that were given to nobody else; to be used before the next call. */
function freshIv(): Buffer {
  if (given === ivs.length) {
    randomFillSync(ivs);
    given = 0;
  }
  return ivs.subarray(given, (given += 12));
}

/** iv(12) | ciphertext | tag(16) */
export function gcmSeal(key: KeyObject, plaintext: Buffer, aad: Buffer): Buffer {
  const iv = freshIv();
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(aad);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Throws if key, AAD or a single bit is wrong. */
export function gcmOpen(key: KeyObject, sealed: Buffer, aad: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

/** A master key from 32 raw bytes. */
export function localKek(bytes: Buffer): KeyEncryptionKey {
  if (bytes.length !== 32) throw new KeyringError('MASTER_KEY', 'the master key must be 32 bytes');
  const derive = (info: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', bytes, '', `miaofa/${info}`, length));
  const key = createSecretKey(derive('wrap/1', 32));
  const id = `local-${derive('id/1', 6).toString('hex')}`;
  return {
    id,
    wrap: (dek, context) => Promise.resolve(gcmSeal(key, dek, Buffer.from(context))),
    async unwrap(wrapped, context) {
      try {
        return await Promise.resolve(gcmOpen(key, wrapped, Buffer.from(context)));
      } catch {
        throw new KeyringError('WRONG_MASTER_KEY', `the master key ${id} does not open the keys of this database`);
      }
    },
  };
}

function decode(text: string): Buffer {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) {
    throw new KeyringError('MASTER_KEY', '主密钥必须是 32 字节的 base64 / the master key must be 32 bytes in base64');
  }
  return Buffer.from(trimmed, 'base64');
}

/** From `MASTER_KEY`, else `MASTER_KEY_FILE`. A missing, malformed or readable-by-all key refuses: nothing may start. */
export function loadMasterKey(env: {
  readonly MASTER_KEY?: string | undefined;
  readonly MASTER_KEY_FILE?: string | undefined;
}): KeyEncryptionKey {
  if (env.MASTER_KEY) return localKek(decode(env.MASTER_KEY));
  const file = env.MASTER_KEY_FILE;
  if (!file) throw new KeyringError('MASTER_KEY', '未设置主密钥 / no master key: set MASTER_KEY_FILE or MASTER_KEY');
  let text: string;
  try {
    // Windows has no such modes.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o007) !== 0) {
      throw new KeyringError(
        'MASTER_KEY',
        `主密钥文件权限过宽，请执行 chmod 600 / MASTER_KEY_FILE is open to all, run: chmod 600 ${file}`,
      );
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof KeyringError) throw error;
    throw new KeyringError('MASTER_KEY', `无法读取主密钥文件 / MASTER_KEY_FILE cannot be read: ${file}`);
  }
  return localKek(decode(text));
}
