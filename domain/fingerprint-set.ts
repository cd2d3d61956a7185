/**
 * A set of fingerprints that stays small: 16 of the 32 bytes in flat memory, 32 MB for a million. Two different keys
 * that agree in 128 bits of an HMAC do not happen.
 */
export class FingerprintSet {
  #slots: Uint32Array = new Uint32Array(4 * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True if it was not there before. */
  add(fingerprint: Uint8Array): boolean {
    if ((this.#size + 1) * 8 > this.#slots.length) this.#grow();
    const view = new DataView(fingerprint.buffer, fingerprint.byteOffset, 16);
    // A word of four zeros marks a free place: the first word is never zero.
    const fresh = this.#put(this.#slots, view.getUint32(0) || 1, view.getUint32(4), view.getUint32(8), view.getUint32(12)); // prettier-ignore
    if (fresh) this.#size++;
    return fresh;
  }

  #put(slots: Uint32Array, a: number, b: number, c: number, d: number): boolean {
    const mask = slots.length / 4 - 1;
    for (let at = (a ^ b) & mask; ; at = (at + 1) & mask) {
      const i = at * 4;
      if (slots[i] === 0) {
        slots[i] = a;
        slots[i + 1] = b;
        slots[i + 2] = c;
        slots[i + 3] = d;
        return true;
      }
      if (slots[i] === a && slots[i + 1] === b && slots[i + 2] === c && slots[i + 3] === d) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += 4) {
      if (old[i] !== 0) this.#put(this.#slots, old[i] ?? 0, old[i + 1] ?? 0, old[i + 2] ?? 0, old[i + 3] ?? 0);
    }
  }
}
