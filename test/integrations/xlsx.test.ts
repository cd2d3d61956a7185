import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EncodingProbe } from '../../domain/encoding.ts';
import { FingerprintSet } from '../../domain/fingerprint-set.ts';
import { cutLine, readKey, type Cell, type FileRow } from '../../domain/key-file.ts';
import { csvRows, decoded, textLines } from '../../integrations/sheets/records.ts';
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
  it('D1 D4: a book that counts its days from 1904 gives the days it shows; a SKU merged over its rows, zeros and 18 digits stay', async () => {
    const book = { ...rules, columns: ['sku', 'key', 'expires'] as const, productId: undefined, products: new Map([['QQ-100', 7]]) }; // prettier-ignore
    const [, ...rows] = [...sheetRows(await openXlsx(readFileSync('test/fixtures/libreoffice-1904.xlsx')))];
    const keys = rows.map((row) => readKey(row, book));
    const good = (key: string, expiresAt: string) => ({ productId: 7, parts: [key], expiresAt: new Date(expiresAt), surchargeMinor: undefined }); // prettier-ignore
    assert.deepEqual(keys, [
      good('0000123456', '2027-03-31T23:59:59+08:00'),
      good('123456789012345678', '2027-04-01T23:59:59+08:00'),
      'NUMBER_LOST',
    ]);
  });
  it('D1 D4: a CSV in GBK gives the same cells as the sheet that LibreOffice makes of it', async () => {
    const sheet = [...sheetRows(await openXlsx(readFileSync('test/fixtures/libreoffice-gbk.xlsx')))];
    const bytes = readFileSync('test/fixtures/keys-gbk.csv');
    const probe = new EncodingProbe();
    probe.push(bytes);
    assert.equal(probe.result(), 'gb18030');
    const csv: FileRow[] = [];
    const pieces = async function* () {
      yield await Promise.resolve(bytes);
    };
    for await (const rows of csvRows(decoded(pieces, 'gb18030'), ',')) csv.push(...rows);
    assert.deepEqual(csv, sheet);
    assert.deepEqual(csv[3]?.cells[1]?.text, '中文卡密');
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
  it('a small archive does not stall the process: what never ends is looked for once', () => {
    const begin = '<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>K</t></is></c></row>';
    for (const part of [
      '<row>',
      '<row',
      '<row><c>',
      '<mergeCells><mergeCell ref="A1:A2"',
      '<row><c t="inlineStr"><is><t>',
    ]) {
      const sheet = begin + part.repeat(Math.ceil(4_000_000 / part.length));
      const before = performance.now();
      const rows = [...sheetRows({ sheet, strings: [], styles: [] })];
      assert.equal(rows[0]?.cells[0]?.text, 'K');
      assert.ok(performance.now() - before < 5_000, `${part} took ${performance.now() - before} ms`);
    }
    const inOne = `${begin}<row>${'<c><is><rPh>'.repeat(300_000)}</row>`;
    const before = performance.now();
    assert.equal([...sheetRows({ sheet: inOne, strings: [], styles: [] })].length, 1);
    assert.ok(performance.now() - before < 5_000);
    assert.throws(() => [...sheetRows({ sheet: '<row/>'.repeat(1_048_577), strings: [], styles: [] })], (e) => e instanceof SheetError && e.code === 'TOO_LARGE'); // prettier-ignore
  });
  it('entities that a file declares are never expanded', () => {
    const sheet = '<row r="1"><c t="str"><v>&a;&lt;&#x41;&constructor;&toString;</v></c></row>';
    assert.equal([...sheetRows({ sheet, strings: [], styles: [] })][0]?.cells[0]?.text, '&a;<A&constructor;&toString;');
  });
  it('a file without line ends is refused early, not copied again for each of its pieces', async () => {
    let given = 0;
    const pieces = async function* () {
      for (; given < 400; given++) yield await Promise.resolve('x'.repeat(512 * 1024));
    };
    await assert.rejects(async () => {
      for await (const lines of textLines(pieces())) assert.deepEqual(lines, []);
    }, SheetError);
    assert.ok(given < 3, `${given} pieces`);
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
