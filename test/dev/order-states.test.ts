import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { orderStatesPage } from '../../dev/order-states.ts';

describe('docs/order-states.md', () => {
  it('is what the code says: `npm run docs` makes it', () => {
    assert.equal(readFileSync('docs/order-states.md', 'utf8'), orderStatesPage(), 'run npm run docs');
  });
});
