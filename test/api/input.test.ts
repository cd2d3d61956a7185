import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { sendPiece } from '../../api/http.ts';
import { openApiDocument } from '../../api/openapi.ts';
import { startSystem, type System } from '../support/system.ts';

describe('what callers may write', function () {
  this.timeout(60_000);
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  const codeOf = async (answer: Response): Promise<string> => {
    const body = (await answer.json()) as { error?: { code: string } };
    return `${answer.status} ${body.error?.code ?? ''}`;
  };

  it('U+0000, which no database text can hold, is a mistake of the caller and no failure inside', async () => {
    const search = await fetch(`${system.base}/api/console/products?search=a%00b`, {
      headers: { authorization: `Bearer ${system.opsToken}` },
    });
    assert.equal(await codeOf(search), '400 BAD_REQUEST');
    const product = await fetch(`${system.base}/api/v1/products`, {
      method: 'POST',
      body: JSON.stringify({ sku: 'NUL', name: 'a\u0000b', priceMinor: 100 }),
      headers: { authorization: `Bearer ${system.shop.apiKey}`, 'content-type': 'application/json' },
    });
    assert.equal(await codeOf(product), '400 BAD_REQUEST');
    // Sealed text may hold anything.
    const order = await fetch(`${system.base}/api/v1/orders`, {
      method: 'POST',
      body: JSON.stringify({ sku: system.sku, accountId: system.sandbox, remark: 'a\u0000b' }),
      headers: {
        authorization: `Bearer ${system.shop.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
    });
    assert.equal(order.status, 201);
  });

  it('a long answer whose receiver has gone ends, and waits for nobody', async () => {
    const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void setImmediate(done) });
    assert.equal(await sendPiece(slow, 'piece'), true);
    const dead = new Writable({ highWaterMark: 1, write: () => undefined });
    const sent = sendPiece(dead, 'piece');
    dead.destroy();
    assert.equal(await sent, false);
    assert.equal(await sendPiece(dead, 'more'), false);
  });

  it('G4: every pattern of the API document is a regular expression that fits what the API itself gives', () => {
    const text = JSON.stringify(openApiDocument());
    const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      (match) => JSON.parse(match[1] ?? '') as string,
    );
    assert.ok(patterns.length > 5);
    for (const pattern of patterns) assert.doesNotThrow(() => new RegExp(pattern, 'u'), pattern);
    assert.ok(patterns.some((pattern) => pattern.includes('\\p{L}') && new RegExp(pattern, 'u').test(system.sku)));
    assert.ok(!patterns.some((pattern) => pattern.endsWith('/u')));
  });
});
