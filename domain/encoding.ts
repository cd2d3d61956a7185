/**
 * Which encoding a file of keys is in. A wrong guess would store garbage that nobody can redeem, so anything not certain
 * is refused: UTF-8 must be valid throughout, GBK must be made of the characters that Chinese text is made of.
 */

export const encodings = ['utf-8', 'gb18030', 'utf-16le', 'utf-16be'] as const;
export type Encoding = (typeof encodings)[number];

/**
 * Share of two-byte characters that must be everyday ones (signs and Chinese characters of GB 2312) before bytes are
 * taken for GBK. Its kana and Greek are what Big5 looks like.
 */
const everyday = 0.9;

export class EncodingProbe {
  #bom: Encoding | undefined;
  #size = 0;
  #zeros: [number, number] = [0, 0];
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #utf8Wrong = false;
  #lead = -1; // first byte of a two-byte character that the last piece ended in
  #four = 0; // bytes of a four-byte character still to come
  #common = 0;
  #rare = 0;
  #gbkWrong = false;

  /** Pieces in their order. */
  push(piece: Uint8Array): void {
    if (this.#size === 0) this.#bom = bomOf(piece);
    for (let i = 0; i < piece.length; i++) {
      if (piece[i] === 0) this.#zeros[(this.#size + i) % 2 ? 1 : 0]++;
    }
    if (!this.#utf8Wrong) {
      try {
        this.#utf8.decode(piece, { stream: true });
      } catch {
        this.#utf8Wrong = true;
      }
    }
    if (!this.#gbkWrong) this.#walkGbk(piece);
    this.#size += piece.length;
  }

  #walkGbk(piece: Uint8Array): void {
    for (const byte of piece) {
      if (this.#four > 0) {
        this.#four--;
        continue;
      }
      if (this.#lead < 0) {
        if (byte === 0x80 || byte === 0xff) this.#gbkWrong = true;
        else if (byte > 0x80) this.#lead = byte;
        continue;
      }
      const lead = this.#lead;
      this.#lead = -1;
      if (byte >= 0x30 && byte <= 0x39) {
        this.#four = 2;
        this.#rare++;
      } else if (byte < 0x40 || byte === 0x7f || byte === 0xff) this.#gbkWrong = true;
      else if (byte >= 0xa1 && ((lead >= 0xa1 && lead <= 0xa3) || (lead >= 0xb0 && lead <= 0xf7))) this.#common++;
      else this.#rare++;
    }
  }

  /** The encoding, or undefined if it is not certain. */
  result(): Encoding | undefined {
    if (this.#bom) return this.#bom;
    const [even, odd] = this.#zeros;
    if (even + odd > 0) {
      // Text in UTF-16 without a mark: the zeros of Latin letters stand on one side. Else it is no text.
      if (odd > even * 20 && odd > this.#size / 8) return 'utf-16le';
      return even > odd * 20 && even > this.#size / 8 ? 'utf-16be' : undefined;
    }
    if (!this.#utf8Wrong && this.#utf8Ends()) return 'utf-8';
    const pairs = this.#common + this.#rare;
    const chinese = !this.#gbkWrong && this.#lead < 0 && pairs > 0 && this.#common / pairs >= everyday;
    return chinese ? 'gb18030' : undefined;
  }

  #utf8Ends(): boolean {
    try {
      this.#utf8.decode();
      return true;
    } catch {
      return false;
    }
  }
}

function bomOf(bytes: Uint8Array): Encoding | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return undefined;
}
