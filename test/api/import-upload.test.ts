import assert from 'node:assert/strict';
import http from 'node:http';
import { advanceImport } from '../../activities/imports.ts';
import { removeUndone } from '../../db/batches.ts';
import { until } from '../../dev/client.ts';
import { openImporter, type Importer, type ImportState } from '../support/goods.ts';
import { forkApi, type TestApi } from '../support/processes.ts';
import { testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

interface Refusal {
  error: { code: string; detail: unknown };
}

describe('files on their way into an import', function () {
  this.timeout(120_000);
  let system: System;
  let importer: Importer;
  let other: TestApi | undefined;
  before(async () => {
    const { address } = await testTemporal();
    // Nothing runs imports by itself here: the stages are taken one by one.
    system = await startSystem({ temporal: address, worker: false, loops: false });
    importer = openImporter(system);
  });
  afterEach(() => other?.kill());
  after(() => system.stop());

  const put = (id: number, body: RequestInit['body'], from = 0, base = system.base): Promise<Response> =>
    fetch(`${base}/api/console/imports/${id}/file?from=${from}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${system.opsToken}` },
      ...(body !== undefined && { body }),
    });
  /** An upload that stands still after its first megabyte. */
  const halfWay = async (id: number, first: Buffer, base = system.base): Promise<http.ClientRequest> => {
    const request = http.request(`${base}/api/console/imports/${id}/file`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${system.opsToken}`, 'content-length': first.length * 4 },
    });
    request.on('error', () => undefined);
    request.write(first);
    await until('bytes arrive', async () => ((await importer.ask<{ bytes: number }>(`imports/${id}`)).bytes > 0 ? true : undefined), 15_000, 20); // prettier-ignore
    return request;
  };
  const refused = async (response: Response): Promise<[number, string]> => [
    response.status,
    ((await response.json()) as Refusal).error.code,
  ];
  const megabyte = Buffer.from('0123456789abcde\n'.repeat(65_536));
  const bytesOf = async (id: number): Promise<number> => (await importer.ask<{ bytes: number }>(`imports/${id}`)).bytes;
  const chunks = async (id: number): Promise<number> =>
    (await system.parts.pool.query('select from import_chunks where import_id = $1', [id])).rowCount ?? 0;

  it('D4: two uploads into one import: the second is told so; the first one goes on, and nothing is stored twice', async () => {
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    const first = await halfWay(id, megabyte);
    assert.deepEqual(await refused(await put(id, 'another file')), [409, 'IMPORT_UPLOADING']);
    const answer = new Promise<number>((resolve) => first.on('response', (r) => resolve(r.resume().statusCode ?? 0)));
    first.end(Buffer.concat([megabyte, megabyte, megabyte]));
    assert.equal(await answer, 200);
    assert.equal(await bytesOf(id), megabyte.length * 4);
    assert.deepEqual(await refused(await put(id, 'later')), [409, 'IMPORT_STATE']);
  });

  it('D4: an upload that broke off goes on where it stopped, or begins anew; a wrong place is told with the right one', async () => {
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    (await halfWay(id, megabyte)).destroy();
    const file = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `KEY-${i}-0123456789\n`).join(''));
    await until('the sender is gone', async () => ((await put(id, file, 7)).status === 409 && (await refused(await put(id, file, 7)))[1] === 'IMPORT_PLACE' ? true : undefined), 15_000, 50); // prettier-ignore
    const wrong = (await (await put(id, file, 7)).json()) as Refusal;
    assert.deepEqual(wrong.error.detail, { bytes: await bytesOf(id) });
    // Anew, with another file: nothing of the first one is left.
    const half = 600_000;
    const begun = http.request(`${system.base}/api/console/imports/${id}/file`, { method: 'PUT', headers: { authorization: `Bearer ${system.opsToken}`, 'content-length': file.length } }); // prettier-ignore
    begun.on('error', () => undefined);
    begun.write(file.subarray(0, half));
    const sent = async (): Promise<number | undefined> => {
      const { rows } = await system.parts.pool.query<{ bytes: number }>('select bytes from imports where id = $1 and sender is not null and bytes > 0', [id]); // prettier-ignore
      return rows[0]?.bytes;
    };
    const reached = await until('a piece', sent, 15_000, 20);
    begun.destroy();
    const answer = await until('it goes on', async () => {
      const response = await put(id, file.subarray(reached), reached);
      return response.ok ? response : undefined;
    }, 15_000, 50); // prettier-ignore
    assert.deepEqual(await answer.json(), { id, bytes: file.length });
    await advanceImport(system.parts.steps, id);
    const checked = await importer.ask<ImportState>(`imports/${id}`);
    assert.deepEqual([checked.state, checked.good, checked.bad], ['ready', 60_000, 0]);
    assert.equal(await chunks(id), 0);
  });

  it('G3 D4: the API is killed during an upload: another process takes the rest once its sender fell silent', async () => {
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    other = await forkApi(system);
    await halfWay(id, megabyte, other.base);
    await other.kill('SIGKILL');
    const reached = await bytesOf(id);
    assert.deepEqual(await refused(await put(id, megabyte, reached)), [409, 'IMPORT_UPLOADING']);
    await system.parts.pool.query(`update imports set sender_at = sender_at - interval '31 seconds' where id = $1`, [
      id,
    ]);
    const whole = Buffer.concat([megabyte, Buffer.from('the-last-one\n')]);
    const answer = await put(id, whole.subarray(reached), reached);
    assert.deepEqual(await answer.json(), { id, bytes: whole.length });
    await advanceImport(system.parts.steps, id);
    const checked = await importer.ask<ImportState>(`imports/${id}`);
    assert.deepEqual([checked.state, checked.good, checked.inFile], ['ready', 2, 65_535]);
  });

  it('D4: cancelled while it is sent, checked, ready or brought in: nothing of it stays but what is in the pool already', async () => {
    const { id: productId } = await importer.product();
    const { steps, pool } = system.parts;
    const cancel = (id: number): Promise<ImportState> => importer.ask(`imports/${id}/cancel`, {}, { method: 'POST' });
    const left = async (id: number): Promise<unknown> => {
      await advanceImport(steps, id);
      const { rows } = await pool.query(`select (select count(*)::int from import_chunks where import_id = $1) as chunks,
        (select count(*)::int from import_blocks where import_id = $1 and sealed <> '') as blocks,
        (select count(*)::int from cards where product_id = $2) as cards`, [id, productId]); // prettier-ignore
      return rows[0];
    };
    const sending = await importer.begin({ productId });
    const request = await halfWay(sending.id, megabyte);
    assert.equal((await cancel(sending.id)).state, 'cancelled');
    const answer = new Promise<number>((resolve) => request.on('response', (r) => resolve(r.resume().statusCode ?? 0)).on('error', () => resolve(409))); // prettier-ignore
    request.end(Buffer.concat([megabyte, megabyte, megabyte]));
    assert.equal(await answer, 409);
    assert.deepEqual(await left(sending.id), { chunks: 0, blocks: 0, cards: 0 });

    const received = await importer.begin({ productId });
    await importer.upload(received.id, 'r1\nr2\n');
    await cancel(received.id);
    assert.deepEqual(await left(received.id), { chunks: 0, blocks: 0, cards: 0 });

    const ready = await importer.begin({ productId });
    await importer.upload(ready.id, 'q1\nq2\n');
    await advanceImport(steps, ready.id);
    await cancel(ready.id);
    assert.deepEqual(await left(ready.id), { chunks: 0, blocks: 0, cards: 0 });
    await importer.ask(`imports/${ready.id}/confirm`, {}, { method: 'POST', expect: 409 });

    const confirmed = await importer.begin({ productId });
    await importer.upload(confirmed.id, Array.from({ length: 12_000 }, (_, i) => `c-${i}`).join('\n'));
    await advanceImport(steps, confirmed.id);
    await importer.ask(`imports/${confirmed.id}/confirm`, {}, { method: 'POST' });
    await advanceImport({ ...steps, fault: (point) => (point === 'import:block' ? cancel(confirmed.id).then(() => undefined) : undefined) }, confirmed.id); // prettier-ignore
    const now = await importer.ask<ImportState>(`imports/${confirmed.id}`);
    const { rows } = await pool.query<{ n: number }>('select count(*)::int as n from cards where product_id = $1', [productId]); // prettier-ignore
    assert.equal(now.state, 'cancelled');
    assert.ok(now.added > 0 && now.added < 12_000 && rows[0]?.n === now.added, `${now.added}`);
    assert.deepEqual(await left(confirmed.id), { chunks: 0, blocks: 0, cards: now.added });
  });

  it('D5: undo of a batch takes all that is unsold, 200 at a time whatever its size, says how far it is, and ends; what is held goes once it is free', async () => {
    const { id: productId } = await importer.product();
    const { steps, pool } = system.parts;
    const { id } = await importer.begin({ productId });
    await importer.upload(id, Array.from({ length: 1_000 }, (_, i) => `undo-${i}`).join('\n'));
    await advanceImport(steps, id);
    await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST' });
    await advanceImport(steps, id);
    const { items } = await importer.ask<{ items: { id: number }[] }>(`products/${productId}/batches`);
    const batch = items[0]?.id ?? 0;
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    // prettier-ignore
    await pool.query(`update cards set state = 'held', order_id = (select id from orders where no = $2), held_until = now() + interval '1 hour'
      where id = (select id from cards where batch_id = $1 order by id offset 500 limit 1)`, [batch, order.orderNo]);
    await importer.ask(`batches/${batch}/undo`, { reason: '买错了' });
    const drain = async (): Promise<void> => {
      while (await removeUndone(pool));
    };
    const rest = async (): Promise<unknown> => (await pool.query('select state, undo_look_at > now() as again from cards c join card_batches b on b.id = c.batch_id where batch_id = $1', [batch])).rows; // prettier-ignore
    const unsold = async () => (await importer.ask<{ items: { available: number }[] }>(`products/${productId}/batches`)).items[0]?.available; // prettier-ignore
    assert.equal(await unsold(), 999);
    assert.equal(await removeUndone(pool), true);
    assert.equal(await unsold(), 799, 'more than a page went in one statement, or none');
    await drain();
    assert.deepEqual(await rest(), [{ state: 'held', again: true }]);
    await pool.query(`update cards set state = 'available', order_id = null, held_until = null where batch_id = $1`, [batch]); // prettier-ignore
    await pool.query('update card_batches set undo_look_at = now() where id = $1', [batch]);
    await drain();
    assert.deepEqual(await rest(), []);
    const { rows } = await pool.query('select undo_look_at from card_batches where id = $1', [batch]);
    assert.deepEqual(rows, [{ undo_look_at: null }]);
  });

  it('D4: what another import brought in between check and commit is named line by line, and is in the pool once', async () => {
    const { id: productId } = await importer.product();
    const checked = async (keys: readonly string[]): Promise<number> => {
      const { id } = await importer.begin({ productId, text: keys.join('\n') });
      await advanceImport(system.parts.steps, id);
      return id;
    };
    const first = await checked(['late-1', 'late-2', 'late-3']);
    const second = await checked(['late-0', 'late-3', 'late-1', 'late-9']);
    for (const id of [first, second]) {
      await importer.ask(`imports/${id}/confirm`, {}, { method: 'POST' });
      await advanceImport(system.parts.steps, id);
    }
    const { state, added, late } = await importer.ask<ImportState>(`imports/${second}`);
    assert.deepEqual([state, added, late], ['done', 2, 2]);
    assert.deepEqual(await importer.problems(second), [[2, 'LATE'], [3, 'LATE']]); // prettier-ignore
    const { rows } = await system.parts.pool.query('select count(*)::int as n from cards where product_id = $1', [productId]); // prettier-ignore
    assert.deepEqual(rows, [{ n: 5 }]);
  });

  it('库存上限: of two imports that are confirmed at once only one passes a limit that they would break together', async () => {
    const { id: productId } = await importer.product({ stockLimit: 10 });
    const ids = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const { id } = await importer.begin({ productId });
        await importer.upload(id, Array.from({ length: 6 }, (_, i) => `limit-${n}-${i}`).join('\n'));
        await advanceImport(system.parts.steps, id);
        return id;
      }),
    );
    const answers = await Promise.all(
      ids.map((id) => fetch(`${system.base}/api/console/imports/${id}/confirm`, { method: 'POST', headers: { authorization: `Bearer ${system.opsToken}` } })), // prettier-ignore
    );
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409, 409]);
    const full = answers.find((a) => a.status === 409);
    assert.equal(((await full?.json()) as Refusal).error.code, 'STOCK_LIMIT');
  });

  it('E6: who may edit products but import no keys cannot cancel an import of keys', async () => {
    const person = await signedIn(system, 'custom', ['products.read', 'products.edit']);
    const { id: productId } = await importer.product();
    const { id } = await importer.begin({ productId });
    assert.equal((await person.ask('POST', `/api/console/imports/${id}/cancel`)).status, 403);
  });
});
