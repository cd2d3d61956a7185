/**
 * Envelope encryption (rule 18): data keys per purpose ("rings"), wrapped by the master key. Sealed bytes name their key,
 * so keys rotate while old rows stay readable.
 *
 * Layout: version(1) = 1 | data key id (uint32 BE) | iv(12) | ciphertext | tag(16). AES-256-GCM, random IVs (NIST SP
 * 800-38D allows 2^32 seals per key).
 */
import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { gcmOpen, gcmSeal, KeyringError, type KeyEncryptionKey } from './kek.ts';

export { cardAad, contactAad, secretAad } from './aad.ts';
export { KeyringError };

export type Ring = 'card' | 'contact' | 'secret' | 'codec' | 'index';

export interface DataKeyRow {
  readonly id: number;
  readonly ring: Ring;
  readonly kekId: string;
  readonly wrapped: Buffer;
  readonly state: 'active' | 'retired';
  /** Old enough that every process has read it; only then it seals, unless it is the first of its ring. */
  readonly settled: boolean;
}

const version = 1;
const headerLength = 5;

const context = (ring: Ring): string => `miaofa/data-key/${ring}`;

/** A fresh wrapped data key, to be stored. */
export async function newDataKey(
  ring: Ring,
  kek: KeyEncryptionKey,
): Promise<{ ring: Ring; kekId: string; wrapped: Buffer }> {
  return { ring, kekId: kek.id, wrapped: await kek.wrap(randomBytes(32), context(ring)) };
}

/** A data key taken from under one master key and put under another; its own bytes stay, so nothing is re-encrypted. */
export async function rewrapped(
  row: Pick<DataKeyRow, 'ring' | 'wrapped'>,
  from: KeyEncryptionKey,
  to: KeyEncryptionKey,
): Promise<Buffer> {
  return to.wrap(await from.unwrap(row.wrapped, context(row.ring)), context(row.ring));
}

interface Opened {
  readonly ring: Ring;
  readonly key: KeyObject;
}

export class Keyring {
  readonly #kek: KeyEncryptionKey;
  readonly #reload: (() => Promise<readonly DataKeyRow[]>) | undefined;
  #learning = false;
  #keys: ReadonlyMap<number, Opened> = new Map();
  /** Newest active key per ring. */
  #current: ReadonlyMap<Ring, number> = new Map();
  #unopened: readonly number[] = [];
  /** The oldest key of the blind index. */
  #index: KeyObject | undefined;

  private constructor(kek: KeyEncryptionKey, reload: (() => Promise<readonly DataKeyRow[]>) | undefined) {
    this.#kek = kek;
    this.#reload = reload;
  }

  /** Unwraps all rows; rejects with WRONG_MASTER_KEY if one does not open. */
  static async open(
    kek: KeyEncryptionKey,
    rows: readonly DataKeyRow[],
    reload?: () => Promise<readonly DataKeyRow[]>,
  ): Promise<Keyring> {
    const ring = new Keyring(kek, reload);
    await ring.#take(rows);
    if (ring.#unopened.length > 0) {
      throw new KeyringError('WRONG_MASTER_KEY', `the master key ${kek.id} does not open the keys of this database`);
    }
    return ring;
  }

  async #take(rows: readonly DataKeyRow[]): Promise<void> {
    const keys = new Map<number, Opened>();
    const current = new Map<Ring, number>();
    const unopened: number[] = [];
    for (const row of [...rows].sort((a, b) => a.id - b.id)) {
      const known = this.#keys.get(row.id);
      const key = known?.key ?? (await this.#unwrap(row));
      if (!key) {
        unopened.push(row.id);
        continue;
      }
      keys.set(row.id, { ring: row.ring, key });
      if (row.state === 'active' && (row.settled || !current.has(row.ring))) current.set(row.ring, row.id);
    }
    this.#keys = keys;
    this.#current = current;
    this.#unopened = unopened;
    this.#index = [...keys.values()].find(({ ring }) => ring === 'index')?.key;
  }

