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

interface Placed {
  readonly orderNo: string;
  readonly quantity: number;
  readonly by: 'sandbox' | 'epay';
}

/** Of a gateway or a shop: they go on for hours; a machine under load starts a process in a minute. */
const giveUpMs = 300_000;

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

async function notify(stage: Stage, order: Placed, send: Send, to = send.to): Promise<boolean> {
  const { system } = stage;
  const { orderNo, quantity } = order;
  const base = stage.bases[to] ?? '';
  let tradeNo = send.kind === 'exact' ? `sb-${orderNo}` : `sb-${orderNo}-${send.kind}`;
  const post = (): Promise<Response> => {
    if (order.by === 'epay') {
      const form = system.gateway.notification(orderNo);
      tradeNo = form.get('trade_no') ?? '';
      return fetch(`${base}/notify/epay/${system.epay}?${form.toString()}`);
    }
    if (send.kind !== 'forged')
      return system.notify(orderNo, { tradeNo, amountMinor: 100 * quantity + send.off }, base);
    return fetch(`${base}/notify/sandbox/${system.sandbox}`, {
      method: 'POST',
      body: JSON.stringify({ orderNo, tradeNo, amountMinor: 100 * quantity, currency: 'CNY', status: 'paid' }),
      headers: { 'miaofa-sandbox-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
    });
  };
  const answer = await post().catch(() => undefined);
  stage.note({ what: 'notified', kind: send.kind, orderNo, tradeNo, status: answer?.status });
  return answer?.status === 200;
}

/** A gateway repeats until it is acknowledged, here or at the other process. */
async function gateway(stage: Stage, order: Placed, send: Send): Promise<void> {
  await pause(send.afterMs);
  let to = send.to;
  const deadline = Date.now() + giveUpMs;
  while (!(await notify(stage, order, send, to))) {
    if (send.kind === 'forged') return;
    if (Date.now() > deadline) throw new Error(`${order.orderNo}: never acknowledged`);
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
  const { orderNo, payUrl } = await insist('ordering', () =>
    system.shop.order({
      sku: system.sku,
      quantity: plan.quantity,
      accountId: system[plan.by],
      key,
      ...(email !== null && { email }),
    }),
  );
  stage.note({ what: 'ordered', orderNo, email, quantity: plan.quantity });
  if (plan.by === 'epay' && plan.sends.length > 0) {
    await fetch(payUrl).then((page) => page.text());
    await system.gateway.pay(orderNo, { notify: false });
  }
  const order = { orderNo, quantity: plan.quantity, by: plan.by };
  await Promise.all([
    ...plan.sends.map((send) => gateway(stage, order, send)),
    ...(plan.closeAfterMs === undefined ? [] : [close(stage, orderNo, plan.closeAfterMs)]),
  ]);
}
