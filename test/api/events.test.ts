import assert from 'node:assert/strict';
import pg from 'pg';
import { Place } from '../../api/console/place.ts';
import { until } from '../../dev/client.ts';
import { newPerson, testBrowser } from '../support/browser.ts';
import { query } from '../support/paid-orders.ts';
import { signedIn, type StaffClient } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

interface Event {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: { readonly actions?: readonly string[]; readonly orders?: readonly string[] };
}

describe('E3 rule 20: the stream of changes', function () {
  this.timeout(60_000);
  let system: System;
  let line: TcpProxy;
  let person: StaffClient;
  before(async () => {
    await testBrowser();
    system = await startSystem();
    const { port } = new URL(system.base);
    line = await startTcpProxy({ host: '127.0.0.1', port: Number(port) });
    person = await signedIn(system, 'owner');
  });
  after(() => system.stop());

  /** Reads until the line is cut; `begun` resolves when the stream stands. */
  const listen = (last?: string): { events: Event[]; begun: Promise<void>; broken: Promise<void>; stop(): void } => {
    const events: Event[] = [];
    const stop = new AbortController();
    let stands = (): void => undefined;
    const begun = new Promise<void>((resolve) => (stands = resolve));
    const read = async (): Promise<void> => {
      const { body } = await fetch(`http://127.0.0.1:${line.port}/api/console/events`, {
        headers: { cookie: person.cookie, ...(last !== undefined && { 'last-event-id': last }) },
        signal: stop.signal,
      });
      let text = '';
      for await (const bytes of body ?? []) {
        text += new TextDecoder().decode(bytes as Uint8Array);
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const fields = new Map(
            block.split('\n').map((l) => [l.slice(0, l.indexOf(': ')), l.slice(l.indexOf(': ') + 2)]),
          );
          const name = fields.get('event');
          if (name === undefined) continue;
          events.push({ id: fields.get('id'), name, data: JSON.parse(fields.get('data') ?? '{}') as Event['data'] });
          if (name === 'clock') stands();
        }
      }
    };
    return { events, begun, broken: read().catch(() => undefined), stop: () => stop.abort() };
  };
  const place = (events: readonly Event[]): string => events.findLast((e) => e.id !== undefined)?.id ?? '';
  const told = (events: readonly Event[]): string[] => events.flatMap((e) => e.data.actions ?? []);
  const note = (action: string): Promise<object[]> =>
    query(system, 'insert into audit (actor_id, action) values (1, $1)', action);
  const hears = (events: readonly Event[], action: string): Promise<true> =>
    until(action, () => Promise.resolve(told(events).includes(action) || undefined), 10_000, 20);

  it('E3: a cut line is taken up by Last-Event-ID: each change once, also one that was committed out of order meanwhile', async () => {
    const slow = new pg.Client({ connectionString: system.database.url });
    await slow.connect();
    const first = listen();
    await first.begun;
    // A lower id than "before-cut", committed when nobody listens.
    await slow.query('begin');
    await slow.query(`insert into audit (actor_id, action) values (1, 'slow')`);
    await note('before-cut');
    await hears(first.events, 'before-cut');
    await line.set('cut');
    await first.broken;
    await slow.query('commit');
    await slow.end();
    const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    for (let i = 0; i < 120; i++) await note(`missed-${i}`);
    await line.set('open');
    const second = listen(place(first.events));
    await second.begun;
    await note('after');
    await hears(second.events, 'after');
    second.stop();
    const all = [...told(first.events), ...told(second.events)].filter((action) =>
      /^(slow|before-cut|missed-\d+|after)$/.test(action),
    );
    const wanted = ['before-cut', 'slow', ...Array.from({ length: 120 }, (_, i) => `missed-${i}`), 'after'];
    assert.deepEqual(all, wanted);
    assert.deepEqual(
      second.events.flatMap((e) => e.data.orders ?? []),
      [orderNo],
    );
  });

  it('E3: what changes in the moment a stream begins is told', async () => {
    const stream = listen();
    await stream.begun;
    await note('at-once');
    await hears(stream.events, 'at-once');
    stream.stop();
  });

  it('E3: who missed too much, or comes from another database, is told to read everything again', async () => {
    for (const last of ['1', '999999999', 'nonsense']) {
      await query(
        system,
        `insert into audit (actor_id, action) select 1, 'many' from generate_series(1, $1)`,
        last === '1' ? 1_500 : 1,
      );
      const stream = listen(last);
      await stream.begun;
      assert.deepEqual(
        stream.events.map((e) => e.name),
        ['lost', 'clock'],
        last,
      );
      await note(`after-${last}`);
      await hears(stream.events, `after-${last}`);
      stream.stop();
    }
  });

  it('E3: a screen whose line was cut says so, comes back by itself and shows what it missed', async () => {
    const { page, complaints } = await newPerson({ cookie: { base: system.base, value: person.cookie } });
    let streams = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/console/events')) streams++;
    });
    await page.goto(`http://127.0.0.1:${line.port}/console/orders`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('.live:not(.down)').waitFor();
    assert.equal(streams, 1, 'one stream per tab');
    await line.set('cut');
    await page.locator('.live.down').waitFor();
    const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    assert.equal(await page.getByText(orderNo).count(), 0);
    await line.set('open');
    await page.getByText(orderNo).first().waitFor();
    await page.locator('.live:not(.down)').waitFor();
    assert.deepEqual([...complaints], []);
  });

  it('E3: an answer that is no stream, as a proxy gives in a deploy, does not end the stream for good', async () => {
    const { page } = await newPerson({ cookie: { base: system.base, value: person.cookie } });
    let refused = 0;
    await page.route('**/api/console/events', (route) => {
      if (refused++ > 0) return route.continue();
      return route.fulfill({ status: 502, body: 'bad gateway' });
    });
    await page.goto(`${system.base}/console/orders`);
    await page.locator('.live.down').waitFor();
    await page.locator('.live:not(.down)').waitFor();
    assert.ok(refused >= 2);
  });

  it('E3: a place remembers what it waits for, survives as text, and gives up what stays away', () => {
    const at = Place.after([10, 11, 14]);
    assert.deepEqual([at.newest, at.settled, String(at)], [14, 11, '14-2-1']);
    const again = Place.parse(String(at));
    assert.deepEqual([again?.take(12), again?.take(12), again?.take(11), again?.take(15)], [true, false, false, true]);
    assert.equal(String(again), '15-2');
    again?.take(500);
    assert.equal(again?.take(13), false, 'of an undone transaction');
    for (const bad of ['', '-1', '5-0', '5-999', '5-x', '1e3', '9'.repeat(16)])
      assert.equal(Place.parse(bad), undefined, bad);
  });
});