  async #unwrap(row: DataKeyRow): Promise<KeyObject | undefined> {
    try {
      return createSecretKey(await this.#kek.unwrap(row.wrapped, context(row.ring)));
    } catch (error) {
      if (error instanceof KeyringError && error.code === 'WRONG_MASTER_KEY') return undefined;
      throw error;
    }
  }

  /**
   * Data keys that this master key does not open: they were made since it was changed. What the process has read before it
   * still opens; it must be started again with the new master key, and takes itself out of service until then.
   */
  get unopened(): readonly number[] {
    return this.#unopened;
  }

  /** Reads the rows again: another process may have made a key. */
  async refresh(): Promise<void> {
    if (this.#reload) await this.#take(await this.#reload());
  }

  /**
   * `work`, which may run twice: once more after the keys were read again, if it met one that another process made. A
   * process may have slept, or been unable to read, while the others went on.
   */
  async knowing<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KeyringError) || error.code !== 'UNKNOWN_KEY') throw error;
      await this.refresh();
      return work();
    }
  }

  /** For callers that do not ask again: the next one finds the key. */
  #learn(): void {
    if (this.#learning) return;
    this.#learning = true;
    this.refresh()
      .catch(() => undefined)
      .finally(() => {
        this.#learning = false;
      });
  }

  /** The number of the key that seals a ring now. */
  currentKey(ring: Ring): number | undefined {
    return this.#current.get(ring);
  }

  /** The master key's id. */
  get masterKey(): string {
    return this.#kek.id;
  }

  /** A fresh wrapped data key, to be stored. */
  newKey(ring: Ring): Promise<{ ring: Ring; kekId: string; wrapped: Buffer }> {
    return newDataKey(ring, this.#kek);
  }

  #key(id: number, ring: Ring): KeyObject {
    const found = this.#keys.get(id);
    if (found?.ring !== ring) throw new KeyringError('UNKNOWN_KEY', `no data key ${id} in ring ${ring}`);
    return found.key;
  }

  seal(ring: Ring, plaintext: string | Buffer, aad: string): Buffer {
    const id = this.#current.get(ring);
    if (id === undefined) throw new KeyringError('UNKNOWN_KEY', `ring ${ring} has no active key`);
    const header = Buffer.alloc(headerLength);
    header.writeUInt8(version, 0);
    header.writeUInt32BE(id, 1);
    const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
    return Buffer.concat([header, gcmSeal(this.#key(id, ring), bytes, Buffer.concat([header, Buffer.from(aad)]))]);
  }

  /** Throws KeyringError; the text holds nothing of what was sealed. */
  open(ring: Ring, sealed: Buffer, aad: string): Buffer {
    if (sealed.length < headerLength + 28 || sealed.readUInt8(0) !== version) {
      throw new KeyringError('FORMAT', 'these bytes were not sealed by a keyring');
    }
    const header = sealed.subarray(0, headerLength);
    if (!this.#keys.has(sealed.readUInt32BE(1))) this.#learn();
    const key = this.#key(sealed.readUInt32BE(1), ring);
    try {
      return gcmOpen(key, sealed.subarray(headerLength), Buffer.concat([header, Buffer.from(aad)]));
    } catch {
      throw new KeyringError('TAMPERED', `sealed bytes of ring ${ring} do not open: altered, or moved to another row`);
    }
  }

  /**
   * Blind index: HMAC-SHA256 under the oldest index key, separate per scope. The oldest, because all rows must agree;
   * a new index key means recomputing every row.
   */
  fingerprint(scope: string, text: string): Buffer {
    if (!this.#index) throw new KeyringError('UNKNOWN_KEY', 'ring index has no key');
    // By way of a text: a digest as bytes brings memory of its own, which costs more to collect than it holds.
    return Buffer.from(createHmac('sha256', this.#index).update(`${scope}\0${text}`).digest('binary'), 'binary');
  }
}
