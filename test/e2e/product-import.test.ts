import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { call, openPickup, until } from '../../dev/client.ts';
import { openXlsx, sheetRows } from '../../integrations/sheets/xlsx.ts';
import { writeXlsx, zip } from '../../integrations/sheets/xlsx-out.ts';
import { openImporter, type ImportState, type Importer } from '../support/goods.ts';
import { testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

type Rows = {
  items: { line: number; sku: string; action: string; keys: number; problems: { field: string; zh: string }[] }[];
};

interface Found {
  id: number;
  sku: string;
  name: string;
  priceMinor: number;
  stockLimit: number | null;
  tags: string[];
  version: number;
  stock: { test: { available: number } };
}

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
  const checkFile = async (fileName: string, bytes: Buffer, options: object = {}): Promise<ImportState> => {
    const { id } = await importer.ask<ImportState>('imports/products', { mode: 'test', fileName, ...options });
    await importer.upload(id, new Uint8Array(bytes));
    return importer.settled(id);
  };
  /** What a row is said to be: what it would do, or the field and the begin of each problem. */
  const rowsOf = async (id: number): Promise<Record<string, string>> => {
    const { items } = await importer.ask<Rows>(`imports/${id}/rows`);
    return Object.fromEntries(items.map((r) => [r.sku, r.problems.length === 0 ? r.action : r.problems.map((p) => `${p.field}: ${p.zh.slice(0, 8)}`).join(', ')])); // prettier-ignore
  };
  const product = async (sku: string): Promise<Found> => {
    const { items } = await importer.ask<{ items: Found[] }>(`products?search=${encodeURIComponent(sku)}`);
    const found = items.find((item) => item.sku === sku);
    assert.ok(found, sku);
    return found;
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
    assert.deepEqual(errors[0], [...header, '问题'], 'the rows as they came, to be corrected and sent again');
    assert.deepEqual(errors[1]?.slice(0, 4), ['', 'BAD SKU', '-1', '很多']);
    assert.match(errors[1][6] ?? '', /第 3 行：SKU编码：.*售价：/);
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
    assert.deepEqual(await importer.ask(`imports/${second.id}/undo-products`, {}, { method: 'POST' }), {
      removed: 1,
      restored: 0,
    });
    await call(`${system.base}/api/v1/products/UNDO-3/stock`, { token: system.shop.apiKey, expect: 404 });
  });

  it('D1: files saved by LibreOffice: text stays text, 18 digits and zeros in front too; nothing is computed or guessed', async () => {
    const text = await checkFile('lo.xlsx', readFileSync('test/fixtures/libreoffice-products.xlsx'));
    const { '00123': zeros, ...rest } = await rowsOf(text.id);
    assert.ok(zeros !== undefined && ['create', 'skip'].includes(zeros), 'another test may have made it');
    assert.deepEqual(rest, { '123456789012345678': 'create', '全角-1': 'create' });
    const cells = await checkFile('cells.xlsx', readFileSync('test/fixtures/libreoffice-product-cells.xlsx'));
    assert.deepEqual(await rowsOf(cells.id), {
      'F-1': 'price: 单元格是公式，系',
      'M-1': 'create',
      '1.23456789012346E+017': 'sku: 数字超过 15 ',
      'D-1': 'name: 单元格是日期，请, price: 单元格是公式，系',
    });
    await importer.ask(`imports/${cells.id}/confirm-products`, { onlyGood: true });
    await importer.settled(cells.id);
    assert.deepEqual((await product('M-1')).tags, ['合并'], 'a merged cell counts for each of its rows');
    // Our own template, opened and saved by LibreOffice.
    const template = await checkFile('template.xlsx', readFileSync('test/fixtures/libreoffice-template.xlsx'));
    assert.deepEqual([template.state, template.good, template.bad], ['ready', 1, 0]);
  });

  it('D1: what Excel and WPS write: shared strings in runs, inline strings, a BOM in the XML, prices of 17 digits, control characters', async () => {
    const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
    const shared = ['商品名称', 'SKU编码', '售价', '库存上限'].map((t) => `<si><t>${t}</t></si>`).join('');
    const rich = '<si><r><rPr><b/></rPr><t>视频</t></r><r><t xml:space="preserve">会员-30天</t></r><rPh sb="0" eb="1"><t>シピン</t></rPh></si>'; // prettier-ignore
    const bytes = zip({
      'xl/workbook.xml': `\ufeff<workbook xmlns="${main}"><sheets><sheet name="商品" sheetId="1" r:id="rId9"/></sheets></workbook>`,
      'xl/_rels/workbook.xml.rels':
        '<Relationships><Relationship Id="rId9" Target="/xl/worksheets/sheet7.xml"/></Relationships>',
      'xl/sharedStrings.xml': `<sst xmlns="${main}">${shared}${rich}</sst>`,
      'xl/worksheets/sheet7.xml': `<worksheet xmlns="${main}"><sheetData>
        <row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c></row>
        <row r="2"><c r="A2" t="s"><v>4</v></c><c r="B2" t="inlineStr"><is><t>XL-1</t></is></c><c r="C2"><v>19.989999999999998</v></c><c r="D2"><v>1E3</v></c></row>
        <row r="3"><c r="A3" t="str"><v>a_x0000_b</v></c><c r="B3" t="inlineStr"><is><t>XL-2</t></is></c><c r="C3" t="b"><v>1</v></c></row>
        <row r="4"><c r="A4" t="inlineStr"><is><t>  </t></is></c></row>
        <row r="9"><c r="A9" t="inlineStr"><is><t>=HYPERLINK("x")</t></is></c><c r="B9" t="inlineStr"><is><t>XL-3</t></is></c><c r="C9"><v>5</v></c></row>
      </sheetData></worksheet>`,
    });
    const checked = await checkFile('wps.xlsx', bytes);
    assert.deepEqual(await rowsOf(checked.id), {
      'XL-1': 'create',
      'XL-2': 'name: 含有不可见的控制, price: 售价应为大于 0',
      'XL-3': 'create',
    });
    await importer.ask(`imports/${checked.id}/confirm-products`, { onlyGood: true });
    await importer.settled(checked.id);
    const first = await product('XL-1');
    assert.deepEqual([first.name, first.priceMinor, first.stockLimit], ['视频会员-30天', 1999, 1000]);
    assert.equal((await product('XL-3')).name, '=HYPERLINK("x")');
  });

  it('D1: CSV in GBK and in UTF-8 with a mark is read alike; what could be garbage is refused', async () => {
    // 商品名称,SKU编码,售价 / 点卡,GBK-1,3
    const gbk = Buffer.from('c9ccc6b7c3fbb3c62c534b55b1e0c2eb2ccadbbcdb0ab5e3bfa82c47424b2d312c330a', 'hex');
    assert.deepEqual(await rowsOf((await checkFile('a.csv', gbk)).id), { 'GBK-1': 'create' });
    const marked = Buffer.from('\ufeff商品名称,SKU编码,售价\n"点,卡",BOM-1,3\n');
    assert.deepEqual(await rowsOf((await checkFile('b.csv', marked)).id), { 'BOM-1': 'create' });
    const broken = await checkFile('c.csv', Buffer.concat([marked, Buffer.from([0xe9, 0x20])]));
    assert.deepEqual([broken.state, broken.failureCode], ['failed', 'IMPORT_ENCODING']);
  });

  it('D1: undo makes changed products what they were and takes their keys back; not once they are sold or were edited since', async () => {
    await importer.ask('products', { sku: 'BACK-1', name: '原名', priceMinor: 500, tags: ['甲'] });
    const rows = (name: string): string[][] => [['SKU编码', '商品名称', '售价', '发货内容'], ['BACK-1', name, '9', `key of ${name}`], [`NEW-${name}`, '新', '1', '']]; // prettier-ignore
    const bring = async (name: string): Promise<number> => {
      const { id } = await check(rows(name), { rule: 'update' });
      await importer.ask(`imports/${id}/confirm-products`, {});
      await importer.settled(id);
      return id;
    };
    const first = await bring('A');
    assert.deepEqual([(await product('BACK-1')).name, (await product('BACK-1')).priceMinor], ['A', 900]);
    assert.deepEqual(await importer.ask(`imports/${first}/undo-products`, {}, { method: 'POST' }), { removed: 1, restored: 1 }); // prettier-ignore
    const back = await product('BACK-1');
    assert.deepEqual([back.name, back.priceMinor, back.tags], ['原名', 500, ['甲']]);
    await until('its key is gone', async () => ((await product('BACK-1')).stock.test.available === 0 ? true : undefined), 15_000, 50); // prettier-ignore
    await importer.ask(`imports/${first}/undo-products`, {}, { method: 'POST', expect: 409 });

    const edited = await bring('B');
    const { id, version } = await product('BACK-1');
    await importer.ask(`products/${id}`, { sku: 'BACK-1', name: '手改', priceMinor: 700, version }, { method: 'PUT' });
    type Refusal = { error: { code: string; detail: { ordered?: string[] } } };
    const changed = await importer.ask<Refusal>(`imports/${edited}/undo-products`, {}, { method: 'POST', expect: 409 });
    assert.equal(changed.error.code, 'PRODUCT_CHANGED');
    await product('NEW-B');

    const sold = await bring('C');
    // The key of B comes first, so two.
    const order = await system.shop.order({ sku: 'BACK-1', quantity: 2, accountId: system.sandbox });
    await system.notify(order.orderNo, { amountMinor: 1800 });
    const pickup = await openPickup(system.base, order.pickupUrl);
    await until('goods', () => pickup.goods(), 15_000);
    const refused = await importer.ask<Refusal>(`imports/${sold}/undo-products`, {}, { method: 'POST', expect: 409 });
    const { error } = refused;
    assert.equal(error.code, 'IMPORT_STATE');
    assert.equal((await product('BACK-1')).name, 'C');
  });
});
