import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openPickup, until } from '../../dev/client.ts';
import { scratch, testTemporal } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('D6: a known key is found in the buyer’s mail and page, and nowhere else', function () {
  this.timeout(60_000);
  let system: System;
  let log = '';
  let logFile = 0;
  const output = (): string => readFileSync(log, 'utf8');

  before(async () => {
    const { address } = await testTemporal();
    log = path.join(scratch('logs'), 'canary.log');
    logFile = openSync(log, 'a');
    system = await startSystem({ temporal: address, env: { LOG_LEVEL: 'debug' }, logFile });
  });
  after(async () => {
    await system.stop();
    closeSync(logFile);
  });

  it('not in the database, its files, logs, Temporal’s history and store, nor the metrics; no contact either', async () => {
    const canary = `CANARY-${randomUUID()}`;
    const contact = `canary-${randomUUID()}@example.com`;
    await system.shop.addCards(system.sku, [canary]);
    // Trouble on the way makes more histories and more logs.
    system.mail.trouble = { code: 451 };
    const order = await system.shop.order({ sku: system.sku, email: contact, accountId: system.sandbox });
    const token = new URL(order.pickupUrl).hash.slice(1);
    await system.notify(order.orderNo);
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.deepEqual(await until('goods', () => pickup.goods(), 15_000), [canary]);
    await until('a failed mail', () => Promise.resolve(output().includes('step failed') ? true : undefined), 15_000);
    system.mail.trouble = undefined;
    const mail = await system.mail.waitFor(contact, 30_000);
    assert.ok(mail.text.includes(canary));
    const handle = system.link?.client?.workflow.getHandle(`order-${order.orderNo}`);
    assert.ok(handle);
    await handle.result();

    const secrets = [canary, contact, token];
    const places: Record<string, string> = {
      logs: output(),
      history: historyToJSON(await handle.fetchHistory()),
      metrics: await system.parts.metrics.registry.metrics(),
      'Temporal store': files(scratch('temporal')),
    };
    const { pool } = system.parts;
    const { rows: tables } = await pool.query<{ t: string }>(
      `select quote_ident(table_name) as t from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    for (const { t } of tables) {
      const { rows } = await pool.query<{ line: string }>(`select row_to_json(x)::text as line from ${t} x`);
      places[`table ${t}`] = rows.map((row) => decodeHex(row.line)).join('\n');
    }
    await pool.query('checkpoint');
    for (const secret of secrets) {
      for (const [name, text] of Object.entries(places)) assert.ok(!text.includes(secret), `${secret} in ${name}`);
      // Also in the raw files of the server, write-ahead log included.
      const found = execFileSync('sh', ['-c', `grep -rlF -- "$1" "$2" || true`, 'sh', secret, scratch('pg')], {
        encoding: 'utf8',
      });
      assert.equal(found, '');
    }
    assert.ok(output().includes(order.orderNo), 'the search can find what is there');
    assert.ok(places['table orders']?.includes(order.orderNo));
  });
});

/** bytea columns come as \x…: what they hold counts as text, too. */
function decodeHex(line: string): string {
  return line.replace(/\\\\x([0-9a-f]+)/g, (all, hex: string) => all + Buffer.from(hex, 'hex').toString('latin1'));
}

function files(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name)).toString('latin1'))
    .join('\n');
}
