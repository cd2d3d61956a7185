import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openPickup, until } from '../../dev/client.ts';
import { openKey } from '../../integrations/keyring/goods.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { scratch, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('imports of keys, on real parts', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  let directory: string;

  before(async () => {
    const { address } = await testTemporal();
    directory = scratch('drop');
    system = await startSystem({ temporal: address, env: { IMPORT_DIRECTORY: directory } });
    importer = openImporter(system);
  });
  after(() => system.stop());

  /** The product's keys as they were sealed, in the order of the queue. */
  const keysOf = async (productId: number): Promise<string[]> => {
    const { rows } = await system.parts.pool.query<{ ciphertext: Buffer; fingerprint: Buffer }>(
      'select ciphertext, fingerprint from cards where product_id = $1 order by seq',
      [productId],
    );
    return rows.map((row) => openKey(system.parts.steps.keyring, productId, row));
  };

  const nasty = [
    'a---b----c',
    '"quoted"',
    '=cmd|calc',
    '🔑-emoji',
    'it\'s, "x"',
    'tab\tinside',
    '001234567890123456789',
    '\\n',
  ];

  it('D4: a text of keys is checked, shown masked, confirmed and in the pool, byte for byte', async () => {
    const { id: productId } = await importer.product();
    const checked = await importer.check({ productId }, Buffer.from(nasty.join('\r\n') + '\r\n\r\n'));
    assert.deepEqual([checked.state, checked.good, checked.bad, checked.encoding], ['ready', nasty.length, 0, 'utf-8']);
    assert.ok(!JSON.stringify(checked).includes('cmd|calc'), 'the preview shows no key');
    assert.equal((await keysOf(productId)).length, 0, 'nothing is in before the confirmation');
    const done = await importer.confirm(checked.id);
    assert.deepEqual([done.state, done.added], ['done', nasty.length]);
    assert.deepEqual(await keysOf(productId), nasty);
    const staged = await system.parts.pool.query('select from import_chunks where import_id = $1', [checked.id]);
    assert.equal(staged.rowCount, 0);
  });

  it('D4: 商品编码-卡密-密码 for several products, with a SKU that holds the separator; parts stay apart', async () => {
    const a = await importer.product();
    const b = await importer.product();
    const text = [`${a.sku}----K1----P1`, `${b.sku}----K2----P2`, 'NO-SUCH----K3----P3', `${a.sku}----K4`].join('\n');
    const done = await importer.bring({ columns: ['sku', 'key', 'part'], separator: '----' }, Buffer.from(text));
    assert.deepEqual(
      done.totals.map((t) => [t.sku, t.keys]).sort(),
      [
        [a.sku, 1],
        [b.sku, 1],
      ].sort(),
    );
    assert.deepEqual(await importer.problems(done.id), [
      [3, 'UNKNOWN_SKU'],
      [4, 'COLUMNS'],
    ]);
    assert.deepEqual(await keysOf(a.id), [`\0["K1","P1"]`]);
    // SKUs of these products hold dashes themselves.
    const dashes = await importer.bring({}, Buffer.from(`${a.sku}-AAA-BBB\n${b.sku}-CCC-DDD`));
    assert.equal(dashes.separator, '-');
    assert.ok((await keysOf(b.id)).includes('CCC-DDD'));
  });

  it('D4: duplicates in three classes, by line and without the key', async () => {
    const { id: productId, sku } = await importer.product();
    await system.shop.addCards(sku, ['sold-one']);
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const pickup = await openPickup(system.base, order.pickupUrl);
    await until('goods', () => pickup.goods(), 15_000);
    await system.shop.addCards(sku, ['stock-one']);
    const checked = await importer.check({ productId }, Buffer.from('new\nsold-one\nstock-one\nnew\nother'));
    assert.deepEqual([checked.good, checked.inFile, checked.inStock, checked.sold], [2, 1, 1, 1]);
    const problems = await importer.problems(checked.id);
    assert.deepEqual(
      problems.sort((x, y) => x[0] - y[0]),
      [
        [2, 'SOLD'],
        [3, 'IN_STOCK'],
        [4, 'IN_FILE'],
      ],
    );
    const report = await fetch(`${system.base}/api/console/imports/${checked.id}/report.csv`, {
      headers: { authorization: `Bearer ${system.opsToken}` },
    });
    const text = await report.text();
    assert.ok(text.includes('2,SOLD') && !text.includes('sold-one'));
  });

  it('D4: the same file twice at once: each key once, and both say what they brought', async () => {
    const { id: productId } = await importer.product();
    const file = Buffer.from(Array.from({ length: 12_000 }, (_, i) => `TWICE-${i}`).join('\n'));
    const ids = await Promise.all([1, 2].map(() => importer.check({ productId }, file)));
    const done = await Promise.all(ids.map(({ id }) => importer.confirm(id)));
    assert.deepEqual(
      done.map((d) => d.state),
      ['done', 'done'],
    );
    assert.equal(
      done.reduce((sum, d) => sum + d.added, 0),
      12_000,
    );
    assert.equal(
      done.reduce((sum, d) => sum + d.added + d.late, 0),
      24_000,
    );
    assert.equal((await keysOf(productId)).length, 12_000);
  });

  it('D4: GBK is recognised; what could be garbage is refused in words and nothing is stored', async () => {
    const { id: productId } = await importer.product();
    const gbk = Buffer.from('cbb3b7e12d31320acef7b9cf2d33340a', 'hex'); // 顺丰-12, 西瓜-34
    const done = await importer.bring({ productId }, gbk);
    assert.equal(done.encoding, 'gb18030');
    assert.deepEqual(await keysOf(productId), ['顺丰-12', '西瓜-34']);
    const latin = await importer.check({ productId }, Buffer.from('clé-é1\nna\u00efve-2', 'latin1'));
    assert.deepEqual([latin.state, latin.failureCode], ['failed', 'IMPORT_ENCODING']);
    const wrong = await importer.check({ productId, encoding: 'utf-8' }, gbk);
    assert.deepEqual([wrong.state, wrong.failureCode], ['failed', 'IMPORT_ENCODING']);
  });

  it('C6 B1: an order that waits for stock goes out by itself when an import brings its key', async () => {
    const { id: productId, sku } = await importer.product();
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    await until('waiting', async () => ((await system.shop.read(order.orderNo)).state === 'waiting_stock' ? true : undefined), 15_000); // prettier-ignore
    await importer.bring({ productId }, Buffer.from('FROM-IMPORT'));
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.deepEqual(await until('goods', () => pickup.goods(), 15_000), ['FROM-IMPORT']);
  });

  it('D5: a key with the sooner date is sold first, whatever came first; without a date last', async () => {
    const { id: productId, sku } = await importer.product();
    const rows = ['卡密,有效期', 'none,', 'late,2032-12-31', 'soon,2031-01-01', 'gone,2001-01-01'].join('\n');
    const done = await importer.bring({ productId, fileName: 'a.csv' }, Buffer.from(rows));
    assert.deepEqual(await importer.problems(done.id), [[5, 'EXPIRED']]);
    assert.deepEqual(await keysOf(productId), ['soon', 'late', 'none']);
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.deepEqual(await until('goods', () => pickup.goods(), 15_000), ['soon']);
  });

  it('D5: undo takes exactly what is unsold', async () => {
    const { id: productId, sku } = await importer.product();
    const done = await importer.bring(
      { productId, source: '供应商甲', costMinor: 80, currency: 'CNY' },
      Buffer.from('u1\nu2\nu3'),
    );
    assert.equal(done.added, 3);
    const order = await system.shop.order({ sku, accountId: system.sandbox });
    await system.notify(order.orderNo);
    const pickup = await openPickup(system.base, order.pickupUrl);
    await until('goods', () => pickup.goods(), 15_000);
    await system.shop.addCards(sku, ['stays']);
    type Batches = { items: { id: number; source: string; costMinor: number; available: number; sold: number }[] };
    const { items } = await importer.ask<Batches>(`products/${productId}/batches`);
    const batch = items.find((b) => b.source === '供应商甲');
    assert.ok(batch);
    assert.deepEqual([batch.costMinor, batch.available, batch.sold], [80, 2, 1]);
    await importer.ask(`batches/${batch.id}/undo`, { reason: '买错了' });
    await until('undone', async () => ((await keysOf(productId)).length === 2 ? true : undefined), 15_000, 50);
    assert.deepEqual((await keysOf(productId)).sort(), ['stays', 'u1']);
    await importer.ask(`batches/${batch.id}/undo`, { reason: 'again' }, { expect: 409 });
  });

  it('a cancelled import brings nothing, and 库存上限 is said before anything is in', async () => {
    const { id: productId } = await importer.product({ stockLimit: 2 });
    const checked = await importer.check({ productId }, Buffer.from('1\n2\n3'));
    const refusal = await importer.ask<{ error: { code: string } }>(`imports/${checked.id}/confirm`, {}, { method: 'POST', expect: 409 }); // prettier-ignore
    assert.equal(refusal.error.code, 'STOCK_LIMIT');
    await importer.ask(`imports/${checked.id}/cancel`, {}, { method: 'POST' });
    await until(
      'emptied',
      async () => {
        const { rows } = await system.parts.pool.query<{ n: number }>(
          'select count(*)::int as n from import_blocks where import_id = $1 and length(sealed) > 0',
          [checked.id],
        );
        return rows[0]?.n === 0 ? true : undefined;
      },
      15_000,
      50,
    );
    assert.equal((await importer.ask<{ state: string }>(`imports/${checked.id}`)).state, 'cancelled');
    await importer.ask(`imports/${checked.id}/confirm`, {}, { method: 'POST', expect: 409 });
    assert.equal((await keysOf(productId)).length, 0);
  });

  it('pasted keys need no file', async () => {
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId, text: `P-${randomUUID()}\nPK\u0003\u0004` });
    const checked = await importer.settled(id);
    assert.deepEqual([checked.state, checked.good, checked.bad, checked.format], ['ready', 1, 1, 'text']);
    assert.deepEqual(await importer.problems(id), [[2, 'CONTROL']]);
  });

  it('D4: files of the drop directory are imported by themselves and move to done or failed with a report', async () => {
    const { id: productId, sku } = await importer.product();
    writeFileSync(path.join(directory, `${sku}__june.txt`), 'DROP-1\nDROP-2\nDROP-1\n');
    writeFileSync(path.join(directory, 'NO-SUCH.txt'), 'nothing that names a product\n');
    const report = async (folder: string, name: string): Promise<string> =>
      until(
        name,
        () => {
          const found = readdirSync(path.join(directory, folder), { recursive: true }).map(String).find((f) => f.endsWith(`${name}.report.txt`)); // prettier-ignore
          return Promise.resolve(found === undefined ? undefined : readFileSync(path.join(directory, folder, found), 'utf8')); // prettier-ignore
        },
        40_000,
        50,
      );
    const done = await report('done', `${sku}__june.txt`);
    assert.ok(done.includes('成功 2') && done.includes('3\t文件内重复') && !done.includes('DROP-1'), done);
    assert.deepEqual((await keysOf(productId)).sort(), ['DROP-1', 'DROP-2']);
    assert.ok((await report('failed', 'NO-SUCH.txt')).includes('无法识别文件格式'));
  });
});
