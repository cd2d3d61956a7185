/**
 * `npm run record`: plays every scenario on the real system and writes its history, for replay.test.ts; `npm run record --
 * NAME…` only these, and leaves the other recordings alone. In clear, so
 * that they replay without keys. Until the first release the recordings are simply made anew after a change of the
 * story; from then on the files of released versions stay, and a change needs `patched()`.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startFakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { recordedHistory } from '../support/history.ts';
import { stopServices, testTemporal } from '../support/services.ts';
import { startSystem } from '../support/system.ts';
import { recordSkippedTime } from './skipped-time.ts';
import { scenarios, type Scenario, type Trouble } from './scenarios.ts';

const folder = path.join(import.meta.dirname, 'histories');

/** Of this machine and this build: no part of what is promised. */
const incidental = new Set(['identity', 'buildId', 'binaryChecksum', 'stackTrace']);
function plain(key: string, value: unknown): unknown {
  if (incidental.has(key)) return undefined;
  // The name of a sticky queue begins with process and machine.
  return typeof value === 'string' ? value.replace(/^\d+@[^"]*(?=-[0-9a-f]{32})/, 'recorder') : value;
}

/** One event a line, so that a difference can be read. */
function write(name: string, history: string): void {
  const file = `${name.replaceAll(/\W+/g, '-')}.json`;
  const { events } = JSON.parse(history, plain) as {
    events: object[];
  };
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  writeFileSync(path.join(folder, file), `{"events":[\n${lines}\n]}\n`);
  process.stdout.write(`${file}\n`);
}

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

async function recordAll(address: string, named: Readonly<Record<string, Scenario>>, webhookUrl?: string) {
  const played = Object.entries(named).filter(([name]) => isWanted(name));
  if (played.length === 0) return;
  const supplier = await startFakeSupplier({ port: 0 });
  const trouble: Trouble = { failing: 0, supplier };
  const system = await startSystem({
    temporal: address,
    clear: true,
    reach: [supplier.url],
    ...(webhookUrl && { webhookUrl }),
    fault(point) {
      if (point !== 'advance:before-commit' || trouble.failing === 0) return;
      trouble.failing--;
      throw Object.assign(new Error('as told'), { code: 'ECONNRESET' });
    },
  });
  try {
    for (const [name, scenario] of played) {
      const orderNo = await scenario(system, trouble);
      write(name, await recordedHistory(system, orderNo));
    }
  } finally {
    await system.stop();
    await supplier.close();
  }
}

if (wanted.length === 0) for (const old of readdirSync(folder)) rmSync(path.join(folder, old));
const receiver = http.createServer((_request, response) => response.end());
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
try {
  const { address } = await testTemporal();
  await recordAll(address, scenarios);
  const happy = scenarios['happy, with mail'];
  if (happy) {
    const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    await recordAll(address, { 'happy, with mail and webhook': happy }, webhookUrl);
  }
  for (const [name, history] of await recordSkippedTime(isWanted)) write(name, history);
} finally {
  receiver.closeAllConnections();
  receiver.close();
  await stopServices();
}
