import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { until } from '../../dev/client.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { portNames } from '../../dev/embedded/settings.ts';
import { testBrowser } from '../support/browser.ts';
import { scratch } from '../support/services.ts';
import { bootstrap, familyOf, listenersOf, ready, runsStill, type StartedStack } from '../support/stack.ts';

interface Demo {
  orders: {
    orderNo: string;
    timeline: Record<string, number>;
    links: Record<'pickup' | 'mail' | 'workflow', string>;
  }[];
}

describe('npm start and npm run demo, as a person runs them', function () {
  this.timeout(300_000);
  let env: Record<string, string>;
  let stack: StartedStack;
  let demo: Demo;

  before(async () => {
    const ports: Record<string, string> = {};
    for (const name of portNames) ports[name] = String(await freePort());
    env = { ...ports, MIAOFA_DATA: path.join(scratch('stack'), 'data') };
    stack = bootstrap(['start'], env);
    await ready(stack);
  });

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const family = familyOf(stack.child.pid ?? 0);
    stack.child.kill(signal);
    await stack.ended;
    const left = (): number[] => family.filter(runsStill);
    await until('an end of all', () => Promise.resolve(left().length === 0 ? true : undefined), 10_000, 20).catch(
      () => {
        throw new Error(
          `left: ${left()
            .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
            .join('; ')}`,
        );
      },
    );
  };

  it('G2 rule 18: it says where everything is, and the master key lies beside the data, for its owner only', () => {
    const said = stack.output();
    for (const word of ['/api/v1', '/ops/mail/', '/ops/temporal/', 'Ctrl-C', 'npm run demo'])
      assert.ok(said.includes(word), word);
    const key = `${env['MIAOFA_DATA']}-master.key`;
    assert.equal(statSync(key).mode & 0o077, 0);
    assert.ok(!said.includes(readFileSync(key, 'utf8').trim()));
  });

  it('rule 15: all but PORT listen on 127.0.0.1, and plain http from another address is refused', async () => {
    if (process.platform !== 'linux') return; // read from /proc
    const found = listenersOf(familyOf(stack.child.pid ?? 0));
    const open = found.filter(({ address }) => address !== '0100007F');
    assert.deepEqual(open, [{ address: '00000000', port: Number(env['PORT']) }]);
    for (const name of portNames)
      assert.ok(
        found.some(({ port }) => port === Number(env[name])),
        name,
      );
    const elsewhere = Object.values(networkInterfaces())
      .flat()
      .find((it) => it?.family === 'IPv4' && !it.internal);
    if (elsewhere) {
      const answer = await fetch(`http://${elsewhere.address}:${env['PORT']}/pickup`);
      assert.equal(answer.status, 403);
      assert.match(await answer.text(), /INSECURE_HTTP/);
    }
  });

  it('A1: the demo’s keys reach page and mail; its JSON has times, ids and links', async () => {
    const run = bootstrap(['demo', '--json'], env);
    assert.equal(await run.ended, 0, run.output());
    const text = run.output();
    demo = JSON.parse(text.slice(text.indexOf('{'))) as Demo;
    assert.equal(demo.orders.length, 2);
    for (const { timeline } of demo.orders) {
      const steps = ['notified', 'acknowledged', 'reserved', 'onPickupPage', 'mailReceived'];
      assert.deepEqual(Object.keys(timeline), steps);
      assert.ok((timeline['onPickupPage'] ?? 1e9) < 10_000);
    }
  });

  it('G1 rule 15: behind the ops door Temporal Web UI shows an order in clear, in a real browser', async () => {
    const [order] = demo.orders;
    assert.ok(order);
    const context = await (await testBrowser()).newContext();
    const page = await context.newPage();
    const closed = await page.goto(`${new URL(order.links.workflow).origin}/ops/temporal/namespaces/default/workflows`);
    assert.match(closed?.url() ?? '', /\/ops\/login/);
    await page.goto(order.links.workflow);
    await page.getByText(`"${order.orderNo}"`).first().waitFor({ timeout: 60_000 }); // the decoded input
    await page.getByText('"delivered"').first().waitFor();
    await page.getByText('邮件给买家').first().waitFor();
    assert.ok(!page.url().includes('#'), 'the token is gone from the address');
    await page.goto(order.links.mail);
    await page.getByText(order.orderNo).first().waitFor();
    // The buyer's page, on a phone.
    const phone = await (await testBrowser()).newContext({ viewport: { width: 360, height: 740 }, locale: 'zh-CN' });
    const pickup = await phone.newPage();
    await pickup.goto(order.links.pickup);
    await pickup.getByText('显示商品').click();
    await pickup.getByText(/^DEMO-[0-9A-F]{16}$/).waitFor();
    const wide = await pickup.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(wide <= 360, `${wide} px wide`);
    await context.close();
    await phone.close();
  });

  it('a taken port is named with the setting that moves it; a second stack on the directory is refused', async () => {
    const second = bootstrap(['start'], { ...env, MIAOFA_DATA: path.join(scratch('stack'), 'other') });
    assert.equal(await second.ended, 1);
    assert.match(second.output(), new RegExp(`${env['PORT']}[^]*PORT=…`));
    const same = bootstrap(['start'], env);
    assert.equal(await same.ended, 1);
    assert.match(same.output(), /MIAOFA_DATA/);
  });

  it('rule 9: PostgreSQL and Temporal that are killed come back by themselves, and orders go on', async () => {
    const data = env['MIAOFA_DATA'] ?? '';
    for (const [name, pidFile] of [
      ['PostgreSQL', 'postgres.pid'],
      ['Temporal', 'temporal/temporal.pid'],
    ] as const) {
      const file = path.join(data, pidFile);
      const pid = Number(readFileSync(file, 'utf8'));
      process.kill(pid, 'SIGKILL');
      const back = `${name} 已恢复运行 / ${name} is running again`;
      await until(back, () => Promise.resolve(stack.output().includes(back) ? true : undefined), 60_000, 50);
      assert.notEqual(Number(readFileSync(file, 'utf8')), pid);
      const serves = (): Promise<true | undefined> =>
        fetch(`http://127.0.0.1:${env['PORT']}/readyz?all=1`).then((answer) => (answer.ok ? true : undefined));
      await until('all is ready', serves, 60_000, 50);
    }
    assert.match(stack.output(), /PostgreSQL 意外退出，正在重启.* \/ PostgreSQL ended by itself, restarting/);
    const again = bootstrap(['demo', '--json'], env);
    assert.equal(await again.ended, 0, again.output());
  });

  it('Ctrl-C, SIGTERM and kill -9 leave nothing behind, and the next start keeps the data', async () => {
    await stop('SIGINT');
    stack = bootstrap(['start'], env);
    await ready(stack);
    const again = bootstrap(['demo', '--json'], env);
    assert.equal(await again.ended, 0, again.output());
    await stop('SIGTERM');

    stack = bootstrap(['start'], env);
    await ready(stack);
    stack.child.kill('SIGKILL');
    await stack.ended;
    stack = bootstrap(['start'], env);
    await ready(stack);
    const opsToken = readFileSync(path.join(env['MIAOFA_DATA'] ?? '', 'ops-token'), 'utf8').trim();
    for (const { orderNo } of demo.orders) {
      const answer = await fetch(`http://127.0.0.1:${env['PORT']}/ops/api/orders/${orderNo}`, {
        headers: { authorization: `Bearer ${opsToken}` },
      });
      assert.match(await answer.text(), /"state":"delivered"/);
    }
    await stop('SIGTERM');
  });
});
