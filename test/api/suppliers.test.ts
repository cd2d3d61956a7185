import assert from 'node:assert/strict';
import { call } from '../../dev/client.ts';
import { fakeSupplierLogin, startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { dueBalances } from '../../db/supplier-balances.ts';
import { dropOldCalls, recordCall } from '../../db/supplier-calls.ts';
import { readBalances } from '../../worker/loops/supplier-balances.ts';
import { startSystem, type System } from '../support/system.ts';

interface View {
  id: number;
  name: string;
  config: Record<string, string>;
  balanceMinor: number | null;
  health: { state: string; calls: number; troubles: number; p99Ms: number | null; lastTrouble: string | null };
}
type Refused = { error: { code: string; detail: { field: string }[] } };

describe('suppliers in the console', function () {
  this.timeout(60_000);
  let system: System;
  let fake: FakeSupplier;

  before(async () => {
    fake = await startFakeSupplier({ port: 0 });
    fake.stock('UP-1', 250);
    system = await startSystem({ reach: [fake.url] });
  });
  after(async () => {
    await system.stop();
    await fake.close();
  });

  const api = <T>(path: string, options: Parameters<typeof call>[1] = {}): Promise<T> =>
    call<T>(`${system.base}/api/console/${path}`, { token: system.opsToken, ...options });
  const login = (): Record<string, string> => ({ site: fake.url, ...fakeSupplierLogin });
  const add = async (name: string, change: object = {}): Promise<number> =>
    (await api<{ id: number }>('suppliers', { body: { kind: 'acg-faka', mode: 'test', name, config: login(), ...change } })).id; // prettier-ignore
  const view = async (id: number): Promise<View> => {
    const { suppliers } = await api<{ suppliers: View[] }>('suppliers');
    const found = suppliers.find((s) => s.id === id);
    assert.ok(found);
    return found;
  };
  const tasks = async (code: string): Promise<number> =>
    (await system.parts.pool.query('select from tasks where code = $1 and closed_at is null', [code])).rowCount ?? -1;

  it('B3 E5: a supplier is added by its form, tried, and its secrets never come back', async () => {
    const { kinds } = await api<{ kinds: { kind: string; fields: { key: string; secret: boolean }[] }[] }>('supplier-kinds'); // prettier-ignore
    assert.deepEqual(kinds[0]?.fields.filter((f) => f.secret).map((f) => f.key), ['appKey']); // prettier-ignore
    const id = await add('上游一号');
    const checked = await api<{ balanceMinor: number; currency: string }>(`suppliers/${id}/check`, { method: 'POST' });
    assert.deepEqual([checked.balanceMinor, checked.currency], [fake.balanceMinor, 'CNY']);
    const seen = await view(id);
    assert.equal(seen.config['appKey'], '••••••');
    assert.equal(seen.balanceMinor, fake.balanceMinor);
    assert.equal(seen.health.calls, 1);
    const { rows } = await system.parts.pool.query<{ config: Buffer }>('select config from supplier_accounts');
    assert.ok(
      rows.every((row) => !row.config.includes(fakeSupplierLogin.appKey)),
      'sealed at rest',
    );

    // The form comes back as it was shown: the masked secret keeps its value.
    await api(`suppliers/${id}`, { method: 'PUT', body: { name: '上游壹号', config: seen.config, maxParallel: 2 } });
    await api(`suppliers/${id}/check`, { method: 'POST' });
    // With another address it does not: whoever listens there would get it.
    const stolen = await api<Refused>(`suppliers/${id}`, {
      method: 'PUT',
      body: { name: '上游壹号', config: { ...seen.config, site: 'https://thief.example' }, maxParallel: 2 },
      expect: 400,
    });
    assert.deepEqual(stolen.error.detail.map((p) => p.field), ['appKey']); // prettier-ignore
    const { rows: noted } = await system.parts.pool.query<{ detail: { changed: string[] } }>(
      `select detail from audit where action = 'supplier_changed'`,
    );
    assert.deepEqual(noted[0]?.detail.changed, ['name', 'maxParallel']);
  });

  it('E5: what is wrong with a form is said by field; a name is taken once per mode', async () => {
    const wrong = await api<Refused>('suppliers', {
      body: { kind: 'acg-faka', mode: 'test', name: 'x', config: { site: 'ftp://x', appId: '1' } },
      expect: 400,
    });
    assert.deepEqual(wrong.error.detail.map((p) => p.field), ['site', 'appKey']); // prettier-ignore
    await add('twice');
    const body = { kind: 'acg-faka', mode: 'test', name: 'twice', config: login() };
    assert.equal((await api<Refused>('suppliers', { body, expect: 409 })).error.code, 'SUPPLIER_NAME_TAKEN');
  });

  it('B3: a wrong key, a dead site and a page in place of an answer are told apart in words', async () => {
    const id = await add('wrong key', { config: { ...login(), appKey: 'wrong-key-123' } });
    const denied = await api<Refused>(`suppliers/${id}/check`, { method: 'POST', expect: 502 });
    assert.equal(denied.error.code, 'SUPPLIER_DENIED');
    const away = await add('private', { config: { ...login(), site: 'https://127.0.0.1:9' } });
    const silent = await api<Refused>(`suppliers/${away}/check`, { method: 'POST', expect: 502 });
    assert.equal(silent.error.code, 'SUPPLIER_SILENT', 'a private address is never reached');
    const page = await add('page', { config: { ...login(), site: `${fake.url}/elsewhere` } });
    const html = await api<Refused>(`suppliers/${page}/check`, { method: 'POST', expect: 502 });
    assert.equal(html.error.code, 'SUPPLIER_BAD_ANSWER');
  });

  it('B3: the catalogue is searched, and sources of a product are set in order, checked first', async () => {
    const id = await add('catalogue');
    const { items, total } = await api<{ total: number; items: { sku: string; costMinor: number }[] }>(
      `suppliers/${id}/catalogue?q=up-1`,
    );
    assert.deepEqual([total, items[0]?.sku, items[0]?.costMinor], [1, 'UP-1', 250]);
    const url = `products/${system.sku}/sources`;
    const sources = [
      { supplierId: id, supplierSku: 'UP-1', unitCeilingMinor: 300, pattern: '[A-Z0-9-]+' },
      { supplierId: id, supplierSku: 'UP-2' },
    ];
    const set = await api<{ poolUse: string; sources: { supplierSku: string }[] }>(url, {
      method: 'PUT',
      body: { poolUse: 'last', sources },
    });
    assert.deepEqual([set.poolUse, ...set.sources.map((s) => s.supplierSku)], ['last', 'UP-1', 'UP-2']);
    const swapped = await api<typeof set>(url, {
      method: 'PUT',
      body: { poolUse: 'first', sources: sources.slice(1) },
    });
    assert.deepEqual(swapped.sources.map((s) => s.supplierSku), ['UP-2']); // prettier-ignore
    const bad = await api<Refused>(url, {
      method: 'PUT',
      body: { poolUse: 'first', sources: [{ supplierId: 999_999, supplierSku: 'x', pattern: '(?<!x' }] },
      expect: 400,
    });
    assert.deepEqual(bad.error.detail.map((p) => p.field), ['sources.0.supplierId', 'sources.0.pattern']); // prettier-ignore
  });

  it('E7: a low balance is told once, and the task goes when it is topped up', async () => {
    await add('low', { lowBalanceMinor: 2_000_000 });
    const { pool, steps } = system.parts;
    await pool.query('update supplier_accounts set balance_due_at = now()');
    await readBalances(steps, 50);
    assert.equal(await tasks('SUPPLIER_LOW_BALANCE'), 1);
    assert.deepEqual(await dueBalances(pool, 50), [], 'nobody asks again within five minutes');
    await pool.query('update supplier_accounts set balance_due_at = now()');
    await readBalances(steps, 50);
    assert.equal(await tasks('SUPPLIER_LOW_BALANCE'), 1);
    fake.balanceMinor = 5_000_000;
    await pool.query('update supplier_accounts set balance_due_at = now()');
    await readBalances(steps, 50);
    assert.equal(await tasks('SUPPLIER_LOW_BALANCE'), 0);
  });

  it('E7: five troubles in a row make a supplier sick for all processes, told once; a person or a good answer heals it', async () => {
    const id = await add('sick');
    const { pool } = system.parts;
    const trouble = { supplierId: id, call: 'place', verdict: 'trouble', code: 'TIMEOUT', ms: 8_000 } as const;
    await Promise.all(Array.from({ length: 5 }, () => recordCall(pool, trouble)));
    const sick = await view(id);
    assert.deepEqual([sick.health.state, sick.health.troubles, sick.health.lastTrouble], ['sick', 5, 'TIMEOUT']);
    assert.equal(sick.health.p99Ms, 8_000);
    assert.equal(await tasks('SUPPLIER_SICK'), 1);
    await api(`suppliers/${id}/resume`, { method: 'POST' });
    assert.equal((await view(id)).health.state, 'well');
    assert.equal(await tasks('SUPPLIER_SICK'), 0);
    await Promise.all(Array.from({ length: 5 }, () => recordCall(pool, trouble)));
    await recordCall(pool, { ...trouble, verdict: 'ok', code: null });
    assert.equal((await view(id)).health.state, 'well');
    assert.equal(await tasks('SUPPLIER_SICK'), 0);
  });

  it('calls are kept for a week', async () => {
    const { pool } = system.parts;
    await pool.query(`update supplier_calls set at = now() - interval '8 days'`);
    assert.ok((await dropOldCalls(pool)) > 5);
    assert.equal(await dropOldCalls(pool), 0);
  });
});
