import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPoint } from '../../activities/deps.ts';
import { advanceImport } from '../../activities/imports.ts';
import { undoBatch } from '../../db/batches.ts';
import { dueImports } from '../../db/imports.ts';
import { actors } from '../../db/locks.ts';
import { until } from '../../dev/client.ts';
import { openImporter, type Importer, type ImportState } from '../support/goods.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('imports that meet others', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  let fault: (point: FaultPoint) => Promise<void> | void = () => undefined;
  before(async () => {
    system = await startSystem({ fault: (point) => fault(point) });
    importer = openImporter(system);
  });
  afterEach(() => {
    fault = () => undefined;
  });
  after(() => system.stop());

  const keys = (count: number, tag: string): string[] => Array.from({ length: count }, (_, i) => `${tag}-${i}-abcdefghij`); // prettier-ignore
  const inPool = async (productId: number): Promise<number> =>
    (await query<{ n: number }>(system, 'select count(*)::int as n from cards where product_id = $1', productId))[0]?.n ?? -1; // prettier-ignore
  const received = async (text: string): Promise<{ id: number; productId: number }> => {
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    await importer.upload(id, text);
    return { id, productId };
  };
  const confirmed = async (text: string): Promise<{ id: number; productId: number }> => {
    const made = await received(text);
    await advanceImport(system.parts.steps, made.id);
    await importer.ask(`imports/${made.id}/confirm`, {}, { method: 'POST' });
    return made;
  };

  it('D4 rule 4: a try of the check that was given up for lost and lives writes nothing beside the next one: no line is missing', async () => {
    const { steps } = system.parts;
    const { id } = await received(keys(30_000, 'TWO').join('\n'));
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const stuck = new Promise<void>((resolve) => {
      let blocks = 0;
      fault = async () => {
        if (++blocks !== 3) return;
        resolve();
        await held;
      };
    });
    const old = advanceImport(steps, id);
    old.catch(() => undefined);
    await stuck;
    // The next try has written its first block when the old one goes on.
    fault = async () => {
      fault = () => undefined;
      goOn();
      await old.catch(() => undefined);
    };
    await advanceImport(steps, id);
    await assert.rejects(old, /another try checks this import/);
    const row = await importer.ask<ImportState>(`imports/${id}`);
    assert.deepEqual([row.state, row.lines, row.good, row.totals[0]?.keys], ['ready', 30_000, 30_000, 30_000]);
  });

  it('D4: cancel and undo get their turn while block after block goes in, and what they answer is true from then on', async () => {
    // A PostgreSQL so slow that one of the two lanes is always in the middle of a block.
    await query(system, `create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.5); return new; end'`); // prettier-ignore
    await query(system, 'create trigger slow before update of imported_at on import_blocks for each row execute function slow()'); // prettier-ignore
    try {
      for (const how of ['cancel', 'undo'] as const) {
        const { id, productId } = await confirmed(keys(100_000, how).join('\n'));
        let blocks = 0;
        // The lanes half a block apart.
        fault = () => (++blocks === 1 ? delay(300) : undefined);
        const run = advanceImport(system.parts.steps, id);
        await until('blocks', () => Promise.resolve(blocks >= 4 || undefined), 20_000, 20);
        if (how === 'cancel') {
          const answer = await importer.ask<ImportState>(`imports/${id}/cancel`, {}, { method: 'POST' });
          assert.deepEqual([answer.state, answer.added], ['cancelled', await inPool(productId)]);
        } else {
          const [batch] = await query<{ id: number }>(system, 'select id from card_batches where import_id = $1', id);
          await undoBatch(system.parts.pool, batch?.id ?? 0, actors.opsToken, 'wrong file');
        }
        const then = await inPool(productId);
        assert.ok(then > 0 && then < 100_000, `${then} keys came in before`);
        assert.deepEqual(await run, { next: 'end', state: 'cancelled' });
        assert.equal(await inPool(productId), then);
        assert.equal((await importer.ask<ImportState>(`imports/${id}`)).added, then);
      }
    } finally {
      await query(system, 'drop trigger slow on import_blocks');
      await query(system, 'drop function slow');
    }
  });

  it('D4: a worker ends between a block and its count, and the import is cancelled: the answer counts that block', async () => {
    const { id, productId } = await confirmed(keys(12_000, 'COUNT').join('\n'));
    fault = () => {
      throw new Error('stopped');
    };
    await assert.rejects(advanceImport(system.parts.steps, id), /stopped/);
    await query(system, 'update imports set added = 0 where id = $1', id);
    const answer = await importer.ask<ImportState>(`imports/${id}/cancel`, {}, { method: 'POST' });
    assert.ok(answer.added > 0);
    assert.equal(answer.added, await inPool(productId));
  });

  it('D4: two imports of the same file in different order, at once: each key is in once, and both end', async () => {
    const lines = keys(30_000, 'ORDER');
    const { id: productId } = await importer.product();
    const ids: number[] = [];
    for (const order of [lines, [...lines].reverse()]) {
      const { id } = await importer.begin({ productId });
      await importer.upload(id, order.join('\n'));
      await advanceImport(system.parts.steps, id);
      ids.push(id);
    }
    for (const id of ids) await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST' });
    // As its story does: what waited in a circle, or too long, is tried again.
    const toItsEnd = async (id: number): Promise<void> => {
      for (let tries = 1; ; tries++) {
        try {
          await advanceImport(system.parts.steps, id);
          return;
        } catch (error) {
          if (tries === 8) throw error;
        }
      }
    };
    await Promise.all(ids.map(toItsEnd));
    const rows = await Promise.all(ids.map((id) => importer.ask<ImportState>(`imports/${id}`)));
    assert.deepEqual(rows.map((row) => [row.state, row.added + row.late]), [['done', 30_000], ['done', 30_000]]); // prettier-ignore
    assert.equal(rows.reduce((sum, row) => sum + row.added, 0), 30_000); // prettier-ignore
    assert.equal(await inPool(productId), 30_000);
  });

  it('D4: a cancelled import comes again until none of its keys is kept: Temporal may be away when it is woken', async () => {
    const { pool, steps } = system.parts;
    const { id } = await received('GONE-1\nGONE-2');
    await advanceImport(steps, id);
    await importer.ask(`imports/${id}/cancel`, {}, { method: 'POST' });
    const due = async (): Promise<boolean> => {
      await query(system, `update imports set next_look_at = now() where id = $1 and next_look_at < 'infinity'`, id);
      return (await dueImports(pool, 1_000)).includes(id);
    };
    // Both wakes were lost.
    assert.deepEqual([await due(), await due()], [true, true]);
    assert.deepEqual(await advanceImport(steps, id), { next: 'end', state: 'cancelled' });
    const [kept] = await query<{ n: number }>(system, `select count(*)::int as n from import_blocks where import_id = $1 and sealed <> ''`, id); // prettier-ignore
    assert.deepEqual([await due(), kept?.n], [false, 0]);
  });

  it('D4: keys of thousands of letters go in by smaller blocks, each within the time of a statement', async () => {
    const { id, productId } = await confirmed(keys(3_000, '汉'.repeat(3_900)).join('\n'));
    const [most] = await query<{ bytes: number }>(system, 'select max(length(sealed)) as bytes from import_blocks where import_id = $1', id); // prettier-ignore
    assert.ok((most?.bytes ?? Infinity) < 8e6, `a block of ${most?.bytes} bytes`);
    await advanceImport(system.parts.steps, id);
    assert.equal(await inPool(productId), 3_000);
  });
});
