/**
 * P7: notifications per second that the running stack takes: valid (each pays an order, which is delivered beside it),
 * duplicate, and forged, beside a bare Express handler on the same Node. Forged is the cheapest: it reaches no database.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import type { Bench, Measurement } from './bench.ts';
import { request } from './http.ts';
import { pooled } from './pooled.ts';
import { startBenchStack } from './stack.ts';

const parallel = 32;
const slices = 10;

/** The rate of each slice of the work. */
async function rates(count: number, work: (i: number) => Promise<void>): Promise<number[]> {
  const per = Math.max(1, Math.floor(count / slices));
  const out: number[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const began = performance.now();
    await pooled(per, parallel, (i) => work(slice * per + i));
    out.push(per / ((performance.now() - began) / 1000));
  }
  return out;
}

async function bareExpress(agent: http.Agent, count: number, body: string): Promise<number[]> {
  // From sources or from the build, as this file runs.
  const extension = path.extname(import.meta.filename);
  const child = fork(path.join(import.meta.dirname, `bare-express${extension}`), {
    execArgv: extension === '.ts' ? ['--import=tsx'] : [],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (value) => resolve(Number(value)));
      child.once('exit', () => reject(new Error('the bare handler did not start')));
    });
    return await rates(count, async () => {
      await request(agent, `http://127.0.0.1:${port}/notify`, { method: 'POST', body });
    });
  } finally {
    child.kill();
  }
}

export const paymentNotifications: Bench = {
  name: 'payments',
  what: 'P7 valid, duplicate and forged notifications per second',
  async run({ size, say }): Promise<Measurement[]> {
    const stack = await startBenchStack(say);
    const agent = new http.Agent({ keepAlive: true, maxSockets: parallel });
    try {
      const count = Math.max(slices, Math.round(2_000 * size));
      const orders = await stack.prepare(count, 'sandbox');
      const valid = await rates(count, async (i) => orders[i]?.notify());
      const [first] = orders;
      const duplicate = await rates(count, async () => first?.notify());
      const url = `${stack.stack.settings.publicUrl}/notify/sandbox/${stack.accounts.sandbox}`;
      const body = JSON.stringify({ orderNo: first?.orderNo, tradeNo: 'forged-1', amountMinor: 100, currency: 'CNY', status: 'paid' }); // prettier-ignore
      const forged = await rates(count * 5, async () => {
        const at = Math.floor(Date.now() / 1000);
        const headers = { 'miaofa-sandbox-signature': `t=${at},v1=${randomBytes(32).toString('hex')}` };
        const answer = await request(agent, url, { method: 'POST', headers, body });
        if (answer.status !== 400) throw new Error(`a forged notification was answered ${answer.status}`);
      });
      const bare = await bareExpress(agent, count * 5, body);
      const unit = 'per second' as const;
      const beside = 'P7 bare Express';
      return [
        { name: beside, unit, samples: bare },
        { name: 'P7 valid', unit, samples: valid, beside, note: 'delivery of the orders runs beside' },
        { name: 'P7 duplicate', unit, samples: duplicate, beside },
        { name: 'P7 forged', unit, samples: forged, beside, aim: 'the cheapest of the three' },
      ];
    } finally {
      agent.destroy();
      await stack.stop();
    }
  },
};
