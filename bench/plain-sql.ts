/** The statements of an order, sent by this process to PostgreSQL and nothing else: what the database alone allows. */
import { claim } from '../db/claim.ts';
import { lockOrder } from '../db/delivery.ts';
import { takePaymentIn } from '../db/intake.ts';
import { finishMessage, loadMessage } from '../db/messages.ts';
import { transaction, type Pool } from '../db/sql.ts';
import { pooled } from './pooled.ts';
import type { BenchOrder } from './stack.ts';

export interface SqlRun {
  readonly seconds: number;
  /** Milliseconds until the goods would show. */
  readonly latencies: readonly number[];
}

export async function runPlainSql(
  pool: Pool,
  account: number,
  orders: readonly BenchOrder[],
  concurrency: number,
): Promise<SqlRun> {
  const latencies: number[] = [];
  const began = performance.now();
  await pooled(orders.length, concurrency, async (i) => {
    const orderNo = orders[i]?.orderNo ?? '';
    const start = performance.now();
    const { start: paid } = await takePaymentIn(
      pool,
      {
        accountId: account,
        provider: 'sandbox',
        source: 'notify',
        method: 'POST',
        headers: {},
        query: '',
        body: Buffer.alloc(160, 'x'),
        receivedAt: new Date(),
      },
      { mode: 'test', orderNo, tradeNo: `sb-${orderNo}`, amountMinor: 100, currency: 'CNY' },
    );
    if (!paid) throw new Error(`${orderNo} was not taken in`);
    const answer = await transaction(pool, async (tx) => {
      const order = await lockOrder(tx, paid.orderId);
      if (!order) throw new Error('no order');
      return claim(tx, order);
    });
    if (!answer.claimed) throw new Error('no key');
    latencies.push(performance.now() - start);
    for (const { id } of answer.messages) {
      const message = await loadMessage(pool, id);
      if (message) await finishMessage(pool, message, 'sent');
    }
    await pool.query('delete from outbox where id = $1', [paid.outboxId]);
  });
  return { seconds: (performance.now() - began) / 1000, latencies };
}
