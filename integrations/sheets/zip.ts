/** Reads named entries of a zip archive in memory, with caps: a small archive must not unpack into all of it. */
import { inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';

const inflate = promisify(inflateRaw);

export class SheetError extends Error {
  readonly code: 'NOT_A_SHEET' | 'OLD_OR_LOCKED' | 'TOO_LARGE';
  constructor(code: SheetError['code'], message: string) {
    super(message);
    this.name = 'SheetError';
    this.code = code;
  }
}

interface Entry {
  readonly at: number;
  readonly packed: number;
  readonly size: number;
  readonly method: number;
}

export interface Archive {
  readonly names: readonly string[];
  /** The text of an entry; undefined if there is none. Rejects with SheetError. */
  text(name: string): Promise<string | undefined>;
}

const broken = (): SheetError => new SheetError('NOT_A_SHEET', 'not a readable zip archive');

/** Opens an archive; `cap` is the number of unpacked bytes that may be read in all. */
export function openArchive(bytes: Buffer, cap: number): Archive {
  if (bytes.length > 8 && bytes.readUInt32BE(0) === 0xd0cf11e0) {
    throw new SheetError('OLD_OR_LOCKED', 'an .xls file, or a spreadsheet with a password');
  }
  const entries = directory(bytes);
  let left = cap;
  return {
    names: [...entries.keys()],
    async text(name) {
      const entry = entries.get(name);
      if (!entry) return undefined;
      if (entry.size > left) throw new SheetError('TOO_LARGE', `${name} unpacks to ${entry.size} bytes`);
      const start = entry.at + 30 + bytes.readUInt16LE(entry.at + 26) + bytes.readUInt16LE(entry.at + 28);
      const packed = bytes.subarray(start, start + entry.packed);
      let plain: Buffer;
      try {
        plain = entry.method === 0 ? packed : await inflate(packed, { maxOutputLength: Math.max(1, left) });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
          throw new SheetError('TOO_LARGE', `${name} unpacks to more than allowed`);
        }
        throw broken();
      }
      left -= plain.length;
      return plain.toString('utf8').replace(/^\ufeff/, '');
    },
  };
}

/** The central directory at the end of the archive. */
function directory(bytes: Buffer): Map<string, Entry> {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + 22 > bytes.length) throw broken();
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) throw broken();
    const nameLength = bytes.readUInt16LE(at + 28);
    const method = bytes.readUInt16LE(at + 10);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength).replaceAll('\\', '/');
    const entry = { at: bytes.readUInt32LE(at + 42), packed: bytes.readUInt32LE(at + 20), size: bytes.readUInt32LE(at + 24), method }; // prettier-ignore
    if (entry.at + 30 > bytes.length || (method !== 0 && method !== 8)) throw broken();
    entries.set(name.replace(/^\//, ''), entry);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}
