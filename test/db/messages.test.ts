import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import { giveUpMessage, sendMail } from '../../activities/tell.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

describe('mail whose goods cannot be opened', function () {
  this.timeout(30_000);
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  /** An order with mail whose goods show; its card is broken as a wrong restore would. */
  async function unreadable(): Promise<{ order: number; message: number; mend: () => Promise<unknown> }> {
    await system.shop.addCards(system.sku, [randomUUID()]);
    const { orderNo } = await system.shop.order({ sku: system.sku, email: 'a@example.com', accountId: system.sandbox });
    await system.notify(orderNo);
    const [{ id } = { id: 0 }] = await query<{ id: number }>(system, 'select id from orders where no = $1', orderNo);
    const outcome = await advance(system.parts.steps, id);
    assert.ok(outcome.next === 'tell');
    const [{ ciphertext } = { ciphertext: Buffer.alloc(0) }] = await query<{ ciphertext: Buffer }>(system, 'select ciphertext from cards where order_id = $1', id); // prettier-ignore
    const set = (bytes: Buffer) => query(system, 'update cards set ciphertext = $2 where order_id = $1', id, bytes);
    await set(Buffer.concat([ciphertext.subarray(0, -1), Buffer.from([(ciphertext.at(-1) ?? 0) ^ 1])]));
    return { order: id, message: outcome.messages[0]?.id ?? 0, mend: () => set(ciphertext) };
  }
  const tasks = (order: number) =>
    query<{ code: string; open: boolean }>(system, 'select code, closed_at is null as open from tasks where order_id = $1', order); // prettier-ignore

  it('C2 D6: people hear at once that the key is at fault, not a day later that the mail server is silent', async () => {
    const { order, message } = await unreadable();
    for (let i = 0; i < 3; i++) await assert.rejects(sendMail(system.parts.steps, message));
    assert.deepEqual(await tasks(order), [{ code: 'KEY_UNREADABLE', open: true }]);
    await giveUpMessage(system.parts.steps, message, 'KEY_UNREADABLE');
    const [given] = await query(system, 'select state, failure_code from messages where id = $1', message);
    assert.deepEqual(given, { state: 'failed', failure_code: 'KEY_UNREADABLE' });
    assert.equal((await tasks(order)).length, 1);
  });

  it('the right key mends it: the mail goes out and the task ends', async () => {
    const { order, message, mend } = await unreadable();
    await assert.rejects(sendMail(system.parts.steps, message));
    await mend();
    await sendMail(system.parts.steps, message);
    assert.deepEqual(await tasks(order), [{ code: 'KEY_UNREADABLE', open: false }]);
  });

  it('B5: without such a reason the kind of the message says who is silent', async () => {
    const { order, message } = await unreadable();
    await giveUpMessage(system.parts.steps, message, 'UNEXPECTED');
    assert.deepEqual(await tasks(order), [{ code: 'MAIL_SILENT', open: true }]);
  });
});
