import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { retireCodecKeys } from '../../db/rotations.ts';
import { sealedColumns, sealedPage, swapCells } from '../../db/sealed-places.ts';
import { transaction } from '../../db/sql.ts';
import { sealedPlaces, type RowRing, type SealedPlace } from '../../domain/sealed-places.ts';
import { openWords, sealWords } from '../../integrations/case-words.ts';
import { readEnvironment } from '../../integrations/environment.ts';
import { aadOfPlace, blockAad, doorAad, secretAad, sheetAad } from '../../integrations/keyring/aad.ts';
import { openPiece, sealPiece } from '../../integrations/keyring/goods.ts';
import { KeyringError } from '../../integrations/keyring/kek.ts';
import { openDoorTarget, openProductLink, sealProductLink } from '../../integrations/links.ts';
import { openHeld, sealHeld } from '../../integrations/suppliers/sealing.ts';
import { composeProcess } from '../../worker/compose.ts';
import { reencrypt } from '../../worker/loops/reencrypt.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { advanceSurely, query } from '../support/paid-orders.ts';
import { scratch } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

/** Columns of bytes that are no secret, or only digests of one. */
const unsealed = new Set(['data_keys.wrapped', 'notifications.body', 'orders.contact_index', 'orders.address_index', 'cards.fingerprint']); // prettier-ignore

interface Progress {
  items: { ring: string; state: string; done: number; broken: number; failure: string | null; tables: { table: string; state: string; rows: number; done: number; broken: number }[] }[];
  keys: { id: number; ring: string; state: string }[];
} // prettier-ignore

