import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { decideExport } from '../../db/cards.ts';
import { actors } from '../../db/locks.ts';
import { reencrypt } from '../../worker/loops/reencrypt.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('export of keys', function () {
  this.timeout(60_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const ask = (productId: number) =>
    importer.ask<{ id: number; state: string }>('exports', { productId, mode: 'test', cardState: 'available', reason: '迁移' }); // prettier-ignore
  const file = (id: number) => fetch(`${system.base}/api/console/exports/${id}/file`, { method: 'POST', headers: { authorization: `Bearer ${system.opsToken}` } }); // prettier-ignore

  it('D6: of five who decide at once one does, and of five who fetch at once one gets the file; the audit has each once', async () => {
    await query(system, `update settings set value = '{"secondPerson": true}' where key = 'card_export'`);
    const { id, sku } = await importer.product();
    await system.shop.addCards(sku, ['K-1', 'K-2']);
    const { id: exported } = await ask(id);
    const decisions = await Promise.allSettled(
      (['approved', 'refused', 'approved', 'approved', 'approved'] as const).map((to) => decideExport(system.parts.pool, exported, to, actors.commandLine)), // prettier-ignore
    );
    assert.equal(decisions.filter((d) => d.status === 'fulfilled').length, 1);
    for (const d of decisions) if (d.status === 'rejected') assert.match(String(d.reason), /EXPORT_STATE/);
    const [row] = await query<{ state: string; n: number }>(
      system,
      `select state, (select count(*)::int from audit where action in ('export_approved', 'export_refused') and (detail ->> 'export')::bigint = $1) as n
       from card_exports where id = $1`,
      exported,
    );
    assert.equal(row?.n, 1);
    const { id: second } = await ask(id);
    await decideExport(system.parts.pool, second, 'approved', actors.commandLine);
    const answers = await Promise.all(Array.from({ length: 5 }, () => file(second)));
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409, 409, 409, 409]);
    const taken = await query(system, `select from audit where action = 'export_taken' and (detail ->> 'export')::bigint = $1`, second); // prettier-ignore
    assert.equal(taken.length, 1);
  });

  it('D6: an export while the keys rotate holds every key, each as it was', async () => {
    await query(system, `update settings set value = '{"secondPerson": false}' where key = 'card_export'`);
    const { id, sku } = await importer.product();
    const keys = Array.from({ length: 3_000 }, () => randomUUID());
    for (let at = 0; at < keys.length; at += 1_000) await system.shop.addCards(sku, keys.slice(at, at + 1_000));
    await importer.ask('key-rotations', { ring: 'card' });
    await query(system, `update data_keys set created_at = created_at - interval '1 minute'`);
    await query(system, `update key_rotations set started_at = started_at - interval '1 minute'`);
    const end = new AbortController();
    let pages = 0;
    const rotating = (async () => {
      while (!end.signal.aborted && (await reencrypt(system.parts.steps))) pages++;
    })();
    const { id: exported } = await ask(id);
    const text = await (await file(exported)).text();
    end.abort();
    await rotating;
    assert.ok(pages > 0);
    const found = text.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? [];
    assert.deepEqual(found.sort(), [...keys].sort());
  });
});
