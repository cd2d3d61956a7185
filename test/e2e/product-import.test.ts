import assert from 'node:assert/strict';
import { call } from '../../dev/client.ts';
import { openXlsx, sheetRows } from '../../integrations/sheets/xlsx.ts';
import { writeXlsx } from '../../integrations/sheets/xlsx-out.ts';
import { openImporter, type ImportState, type Importer } from '../support/goods.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

type Rows = {
  items: { line: number; sku: string; action: string; keys: number; problems: { field: string; zh: string }[] }[];
};

describe('batch import of products, on real parts', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem({ temporal: (await testTemporal()).address });
    importer = openImporter(system);
  });
  after(() => system.stop());

  const header = ['商品名称*', 'SKU编码*', '售价*', '库存上限', '发货内容', '商品类型'];
  const check = async (rows: string[][], options: object = {}): Promise<ImportState> => {
    const { id } = await importer.ask<ImportState>('imports/products', {
      mode: 'test',
      fileName: 'p.xlsx',
      ...options,
    });
    await importer.upload(id, new Uint8Array(writeXlsx({ name: '商品', rows })));
    return importer.settled(id);
  };
  const download = async (path: string): Promise<string[][]> => {
    const response = await fetch(`${system.base}/api/console/${path}`, { headers: { authorization: `Bearer ${system.opsToken}` } }); // prettier-ignore
    const book = await openXlsx(Buffer.from(await response.arrayBuffer()));
    return [...sheetRows(book)].map((row) => Array.from(row.cells, (cell) => cell?.text ?? ''));
  };

  it('D1: the template has the headers, an example row, and its own columns are recognised', async () => {
    const [head = [], example = []] = await download('product-template.xlsx');
    assert.ok(head[0] === '商品名称*' && head.includes('库存上限') && head.includes('发货内容'));
    const checked = await check([head, example]);
    assert.deepEqual([checked.state, checked.good, checked.bad], ['ready', 1, 0]);
  });

  it('D1: each wrong cell is named in words; all or only the good rows; keys of 发货内容 go into the pool', async () => {
    const checked = await check([
      header,
      ['游戏点卡-腾讯QQ-100元-365天', '00123', '９８．００', '５', 'K1\nK2\nK2', '卡密'],
      ['', 'BAD SKU', '-1', '很多', '', '礼物'],
      ['第二个', 'SECOND', '1', '', '', ''],
      ['又一个', 'SECOND', '1', '', '', ''],
    ]);
    assert.deepEqual([checked.good, checked.bad], [2, 2]);
    const { items } = await importer.ask<Rows>(`imports/${checked.id}/rows`);
    assert.deepEqual(
      items[1]?.problems.map((p) => p.field),
      ['sku', 'name', 'price', 'kind', 'stockLimit'],
    );
    assert.deepEqual(
      items[3]?.problems.map((p) => p.zh),
      ['文件内 SKU编码 重复'],
    );
    const errors = await download(`imports/${checked.id}/errors.xlsx`);
    assert.equal(errors.length, 3);
    await importer.ask(`imports/${checked.id}/confirm-products`, {}, { expect: 409 });
    await importer.ask(`imports/${checked.id}/confirm-products`, { onlyGood: true });
    assert.equal((await importer.settled(checked.id)).state, 'done');
    type Found = {
      items: { sku: string; priceMinor: number; stockLimit: number; stock: { test: { available: number } } }[];
    };
    const found = await importer.ask<Found>('products?search=00123');
    assert.deepEqual(
      found.items.map((p) => [p.sku, p.priceMinor, p.stockLimit, p.stock.test.available]),
      [['00123', 9800, 5, 2]],
    );
  });

  it('D1: existing SKUs are left or updated by rule; only the columns that are there change', async () => {
    const skip = await check([header, ['新名字', '00123', '1.00', '', '', '']]);
    assert.deepEqual([skip.good, skip.bad], [0, 0]);
    const update = await check(
      [
        ['SKU编码', '商品名称', '售价'],
        ['00123', '新名字', '77'],
      ],
      { rule: 'update' },
    );
    await importer.ask(`imports/${update.id}/confirm-products`, {});
    await importer.settled(update.id);
    const { items } = await importer.ask<{ items: { name: string; priceMinor: number; stockLimit: number }[] }>('products?search=00123'); // prettier-ignore
    assert.deepEqual([items[0]?.name, items[0]?.priceMinor, items[0]?.stockLimit], ['新名字', 7700, 5]);
  });

  it('D1: foreign headers are mapped; missing columns are named', async () => {
    const rows = [
      ['Titel', 'Nummer', 'Preis'],
      ['Karte', 'DE-1', '5.00'],
    ];
    const failed = await check(rows);
    assert.deepEqual([failed.state, failed.failureCode], ['failed', 'IMPORT_COLUMNS']);
    const mapped = await check(rows, { mapping: { Titel: 'name', Nummer: 'sku', Preis: 'price' } });
    assert.deepEqual([mapped.state, mapped.good], ['ready', 1]);
  });

  it('D1: an import is undone while nothing was ordered of it, and not after', async () => {
    const checked = await check([header, ['甲', 'UNDO-1', '1', '', 'k', ''], ['乙', 'UNDO-2', '1', '', '', '']]);
    await importer.ask(`imports/${checked.id}/confirm-products`, {});
    await importer.settled(checked.id);
    await system.shop.order({ sku: 'UNDO-2', accountId: system.sandbox });
    await importer.ask(`imports/${checked.id}/undo-products`, {}, { method: 'POST', expect: 409 });
    const second = await check([header, ['丙', 'UNDO-3', '1', '', 'k3', '']]);
    await importer.ask(`imports/${second.id}/confirm-products`, {});
    await importer.settled(second.id);
    assert.deepEqual(await importer.ask(`imports/${second.id}/undo-products`, {}, { method: 'POST' }), { removed: 1 });
    await call(`${system.base}/api/v1/products/UNDO-3/stock`, { token: system.shop.apiKey, expect: 404 });
  });
});