describe('rotation of keys', function () {
  this.timeout(180_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const sql = <T extends object>(text: string, ...values: unknown[]): Promise<T[]> => query<T>(system, text, ...values);
  const progress = () => importer.ask<Progress>('key-rotations');
  /** A rotation that is due, as if the time had passed in which every process reads the new key. */
  const begin = async (ring: string): Promise<void> => {
    await importer.ask('key-rotations', { ring });
    await sql(`update data_keys set created_at = created_at - interval '1 minute'`);
    await sql(`update key_rotations set started_at = started_at - interval '1 minute' where state = 'running'`);
  };
  const rotate = async (ring: string) => {
    await begin(ring);
    while (await reencrypt(system.parts.steps));
    const [last] = (await progress()).items;
    assert.ok(last?.state === 'done' && last.ring === ring);
    return last;
  };
  const cellsOf = (place: SealedPlace) => sealedPage(system.parts.pool, place, null, 0).then((page) => page.cells);
  const placesOf = (ring: RowRing): readonly SealedPlace[] => sealedPlaces[ring];

  /** A row or two in every table with sealed bytes, sealed by the code that seals them in earnest. */
  async function fill(): Promise<number> {
    const { keyring } = system.parts.steps;
    await system.shop.addCards(system.sku, ['fill-1', 'fill-2']);
    for (const email of ['a@example.com', 'b@example.com']) await system.shop.order({ sku: system.sku, email, accountId: system.sandbox }); // prettier-ignore
    const [product] = await sql<{ id: number }>('select id from products where sku = $1', system.sku);
    const id = product?.id ?? 0;
    const config = (table: string, row: number) => keyring.seal('secret', '{"secret":"s"}', secretAad(table, row));
    await transaction(system.parts.pool, async (tx) => {
      // What is sealed is looked at here, not what belongs to what.
      await tx.query(`set local session_replication_role = 'replica'`);
      const add = (table: string, row: Record<string, unknown>): Promise<unknown> => {
        const columns = Object.keys(row);
        return tx.query(`insert into ${table} (${columns.join(', ')}) ${'id' in row ? 'overriding system value ' : ''}values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`, Object.values(row)); // prettier-ignore
      };
      for (const n of [9001, 9002]) {
        const mode = n === 9001 ? 'live' : 'test';
        await add('product_links', { product_id: id, mode, target: sealProductLink(keyring, id, mode, 'https://x.example/file'), signed: true }); // prettier-ignore
        await add('order_links', { order_id: n, token_hash: randomBytes(32), target: keyring.seal('card', 'https://x.example', doorAad(n)) }); // prettier-ignore
        await add('purchases', { id: n, ref: `REF0000${n}`, order_id: n, source_id: 1, supplier_id: 1, mode, quantity: 1, state: 'review', currency: 'CNY', held: sealHeld(keyring, n, 'CODE') }); // prettier-ignore
        await add('imports', { id: n, kind: n === 9001 ? 'cards' : 'products', mode, source: 'upload', actor_id: 4 });
        await add('import_chunks', { import_id: n, n: 0, sealed: sealPiece(keyring, n, 0, Buffer.from('piece')) });
        const aad = n === 9001 ? blockAad(n, 0) : sheetAad(n);
        await add('import_blocks', { import_id: n, n: 0, lines: [1], fingerprints: [Buffer.from('f')], product_ids: [id], sealed: keyring.seal('card', '[]', aad) }); // prettier-ignore
        await add('cases', { id: n, no: `CASE${n}`, mode, kind: 'bad_key', source: 'buyer', order_id: n, opened_by: 5, due_at: new Date() }); // prettier-ignore
        await add('case_messages', {
          case_id: n,
          side: 'buyer',
          actor_id: 5,
          body: sealWords(keyring, `CASE${n}`, '坏了'),
        });
        await add('supplier_accounts', { id: n, kind: 'x', mode, name: `s${n}`, currency: 'CNY', config: config('supplier_accounts', n) }); // prettier-ignore
        await add('channels', { id: n, kind: 'webhook', name: `c${n}`, config: config('channels', n) });
        await add('object_stores', { id: n, mode, name: `o${n}`, config: config('object_stores', n) });
        await add('shops', { id: n, name: `shop${n}`, actor_id: 5, webhook_secret: config('shops', n), webhook_secret_before: config('shops', n) }); // prettier-ignore
        await add('actors', { id: n, kind: 'staff', name: `person${n}` });
        await add('staff', { id: n, login: `person${n}`, actor_id: n, role: 'viewer', totp_secret: config('staff', n), totp_pending: config('staff', n) }); // prettier-ignore
      }
    });
    return id;
  }

  it('D6: every column of sealed bytes is known to the rotation', async () => {
    const columns = await sql<{ name: string }>(
      `select table_name || '.' || column_name as name from information_schema.columns
       join information_schema.tables using (table_schema, table_name)
       where table_schema = 'public' and table_type = 'BASE TABLE' and udt_name in ('bytea', '_bytea')`,
    );
    const names = columns.map((c) => c.name).filter((name) => !unsealed.has(name) && !/hash(es)?$|fingerprints?$/.test(name)); // prettier-ignore
    assert.deepEqual(names.sort(), [...sealedColumns].sort());
  });

  it('D6, rule 18: in every table a moved row and a flipped bit do not open; all rings rotate, the rows open as before, the old keys retire', async () => {
    const product = await fill();
    const { keyring } = system.parts.steps;
    for (const ring of ['card', 'contact', 'secret'] as const) {
      for (const place of placesOf(ring)) {
        const cells = await cellsOf(place);
        assert.ok(cells.length >= 2, place);
        for (const { column, bound, sealed } of cells) {
          keyring.open(ring, sealed, aadOfPlace[place](bound));
          const other = cells.find((cell) => cell.column === column && cell.bound.join() !== bound.join());
          assert.ok(other, `${place}.${column}`);
          const flipped = Buffer.concat([sealed.subarray(0, -1), Buffer.from([(sealed.at(-1) ?? 0) ^ 1])]);
          for (const [bytes, at] of [
            [sealed, other.bound],
            [flipped, bound],
          ] as const) {
            // prettier-ignore
            assert.throws(() => keyring.open(ring, bytes, aadOfPlace[place](at)), (e) => e instanceof KeyringError && e.code === 'TAMPERED'); // prettier-ignore
          }
        }
      }
      const before = keyring.currentKey(ring);
      const done = await rotate(ring);
      assert.deepEqual(done.tables.map((t) => [t.table, t.state]), placesOf(ring).map((place) => [place, 'done'])); // prettier-ignore
      assert.equal(done.done, done.tables.reduce((sum, t) => sum + t.done, 0)); // prettier-ignore
      assert.equal(done.broken, 0);
      for (const place of placesOf(ring)) {
        for (const { sealed, bound } of await cellsOf(place)) {
          assert.equal(sealed.readUInt32BE(1), keyring.currentKey(ring), place);
          keyring.open(ring, sealed, aadOfPlace[place](bound));
        }
      }
      assert.equal((await progress()).keys.find((key) => key.id === before)?.state, 'retired');
    }
    // As those read them who use them.
    const one = async <T extends object>(text: string): Promise<T> => (await sql<T>(text))[0] ?? ({} as T);
    const link = await one<{ target: Buffer }>(`select target from product_links where product_id = ${product} and mode = 'live'`); // prettier-ignore
    assert.equal(openProductLink(keyring, product, 'live', link.target), 'https://x.example/file');
    const door = await one<{ target: Buffer }>('select target from order_links where order_id = 9001');
    assert.equal(openDoorTarget(keyring, 9001, door.target), 'https://x.example');
    const held = await one<{ held: Buffer }>('select held from purchases where id = 9001');
    assert.deepEqual(openHeld(keyring, 9001, held.held), ['CODE']);
    const piece = await one<{ sealed: Buffer }>('select sealed from import_chunks where import_id = 9001');
    assert.equal(openPiece(keyring, 9001, 0, piece.sealed).toString(), 'piece');
    const said = await one<{ body: Buffer }>('select body from case_messages where case_id = 9001');
    assert.equal(openWords(keyring, 'CASE9001', said.body), '坏了');
    // Accounts, orders and the pickup of this system work on.
    const placed = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    assert.equal((await system.notify(placed.orderNo)).status, 200);
  });

  it('D6: what does not open is left as evidence, is counted, and no key retires; a locked row is met by the next round', async () => {
    const { keyring } = system.parts.steps;
    const { pool } = system.parts;
    await system.shop.addCards(system.sku, ['broken', 'locked', 'fine']);
    const cells = (await cellsOf('cards')).slice(-3);
    const [broken, locked] = cells;
    assert.ok(broken && locked);
    const bad = Buffer.concat([broken.sealed.subarray(0, -1), Buffer.from([(broken.sealed.at(-1) ?? 0) ^ 1])]);
    await swapCells(pool, 'cards', 'ciphertext', [{ key: broken.key, old: broken.sealed, fresh: bad }]);
    const before = keyring.currentKey('card');
    const client = await pool.connect();
    await begin('card');
    try {
      await client.query('begin');
      await client.query('select from cards where id = $1 for update', [locked.key[0]]);
      // Round after round comes to the locked row and leaves it.
      for (let i = 0; i < 30; i++) assert.equal(await reencrypt(system.parts.steps), true);
      assert.equal((await progress()).items[0]?.state, 'running');
    } finally {
      await client.query('rollback');
      client.release();
    }
    while (await reencrypt(system.parts.steps));
    const { items, keys } = await progress();
    assert.deepEqual([items[0]?.state, items[0]?.broken], ['done', 1]);
    assert.equal(keys.find((key) => key.id === before)?.state, 'active');
    const asked = await sql(`select detail from tasks where code = 'ROTATION_BROKEN' and closed_at is null`);
    assert.deepEqual(asked, [{ detail: { ring: 'card', tables: { cards: 1 } } }]);
    const now = (await cellsOf('cards')).slice(-3);
    assert.deepEqual(now.map((cell) => cell.sealed.readUInt32BE(1) === before), [true, false, false]); // prettier-ignore
    await sql('delete from cards where id = $1', broken.key[0]);
  });

  it('D6: each ring rotates by itself: one that cannot go on says why, asks for people and is tried again; the others end', async () => {
    await sql(`update tasks set closed_at = now(), closed_by = 1 where code like 'ROTATION%' and closed_at is null`);
    // A row that cannot be written: what is planted fails the whole page, not one cell.
    await sql(`create function planted() returns trigger language plpgsql as $$ begin raise exception 'key-in-the-words' using errcode = '22000'; end $$`); // prettier-ignore
    await sql('create trigger planted before update on cards for each row execute function planted()');
    const asked = () => sql<{ code: string; detail: object }>(`select code, detail from tasks where code like 'ROTATION%' and closed_at is null order by id`); // prettier-ignore
    const states = async () => Object.fromEntries((await progress()).items.slice(0, 3).map((item) => [item.ring, [item.state, item.failure]])); // prettier-ignore
    const again = () => sql(`update key_rotations set retry_at = now() where state = 'running'`);
    for (const ring of ['card', 'contact', 'secret']) await begin(ring);
    while (await reencrypt(system.parts.steps));
    assert.deepEqual(await states(), {
      card: ['running', 'PostgreSQL 22000'],
      contact: ['done', null],
      secret: ['done', null],
    });
    await again();
    while (await reencrypt(system.parts.steps));
    const stuck = { code: 'ROTATION_STUCK', detail: { ring: 'card', table: 'cards', reason: 'PostgreSQL 22000' } };
    assert.deepEqual(await asked(), [stuck], 'once, however often it is tried');
    await sql('drop trigger planted on cards');
    assert.equal(await reencrypt(system.parts.steps), false, 'not before its time');
    await again();
    while (await reencrypt(system.parts.steps));
    assert.deepEqual((await states())['card'], ['done', null]);
    assert.deepEqual(await asked(), []);
  });

  it('rule 18: codec keys turn at once, and the old one retires 30 days after the last history that it sealed has ended', async () => {
    const { keyring } = system.parts.steps;
    const before = keyring.currentKey('codec');
    await rotate('codec');
    assert.notEqual(keyring.currentKey('codec'), before);
    const state = async () => (await progress()).keys.find((key) => key.id === before)?.state;
    assert.equal(await retireCodecKeys(system.parts.pool), 0, 'not before 30 days');
    await sql(`update data_keys set created_at = created_at - interval '40 days' where ring = 'codec'`);
    await sql(`update orders set created_at = created_at - interval '60 days'`);
    await sql(`update orders set state = 'paid', paid_at = created_at where id = (select min(id) from orders)`);
    await sql(`delete from cases where id in (9001, 9002)`).catch(() => undefined);
    await sql(`update cases set closed_at = now() - interval '31 days', opened_at = now() - interval '60 days'`);
    await sql(`update imports set ended_at = now() - interval '31 days', created_at = now() - interval '60 days'`);
    assert.equal(await retireCodecKeys(system.parts.pool), 0, 'an order is under way');
    await sql(`update orders set done_at = now() - interval '29 days' where paid_at is not null`);
    assert.equal(await retireCodecKeys(system.parts.pool), 0, 'its history is still kept');
    await sql(`update orders set done_at = now() - interval '31 days' where paid_at is not null`);
    assert.equal(await retireCodecKeys(system.parts.pool), 1);
    assert.equal(await state(), 'retired');
    const sealed = keyring.seal('codec', 'x', 'a');
    assert.equal(keyring.open('codec', sealed, 'a').toString(), 'x');
  });

  it('rule 18: killed with -9 in the middle of it, again and again, it goes on where it was, and each cell is done once', async () => {
    const kills = Number(process.env['KILLS'] ?? 2);
    const total = 400 * (kills + 2);
    for (let at = 0; at < total; at += 400) await system.shop.addCards(system.sku, Array.from({ length: 400 }, () => randomUUID())); // prettier-ignore
    const [{ n: cards } = { n: 0 }] = await sql<{ n: number }>('select count(*)::int as n from cards');
    const [{ n: others } = { n: 0 }] = await sql<{ n: number }>(
      `select (select count(*) from product_links) + (select count(*) from order_links) + (select count(*) from import_chunks)
         + (select count(*) from import_blocks where sealed <> '') + (select count(*) from purchases where held is not null) as n`,
    );
    await begin('card');
    for (let run = 0; ; run++) {
      const child = fork(path.join(import.meta.dirname, '../support/rotate-process.ts'), {
        execArgv: ['--import=tsx'],
        env: { ...process.env, ...system.env },
      });
      const ended = await new Promise<boolean>((resolve) => {
        let pages = 0;
        child.on('message', (word) => {
          if (word === 'done') resolve(true);
          else if (++pages === 1 + (run % 2) && run < kills) child.kill('SIGKILL');
        });
        child.once('exit', () => resolve(false));
      });
      if (ended) break;
      assert.ok(run < kills, 'it ended by itself without an end');
    }
    const [last] = (await progress()).items;
    assert.deepEqual([last?.state, last?.done, last?.broken], ['done', cards + others, 0]);
    assert.equal(last?.tables[0]?.rows, cards);
    await system.parts.steps.keyring.refresh();
    const key = system.parts.steps.keyring.currentKey('card') ?? 0;
    assert.equal((await sql('select from cards where substring(ciphertext from 2 for 4) <> int4send($1::int)', key)).length, 0); // prettier-ignore
  });

  it('rule 18: under a stream of orders a rotation tells none short and loses none', async () => {
    const seconds = Number(process.env['ROTATION_SECONDS'] ?? 3);
    const rate = 50;
    const wanted = seconds * rate;
    const { id, sku } = await importer.product();
    for (let at = 0; at < wanted * 2; at += 1000) {
      await system.shop.addCards(
        sku,
        Array.from({ length: Math.min(1000, wanted * 2 - at) }, () => randomUUID()),
      );
    }
    await begin('card');
    let pages = 0;
    const end = new AbortController();
    const rotating = (async () => {
      // When it ends before the orders do, it begins anew.
      while (!end.signal.aborted) {
        if (await reencrypt(system.parts.steps)) pages++;
        else await begin('card');
      }
    })();
    // As a shop and a provider: a busy database answers 503, and they come again with the same key.
    const patiently = async <T>(work: () => Promise<T>, tries = 20): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (tries === 0) throw error;
        return patiently(work, tries - 1);
      }
    };
    const began = performance.now();
    const waits: number[] = [];
    const orders = Array.from({ length: wanted }, async (_, i) => {
      const due = began + (i * 1000) / rate;
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      const key = randomUUID();
      const placed = await patiently(() => system.shop.order({ sku, accountId: system.sandbox, key }));
      await patiently(async () => assert.equal((await system.notify(placed.orderNo)).status, 200));
      const [row] = await sql<{ id: number }>('select id from orders where no = $1', placed.orderNo);
      const outcome = await advanceSurely(system.parts.steps, row?.id ?? 0);
      assert.equal(outcome.next, 'end', JSON.stringify(outcome));
      waits.push(performance.now() - due);
    });
    await Promise.all(orders);
    const took = (performance.now() - began) / 1000;
    end.abort();
    await rotating;
    while (await reencrypt(system.parts.steps));
    const [{ sold, twice } = { sold: 0, twice: 0 }] = await sql<{ sold: number; twice: number }>(
      `select count(*) filter (where state = 'sold')::int as sold, count(*) filter (where state = 'sold')::int - count(distinct order_id)::int as twice
       from cards where product_id = $1`,
      id,
    );
    assert.deepEqual([sold, twice], [wanted, 0]);
    assert.equal(
      (await sql(`select from tasks where code in ('POOL_EMPTY', 'POOL_SHORT', 'KEY_UNREADABLE')`)).length,
      0,
    );
    if (process.env['ROTATION_SECONDS']) {
      waits.sort((a, b) => a - b);
      process.stderr.write(`${wanted} orders in ${took.toFixed(1)} s = ${(wanted / took).toFixed(1)}/s, ${pages} pages, p50 ${waits[wanted >> 1]?.toFixed(0)} ms, p99 ${waits[Math.floor(wanted * 0.99)]?.toFixed(0)} ms\n`); // prettier-ignore
    }
  });

  it('rule 18: a process that still has the old master key goes on with what it knows, says so, and leaves the service; the next starts well', async () => {
    const file = path.join(scratch('keys'), `next-${randomUUID()}.key`);
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
    const env = { ...system.env, MASTER_KEY_FILE: file, MASTER_KEY_PREVIOUS_FILE: system.masterKeyFile };
    const next = await composeProcess(readEnvironment(env), 'next');
    const ready = async () => {
      const answer = await fetch(`${system.base}/readyz`);
      return [answer.status, ((await answer.json()) as { keys: string }).keys] as const;
    };
    await system.parts.steps.keyring.refresh();
    assert.deepEqual((await ready())[0], 200, 'it knows every key that there is');
    // The next one makes a key: only it opens what that key seals.
    const made = await next.steps.keyring.newKey('card');
    await sql(`insert into data_keys (ring, kek_id, wrapped) values ($1, $2, $3)`, made.ring, made.kekId, made.wrapped);
    await system.parts.steps.keyring.refresh();
    assert.deepEqual(await ready(), [503, 'the master key was changed: start again with the new one']);
    const [cell] = await cellsOf('cards');
    assert.ok(cell);
    const aad = aadOfPlace.cards(cell.bound);
    assert.ok(system.parts.steps.keyring.open('card', cell.sealed, aad).length > 0);
    await next.steps.keyring.refresh();
    assert.deepEqual(next.steps.keyring.unopened, []);
    await next.close();
  });
});
