import assert from 'node:assert/strict';
import { advanceImport } from '../../activities/imports.ts';
import { keyParts, openKey } from '../../integrations/keyring/goods.ts';
import { writeXlsx } from '../../integrations/sheets/xlsx-out.ts';
import { openImporter, type Importer, type ImportState } from '../support/goods.ts';
import { startSystem, type System } from '../support/system.ts';

describe('forms of key files', function () {
  this.timeout(60_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const through = async (id: number): Promise<ImportState> => {
    const { steps } = system.parts;
    await advanceImport(steps, id);
    await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST' });
    await advanceImport(steps, id);
    return importer.ask(`imports/${id}`);
  };
  const keysOf = async (productId: number): Promise<string[][]> => {
    const { rows } = await system.parts.pool.query<{ ciphertext: Buffer; fingerprint: Buffer }>('select ciphertext, fingerprint from cards where product_id = $1', [productId]); // prettier-ignore
    return rows.map((row) => keyParts(openKey(system.parts.steps.keyring, productId, row)));
  };

  const nasty = ['a---b----c', '"quoted"', '""', '=cmd|calc', '+1', '@x', '🔑-emoji👨‍👩‍👧', 'it\'s, "x"', '001234567890123456789', '\\n', "'=1", '全角，－', 'a;b|c', '<&>', '_x0041_', '%00', '$1']; // prettier-ignore
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const forms: Record<string, { name: string; bytes: Buffer } | { paste: string }> = {
    text: { name: 'k.txt', bytes: Buffer.from(nasty.join('\n')) },
    'text with CRLF and a mark': { name: 'k.txt', bytes: Buffer.from(`\ufeff${nasty.join('\r\n')}\r\n`) },
    'UTF-16 as Windows saves it': { name: 'k.txt', bytes: Buffer.from(`\ufeff${nasty.join('\r\n')}`, 'utf16le') },
    CSV: { name: 'k.csv', bytes: Buffer.from(`卡密\n${nasty.map(quoted).join('\n')}\n`) },
    xlsx: { name: 'k.xlsx', bytes: writeXlsx({ name: '1', rows: [['卡密'], ...nasty.map((key) => [key.replace('_x0041_', '_x005F_x0041_')])] }) }, // prettier-ignore
    paste: { paste: nasty.join('\n') },
  };
  for (const [form, given] of Object.entries(forms)) {
    it(`D4: each key comes out byte for byte as it went in: ${form}`, async () => {
      const { id: productId } = await importer.product();
      const { id } =
        'paste' in given
          ? await importer.begin({ productId, text: given.paste })
          : await importer.begin({ productId, fileName: given.name });
      if ('bytes' in given) await importer.upload(id, new Uint8Array(given.bytes));
      const done = await through(id);
      assert.deepEqual([done.state, done.added, done.bad], ['done', nasty.length, 0]);
      assert.deepEqual((await keysOf(productId)).map(([key]) => key).sort(), [...nasty].sort());
    });
  }

  for (const [name, separator] of [
    ['----', '----'],
    ['|', '|'],
    ['tab', '\t'],
    ['comma', ','],
    ['space', ' '],
  ] as const) {
    it(`D4: 商品编码-卡密-密码 with ${name} as separator, found by itself and named by the operator`, async () => {
      const { id: productId, sku } = await importer.product();
      const line = (n: number): string => [sku, `KEY-${n}`, `pass=${n}`].join(separator);
      const found = await importer.begin({});
      await importer.upload(found.id, `${line(1)}\n${line(2)}`);
      assert.equal((await through(found.id)).separator, separator);
      const named = await importer.begin({ separator, columns: ['sku', 'key', 'part'] });
      await importer.upload(named.id, line(3));
      await through(named.id);
      assert.deepEqual((await keysOf(productId)).sort(), [
        ['KEY-1', 'pass=1'],
        ['KEY-2', 'pass=2'],
        ['KEY-3', 'pass=3'],
      ]);
    });
  }
});
