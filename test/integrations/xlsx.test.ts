import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EncodingProbe } from '../../domain/encoding.ts';
import { FingerprintSet } from '../../domain/fingerprint-set.ts';
import { cutLine, readKey, type Cell } from '../../domain/key-file.ts';
import { openXlsx, sheetRows } from '../../integrations/sheets/xlsx.ts';
import { openArchive, SheetError } from '../../integrations/sheets/zip.ts';
import { createHash } from 'node:crypto';

const rules = { columns: ['key'] as const, productId: 1, products: new Map(), trim: true, now: new Date('2026-01-01'), zoneMinutes: 480 }; // prettier-ignore
const problem = (cell: Cell): unknown => {
  const key = readKey({ line: 1, cells: [cell] }, rules);
  return typeof key === 'string' ? key : key.parts;
};

describe('files of keys', () => {
  it('D1 D4: a file saved by LibreOffice keeps text cells; lost digits, dates and formulas are refused, never evaluated', async () => {
    const text = [...sheetRows(await openXlsx(readFileSync('test/fixtures/libreoffice-text.xlsx')))];
    assert.deepEqual(
      text[2]?.cells.map((c) => c?.text),
      ['123456789012345678', '=1+1', 'a,"b"'],
    );
    const [, row] = [...sheetRows(await openXlsx(readFileSync('test/fixtures/libreoffice-cells.xlsx')))];
    const [, lost, date, formula] = row?.cells ?? [];
    assert.ok(lost && date && formula);
    assert.deepEqual([problem(lost), problem(date), problem(formula)], ['NUMBER_LOST', 'DATE_CELL', 'FORMULA']);
  });
  it('D4: the key column takes every separator that is one too many', () => {
    const cut = (line: string) =>
      cutLine(line, '----', ['sku', 'key', 'part'], new Map([['A', 1]]))?.map((c) => c.text);
    assert.deepEqual(cut('A----k1----k2----p'), ['A', 'k1----k2', 'p']);
    assert.equal(cut('A----k'), undefined);
  });
  it('a bomb, a broken archive and a locked file are refused by name', async () => {
    assert.throws(() => openArchive(Buffer.from('d0cf11e0a1b11ae1aa', 'hex'), 1), (e) => e instanceof SheetError && e.code === 'OLD_OR_LOCKED'); // prettier-ignore
    assert.throws(() => openArchive(Buffer.from('PK nothing'), 1), SheetError);
    const archive = openArchive(readFileSync('test/fixtures/libreoffice-text.xlsx'), 100);
    await assert.rejects(archive.text('xl/styles.xml'), (e) => e instanceof SheetError && e.code === 'TOO_LARGE');
  });
  for (const [what, hex, wanted] of [
    ['UTF-8 with a mark', 'efbbbf61', 'utf-8'],
    ['UTF-8 cut anywhere', 'e9a1bae4b8b0', 'utf-8'],
    ['GBK', 'cbb3b7e12d3132', 'gb18030'],
    ['UTF-16 without a mark', '61006200630064006500', 'utf-16le'],
    ['Latin-1', '636ce92d6e61ef766520', undefined],
    ['Big5', 'a4a4a4e5b6d0a5d7a4e9', undefined],
    ['a picture', '89504e470d0a1a0a0000000d49484452', undefined],
  ] as const) {
    it(`encoding: ${what} is ${wanted ?? 'not certain, so refused'}, whatever the pieces`, () => {
      for (const size of [1, 3, 100]) {
        const probe = new EncodingProbe();
        const bytes = Buffer.from(hex, 'hex');
        for (let at = 0; at < bytes.length; at += size) probe.push(bytes.subarray(at, at + size));
        assert.equal(probe.result(), wanted, `pieces of ${size}`);
      }
    });
  }
  it('the set of fingerprints knows each of 50,000, and nothing else', () => {
    const set = new FingerprintSet();
    const of = (i: number) => createHash('sha256').update(String(i)).digest();
    for (let i = 0; i < 50_000; i++) assert.ok(set.add(of(i)));
    for (let i = 0; i < 50_000; i += 7) assert.ok(!set.add(of(i)));
    assert.ok(set.add(of(50_001)));
    assert.equal(set.size, 50_001);
  });
});
