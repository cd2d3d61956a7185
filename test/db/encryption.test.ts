import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { advance } from '../../activities/advance.ts';
import { decideExport } from '../../db/cards.ts';
import { loadDataKeys } from '../../db/data-keys.ts';
import { actors } from '../../db/locks.ts';
import { KnownError } from '../../domain/errors.ts';
import { readEnvironment } from '../../integrations/environment.ts';
import { keyParts, keyText, openKey } from '../../integrations/keyring/goods.ts';
import { KeyringError, loadMasterKey } from '../../integrations/keyring/kek.ts';
import { Keyring } from '../../integrations/keyring/keyring.ts';
import { until } from '../../dev/client.ts';
import { composeProcess } from '../../worker/compose.ts';
import { reencrypt } from '../../worker/loops/reencrypt.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { scratch } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

interface Sealed {
  id: number;
  ciphertext: Buffer;
  fingerprint: Buffer;
}

describe('encryption of keys', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const sql = async <T extends object>(text: string, ...values: unknown[]): Promise<T[]> =>
    (await system.parts.pool.query<T>(text, values)).rows;
  const cardsOf = (productId: number): Promise<Sealed[]> =>
    sql<Sealed>('select id, ciphertext, fingerprint from cards where product_id = $1 order by id', productId);

  it('D6: a moved row and a flipped bit do not open, and the error holds nothing', async () => {
    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, ['one', 'two']);
    const [a, b] = await cardsOf(id);
    assert.ok(a && b);
    const { keyring } = system.parts.steps;
    assert.equal(openKey(keyring, id, a), 'one');
    for (const [product, card] of [
      [id, { ...a, ciphertext: b.ciphertext }],
      [id + 1, a],
      [
        id,
        { ...a, ciphertext: Buffer.concat([a.ciphertext.subarray(0, -1), Buffer.from([a.ciphertext.at(-1)! ^ 1])]) },
      ],
    ] as const) {
      assert.throws(() => openKey(keyring, product, card), (e) => e instanceof KeyringError && !e.message.includes('one')); // prettier-ignore
    }
  });

  it('rule 18: data keys rotate while orders flow: none is told short, each gets its key, all rows end under the new one', async () => {
    const { id, sku } = await importer.product();
    const keys = Array.from({ length: 600 }, () => randomUUID());
    await system.shop.addCards(sku, keys);
    const { steps, pool } = system.parts;
    await importer.ask('key-rotations', { ring: 'card' });
    await importer.ask('key-rotations', { ring: 'card' }, { expect: 409 });
    // As if the time had passed in which every process reads the new key.
    await sql(`update data_keys set created_at = created_at - interval '1 minute'`);
    await sql(`update key_rotations set started_at = started_at - interval '1 minute'`);
    await steps.keyring.refresh();
    const rotating = (async () => {
      while (await reencrypt(steps));
    })();
    const orders: number[] = [];
    for (let i = 0; i < 60; i++) {
      const placed = await system.shop.order({ sku, accountId: system.sandbox });
      await system.notify(placed.orderNo);
      const [row] = await sql<{ id: number }>('select id from orders where no = $1', placed.orderNo);
      const outcome = await advance(steps, row?.id ?? 0);
      assert.equal(outcome.next, 'end', JSON.stringify(outcome));
      orders.push(row?.id ?? 0);
    }
    await rotating;
    const newKey = steps.keyring.currentKey('card');
    const cards = await cardsOf(id);
    assert.ok(cards.every((card) => card.ciphertext.readUInt32BE(1) === newKey));
    assert.deepEqual(cards.map((card) => openKey(steps.keyring, id, card)).sort(), [...keys].sort());
    const sold = await sql<{ n: number }>(`select count(*)::int as n from cards where order_id = any ($1) and state = 'sold'`, orders); // prettier-ignore
    assert.equal(sold[0]?.n, 60);
    const { items } = await importer.ask<{ items: { state: string; done: number }[] }>('key-rotations');
    assert.equal(items[0]?.state, 'done');
    assert.equal((await pool.query(`select from tasks where code = 'POOL_EMPTY'`)).rowCount, 0);
  });

  it('rule 18: a process that slept through a rotation reads the keys again when it meets one that it does not know', async () => {
    const { id, sku } = await importer.product();
    const { keyring } = system.parts.steps;
    const slept = async () => Keyring.open(loadMasterKey({ MASTER_KEY_FILE: system.masterKeyFile }), await loadDataKeys(system.parts.pool), () => loadDataKeys(system.parts.pool)); // prettier-ignore
    const [asking, notAsking] = [await slept(), await slept()];
    await importer.ask('key-rotations', { ring: 'card' });
    await sql(`update data_keys set created_at = created_at - interval '1 minute'`);
    await keyring.refresh();
    await system.shop.addCards(sku, ['new key']);
    const [card] = await cardsOf(id);
    assert.ok(card);
    assert.throws(() => openKey(notAsking, id, card), (e) => e instanceof KeyringError && e.code === 'UNKNOWN_KEY'); // prettier-ignore
    assert.equal(await asking.knowing(() => openKey(asking, id, card)), 'new key');
    await until(
      'the keys were read',
      () => Promise.resolve(notAsking.currentKey('card') === keyring.currentKey('card') || undefined),
      10_000,
    );
    assert.equal(openKey(notAsking, id, card), 'new key');
    await sql(`update key_rotations set state = 'done' where state = 'running'`);
  });

  it('rule 18: contacts, remarks and pickup tokens rotate too', async () => {
    const placed = await system.shop.order({ sku: system.sku, email: 'rotate@example.com', accountId: system.sandbox });
    await importer.ask('key-rotations', { ring: 'contact' });
    await sql(`update data_keys set created_at = created_at - interval '1 minute'`);
    await sql(`update key_rotations set started_at = started_at - interval '1 minute' where state = 'running'`);
    while (await reencrypt(system.parts.steps));
    const newKey = system.parts.steps.keyring.currentKey('contact');
    const rows = await sql<{ contact: Buffer; token: Buffer }>('select contact, token from orders where no = $1', placed.orderNo); // prettier-ignore
    assert.ok(rows.every((r) => r.contact.readUInt32BE(1) === newKey && r.token.readUInt32BE(1) === newKey));
    const repeated = await system.shop.read(placed.orderNo);
    assert.equal(repeated.state, 'unpaid');
  });

  it('rule 18: the master key changes: the data keys move at the next start, and the old one opens nothing any more', async () => {
    const file = path.join(scratch('keys'), `next-${randomUUID()}.key`);
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
    const start = (change: Record<string, string>) =>
      composeProcess(readEnvironment({ ...system.env, ...change }), 'test');
    await assert.rejects(start({ MASTER_KEY_FILE: file }), (e) => e instanceof KeyringError && e.code === 'WRONG_MASTER_KEY'); // prettier-ignore
    const next = await start({ MASTER_KEY_FILE: file, MASTER_KEY_PREVIOUS_FILE: system.masterKeyFile });
    const { sku, id } = await importer.product();
    await system.shop.addCards(sku, ['after']);
    const [card] = await cardsOf(id);
    assert.ok(card);
    assert.equal(openKey(next.steps.keyring, id, card), 'after');
    await next.close();
    await assert.rejects(start({}), (e) => e instanceof KeyringError);
    const rows = await loadDataKeys(system.parts.pool);
    assert.equal(new Set(rows.map((row) => row.kekId)).size, 1);
    // A process that runs since before goes on with the keys that it holds, and makes none that the next start cannot open.
    await system.parts.steps.keyring.refresh();
    assert.equal(openKey(system.parts.steps.keyring, id, card), 'after');
    const refused = await importer.ask<{ error: { code: string } }>('key-rotations', { ring: 'card' }, { expect: 409 });
    assert.equal(refused.error.code, 'MASTER_KEY_CHANGED');
    assert.equal((await loadDataKeys(system.parts.pool)).length, rows.length);
  });

  it('D6: a key is shown for a reason and audited; an export neutralises formulas, is handed out once, and can need a second person', async () => {
    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, ['=1+1', '12345678901234567']);
    const { items } = await importer.ask<{ items: { id: number }[] }>(`products/${id}/cards`);
    const cardId = items.at(-1)?.id ?? 0;
    await importer.ask(`cards/${cardId}/reveal`, {}, { expect: 400 });
    assert.deepEqual(await importer.ask(`cards/${cardId}/reveal`, { reason: '买家反馈卡密无效' }), { parts: ['=1+1'], labels: [] }); // prettier-ignore
    const noted = await sql<{ detail: { reason: string } }>(`select detail from audit where action = 'card_revealed'`);
    assert.equal(noted.at(-1)?.detail.reason, '买家反馈卡密无效');
    assert.deepEqual(await importer.ask(`products/${id}/find-card`, { key: 'nothing' }), { card: null });

    await sql(`update settings set value = '{"secondPerson": true}' where key = 'card_export'`);
    const asked = await importer.ask<{ id: number; state: string }>('exports', { productId: id, mode: 'test', cardState: 'available', reason: '迁移' }); // prettier-ignore
    assert.equal(asked.state, 'asked');
    await importer.ask(`exports/${asked.id}/decide`, { approve: true }, { expect: 403 });
    const file = () => fetch(`${system.base}/api/console/exports/${asked.id}/file`, { method: 'POST', headers: { authorization: `Bearer ${system.opsToken}` } }); // prettier-ignore
    assert.equal((await file()).status, 409);
    await decideExport(system.parts.pool, asked.id, 'approved', actors.commandLine);
    const text = await (await file()).text();
    assert.ok(text.includes(`"'=1+1"`) && text.includes(`"'12345678901234567"`), text);
    assert.equal((await file()).status, 409);
    await assert.rejects(decideExport(system.parts.pool, asked.id, 'approved', actors.commandLine), (e) => e instanceof KnownError && e.code === 'EXPORT_STATE'); // prettier-ignore
  });

  it('D6: a key that only looks like one of several parts is shown as it is', () => {
    for (const text of ['\0', '\0{', '\0[1]', '\0{"a":"b"}', '\0null']) assert.deepEqual(keyParts(text), [text]);
    assert.deepEqual(keyParts(keyText(['a', 'b'])), ['a', 'b']);
  });

  it('D6: a bad key is taken out of the pool, a sold one is not', async () => {
    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, ['bad']);
    const { items } = await importer.ask<{ items: { id: number }[] }>(`products/${id}/cards`);
    const cardId = items[0]?.id ?? 0;
    await importer.ask(`cards/${cardId}/void`, { reason: '供应商确认失效' });
    await importer.ask(`cards/${cardId}/void`, { reason: 'again' }, { expect: 409 });
    assert.equal((await importer.ask<{ stock: { test: { void: number } } }>(`products/${id}`)).stock.test.void, 1);
  });
});
