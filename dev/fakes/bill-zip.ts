/** A zip with CSV files in GBK, as 支付宝 gives its bills (APPNOTE.TXT 4.3): written here, because Node reads GBK only. */
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../integrations/sheets/crc32.ts';

let table: ReadonlyMap<string, number> | undefined;

function gbkTable(): ReadonlyMap<string, number> {
  const decoder = new TextDecoder('gbk');
  const out = new Map<string, number>();
  for (let high = 0x81; high <= 0xfe; high++) {
    for (let low = 0x40; low <= 0xfe; low++) {
      const text = decoder.decode(Uint8Array.of(high, low));
      if (text.length === 1 && text !== '\ufffd') out.set(text, (high << 8) | low);
    }
  }
  return out;
}

export function gbk(text: string): Buffer {
  table ??= gbkTable();
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.charCodeAt(0) < 0x80 ? char.charCodeAt(0) : (table.get(char) ?? 0x3f);
    if (code > 0xff) bytes.push(code >> 8, code & 0xff);
    else bytes.push(code);
  }
  return Buffer.from(bytes);
}

/** Of texts by their file names. */
export function billZip(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [fileName, text] of Object.entries(files)) {
    const name = gbk(fileName);
    const plain = gbk(text);
    const packed = deflateRawSync(plain);
    const common = Buffer.alloc(26); // from "version needed" to "extra field length"
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, packed]);
    const rest = Buffer.alloc(14); // comment length … offset of the local header
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
