/** Buyers, gateways and staff at work, while faults.ts is at work, too. Everything that is answered is noted. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { System } from '../../support/system.ts';
import type { Done } from './facts.ts';
import type { OrderPlan, Send } from './plan.ts';

export interface Stage {
  readonly system: System;
  /** Addresses of the API processes, alive or not. */
  readonly bases: readonly string[];
  readonly note: (done: Done) => void;
}

const giveUpMs = 90_000;

/** Until it works: a shop repeats its request under the same key. */
export async function insist<T>(what: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + giveUpMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${what} failed for ${giveUpMs} ms`, { cause: error });
      await pause(100);
    }
  }
}

async function notify(stage: Stage, orderNo: string, quantity: number, send: Send, to = send.to): Promise<boolean> {
  const tradeNo = send.kind === 'exact' ? `sb-${orderNo}` : `sb-${orderNo}-${send.kind}`;
  const base = stage.bases[to] ?? '';
  const answer = await (
    send.kind === 'forged'
      ? fetch(`${base}/notify/sandbox/${stage.system.sandbox}`, {
          method: 'POST',
          body: JSON.stringify({ orderNo, tradeNo, amountMinor: 100 * quantity, currency: 'CNY', status: 'paid' }),
          headers: { 'miaofa-sandbox-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
        })
      : stage.system.notify(orderNo, { tradeNo, amountMinor: 100 * quantity + send.off }, base)
  ).catch(() => undefined);
  stage.note({ what: 'notified', kind: send.kind, orderNo, tradeNo, status: answer?.status });
  return answer?.status === 200;
}

/** A gateway repeats until it is acknowledged, here or at the other process. */
async function gateway(stage: Stage, orderNo: string, quantity: number, send: Send): Promise<void> {
  await pause(send.afterMs);
  let to = send.to;
  const deadline = Date.now() + giveUpMs;
  while (!(await notify(stage, orderNo, quantity, send, to))) {
    if (send.kind === 'forged') return;
    if (Date.now() > deadline) throw new Error(`${orderNo}: never acknowledged`);
    await pause(250);
    to = 1 - to;
  }
}

/** Staff press twice; the answer may be lost, the action is not repeated with another id. */
async function close(stage: Stage, orderNo: string, afterMs: number): Promise<void> {
  await pause(afterMs);
  const id = randomUUID();
  const press = async (base: string): Promise<void> => {
    const answer = await fetch(`${base}/ops/api/orders/${orderNo}/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.system.opsToken}` },
      body: JSON.stringify({ id, kind: 'close', note: 'chaos' }),
    }).catch(() => undefined);
    stage.note({ what: 'acted', id, orderNo, kind: 'close', status: answer?.status });
  };
  await Promise.all(stage.bases.map(press));
}

export async function playOrder(stage: Stage, plan: OrderPlan): Promise<void> {
  const { system } = stage;
  const email = plan.mail ? `${randomUUID()}@example.com` : null;
  const key = randomUUID();
  const { orderNo } = await insist('ordering', () =>
    system.shop.order({
      sku: system.sku,
      quantity: plan.quantity,
      accountId: system.sandbox,
      key,
      ...(email !== null && { email }),
    }),
  );
  stage.note({ what: 'ordered', orderNo, email, quantity: plan.quantity });
  await Promise.all([
    ...plan.sends.map((send) => gateway(stage, orderNo, plan.quantity, send)),
    ...(plan.closeAfterMs === undefined ? [] : [close(stage, orderNo, plan.closeAfterMs)]),
  ]);
}
