import assert from 'node:assert/strict';
import { createAccountCache } from '../../api/notify/account-cache.ts';
import type { ApiDeps } from '../../api/deps.ts';

describe('accounts that notifications look up', () => {
  const real = Date.now;
  afterEach(() => {
    Date.now = real;
    Reflect.deleteProperty(performance, 'now');
  });

  it('A4: are at most 5 s old, also where the clock was hours ahead and is set right', async () => {
    let asked = 0;
    const pool = {
      query: () => {
        asked++;
        return Promise.resolve({ rows: [] });
      },
    } as unknown as ApiDeps['pool'];
    const cache = createAccountCache({ pool, keyring: undefined as never });
    const began = performance.now();
    Date.now = () => real() + 8 * 3_600_000; // a machine that took its local time for UTC
    await cache.get(1);
    await cache.get(1);
    assert.equal(asked, 1);
    Date.now = real;
    Object.defineProperty(performance, 'now', { value: () => began + 6_000, configurable: true });
    await cache.get(1);
    assert.equal(asked, 2);
  });
});
