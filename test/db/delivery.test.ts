import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { advance } from '../../activities/advance.ts';
import type { FaultPoint } from '../../activities/deps.ts';
import { sendMail } from '../../activities/tell.ts';
import { applyAction } from '../../db/actions.ts';
import { claimSql } from '../../db/claim.ts';
import { actors } from '../../db/locks.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { setQuarantine } from '../../db/catalog.ts';
import { transaction } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import { until } from '../../dev/client.ts';
import { orderNoOf, paidOrders as madePaid, query } from '../support/paid-orders.ts';
import pg from 'pg';
import { advanceSurely } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

const waitsForLock = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
const openTransaction = `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`;

describe('reservation and release', function () {
  this.timeout(120_000);
  let system: System;
  let fault: (point: FaultPoint, orderId: number) => Promise<void> | void = () => undefined;

  before(async () => {
    system = await startSystem({ fault: (point, id) => fault(point, id), env: { ORDER_TTL_MINUTES: '600' } });
  });
  after(() => system.stop());
  afterEach(() => {
    fault = () => undefined;
  });

  const sql = <T extends object>(text: string, ...values: unknown[]): Promise<T[]> => query<T>(system, text, ...values);
  const paidOrders = (count: number, quantity: number): Promise<number[]> => madePaid(system, count, quantity);
  async function stock(count: number): Promise<void> {
    await sql(`update cards set state = 'void', order_id = null, sold_at = null where state <> 'void'`);
    await sql('delete from stock_waits');
    if (count > 0)
      await system.shop.addCards(
        system.sku,
        Array.from({ length: count }, () => randomUUID()),
      );
  }
  const soldTo = (ids: number[]) =>
    sql<{ id: number; n: number }>(
      `select o.id, count(c.id)::int as n from orders o left join cards c on c.order_id = o.id where o.id = any ($1) group by o.id`,
      ids,
    );

  it('B1 rule 6: of 20 parallel triples on 40 keys exactly 13 are served, and 卡密池为空 is true for the rest', async () => {
    const rounds = Number(process.env['POOL_ROUNDS'] ?? 25);
    for (let round = 0; round < rounds; round++) {
      await stock(40);
      const ids = await paidOrders(20, 3);
      const outcomes = await Promise.all(ids.map((id) => advanceSurely(system.parts.steps, id)));
      const served = outcomes.filter((o) => o.next === 'end').length;
      assert.equal(served, 13, `round ${round}`);
      for (const { n } of await soldTo(ids)) assert.ok(n === 3 || n === 0);
      const [left] = await sql<{ n: number }>(`select count(*)::int as n from cards where state = 'available'`);
      assert.equal(left?.n, 1);
    }
  });

  it('B1: 200 orders at once on 150 keys: no key twice, none lost, no false shortage', async () => {
    await stock(150);
    const ids = await paidOrders(200, 1);
    // Each of them twice: a step may run twice at once (rule 4).
    const outcomes = await Promise.all([...ids, ...ids].map((id) => advanceSurely(system.parts.steps, id)));
    assert.equal(outcomes.filter((o) => o.next === 'end').length, 300);
    const sold = await soldTo(ids);
    assert.equal(sold.filter(({ n }) => n === 1).length, 150);
    assert.ok(sold.every(({ n }) => n <= 1));
  });

  it('rule 6: a card that is merely held is waited for: only an answer under the lock calls the pool empty', async () => {
    await stock(1);
    const [id = 0] = await paidOrders(1, 1);
    let waiting: Promise<unknown> = Promise.resolve();
    await transaction(system.parts.pool, async (tx) => {
      // As one that finds too few for its order, and gives back what it found.
      await tx.query(`select from cards where state = 'available' for update`);
      waiting = advance(system.parts.steps, id);
      await until('the order waits for the card, or gives up', async () => {
        const answered = await Promise.race([waiting.then(() => true), Promise.resolve(false)]);
        return answered || (await sql(waitsForLock)).length > 0 ? true : undefined;
      }, 10_000); // prettier-ignore
    });
    assert.deepEqual(await waiting, { next: 'end', state: 'delivered' });
  });

  it('rule 6: a claim never waits for a claim: what another one holds is passed over', async () => {
    await stock(2);
    const [one = 0, other = 0] = await paidOrders(2, 1);
    let first: Promise<unknown> = Promise.resolve();
    let second: Promise<unknown> = Promise.resolve();
    await new Promise<void>((claimed, failed) => {
      fault = async (point, id) => {
        if (point !== 'advance:before-commit' || id !== one) return;
        // Its card is taken and not committed: the other one goes its way meanwhile.
        second = advance(system.parts.steps, other);
        await second.then(() => claimed(), failed);
      };
      first = advance(system.parts.steps, one);
    });
    await Promise.all([first, second]);
    assert.deepEqual((await soldTo([one, other])).map(({ n }) => n), [1, 1]); // prettier-ignore
  });

  it('rule 4: a first try that is stopped before its commit, a second that runs, and a close by an operator make one claim', async () => {
    // A product of its own: a pool that was busy a moment ago may be looked at twice, and then the close may come first.
    const sku = `SLOW-${randomUUID()}`;
    await system.shop.createProduct({ sku, name: '点卡', priceMinor: 100 });
    await system.shop.addCards(
      sku,
      [1, 2, 3, 4, 5].map(() => randomUUID()),
    );
    const [id = 0] = await madePaid(system, 1, 1, sku);
    const no = await orderNoOf(system, id);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let reached: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (reached = resolve));
    let first = true;
    fault = async (point) => {
      if (point !== 'advance:before-commit' || !first) return;
      first = false;
      reached();
      await held;
    };
    const slow = advance(system.parts.steps, id);
    await waiting;
    const second = advance(system.parts.steps, id);
    const close = applyAction(system.parts.pool, {
      id: randomUUID(),
      orderNo: no,
      kind: 'close',
      actorId: actors.opsToken,
      note: '',
    });
    // Both have begun, and wait for the first one's lock.
    await until('the second and the close wait', async () => ((await sql(waitsForLock)).length === 2 ? true : undefined), 10_000); // prettier-ignore
    release();
    const results = await Promise.allSettled([slow, second, close]);
    const [{ n, state } = { n: -1, state: '' }] = await sql<{ n: number; state: string }>(
      `select count(c.id)::int as n, o.state from orders o left join cards c on c.order_id = o.id where o.id = $1 group by o.id`,
      id,
    );
    assert.deepEqual([n, state], [1, 'delivered']);
    const refused = results[2];
    assert.ok(
      refused.status === 'rejected' &&
        refused.reason instanceof KnownError &&
        refused.reason.code === 'ORDER_STATE_CONFLICT',
    );
  });

  it('rule 4: a try that hangs in its transaction is ended by the server, and the order is free for the next', async () => {
    await stock(2);
    const [id = 0] = await paidOrders(1, 1);
    let hang = true;
    fault = async (point) => {
      if (point !== 'advance:before-commit' || !hang) return;
      hang = false;
      await until(
        'the server ends the session',
        async () => ((await sql(openTransaction)).length === 0 ? true : undefined),
        10_000,
        50,
      );
    };
    await assert.rejects(advance(system.parts.steps, id));
    assert.deepEqual(await advance(system.parts.steps, id), { next: 'end', state: 'delivered' });
    assert.deepEqual(await soldTo([id]), [{ id, n: 1 }]);
  });

  it('rule 8: a message that was sent is not sent again, whoever asks', async () => {
    await stock(1);
    const email = `${randomUUID()}@example.com`;
    const { orderNo } = await system.shop.order({ sku: system.sku, accountId: system.sandbox, email });
    await system.notify(orderNo);
    const [{ id } = { id: 0 }] = await sql<{ id: number }>('select id from orders where no = $1', orderNo);
    const outcome = await advance(system.parts.steps, id);
    assert.ok(outcome.next === 'tell');
    for (let i = 0; i < 2; i++) for (const message of outcome.messages) await sendMail(system.parts.steps, message.id);
    assert.equal((await system.mail.mails()).filter((mail) => mail.to.includes(email)).length, 1);
  });

  it('rule 5: what was closed gets nothing, whatever still runs', async () => {
    await stock(2);
    const [id = 0] = await paidOrders(1, 1);
    const no = await orderNoOf(system, id);
    await applyAction(system.parts.pool, {
      id: randomUUID(),
      orderNo: no,
      kind: 'close',
      actorId: actors.opsToken,
      note: '',
    });
    assert.deepEqual(await advance(system.parts.steps, id), { next: 'end', state: 'closed' });
    assert.deepEqual(await soldTo([id]), [{ id, n: 0 }]);
  });

  it('rule 13 E1: after the answer to "off" no allocation commits; "on" lets the waiting go', async () => {
    await stock(100);
    const ids = await paidOrders(60, 1);
    const running = ids.map((id) => advance(system.parts.steps, id).catch(() => undefined));
    await setAutoDelivery(system.parts.pool, false, actors.opsToken);
    const [before] = await sql<{ n: number }>('select count(*)::int as n from cards where order_id = any ($1)', ids);
    await Promise.all(running);
    const [after] = await sql<{ n: number }>('select count(*)::int as n from cards where order_id = any ($1)', ids);
    assert.equal(after?.n, before?.n);
    const waiting = await sql(
      `select from orders where id = any ($1) and state = 'attention' and failure_code = 'AUTO_DELIVERY_OFF'`,
      ids,
    );
    assert.equal(waiting.length, 60 - (after?.n ?? 0));
    await setAutoDelivery(system.parts.pool, true, actors.opsToken);
    for (const id of ids) await advance(system.parts.steps, id);
    assert.ok((await soldTo(ids)).every(({ n }) => n === 1));
  });

  it('rule 19: a pool in quarantine gives nothing until a person lifts it', async () => {
    await stock(1);
    const [id = 0] = await paidOrders(1, 1);
    await setQuarantine(system.parts.pool, true);
    const outcome = await advance(system.parts.steps, id);
    assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_QUARANTINED');
    await setQuarantine(system.parts.pool, false);
    assert.deepEqual(await advance(system.parts.steps, id), { next: 'end', state: 'delivered' });
  });

  it('rule 11: a test order takes no live card', async () => {
    await stock(3);
    await sql(`update cards set mode = 'live' where state = 'available'`);
    const [id = 0] = await paidOrders(1, 1);
    const outcome = await advance(system.parts.steps, id);
    assert.ok(outcome.next === 'wait' && outcome.code === 'POOL_EMPTY');
  });

  it('the claim walks the index of available cards, and touches cards by their key, with one product that has all rows, most of them sold', async () => {
    const rows = Number(process.env['CLAIM_ROWS'] ?? 200_000);
    await stock(0);
    const [{ id: batch } = { id: 0 }] = await sql<{ id: number }>('select id from card_batches limit 1');
    const [{ id: product } = { id: 0 }] = await sql<{ id: number }>('select id from products where sku = $1', system.sku); // prettier-ignore
    const [anOrder = 0] = await paidOrders(1, 1);
    const client = new pg.Client({ connectionString: system.database.url });
    await client.connect();
    try {
      // Whether product, batch and order exist is not looked up for each row.
      await client.query(`set session_replication_role = 'replica'`);
      await client.query(
        `insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, state, order_id, sold_at)
         select $1, $2, 'test', '\\x00', sha256(g::text::bytea), case when g <= $4 * 0.95 then 'sold' else 'available' end,
           case when g <= $4 * 0.95 then $3::bigint end, case when g <= $4 * 0.95 then now() end from generate_series(1, $4::int) g`,
        [product, batch, anOrder, rows],
      );
      await client.query('analyze cards');
      // The plan of a prepared statement for any quantity, which is the one that could go wrong.
      await client.query('set plan_cache_mode = force_generic_plan');
      await client.query(`prepare asserted (bigint, bigint, text, int, bigint) as ${claimSql}`);
      const { rows: lines } = await client.query<Record<string, string>>(`explain execute asserted (1, ${product}, 'test', 1, 0)`); // prettier-ignore
      const plan = lines.map((row) => row['QUERY PLAN']).join('\n');
      assert.match(plan, /Index Scan using cards_available on cards c[\s\S]*Index Cond: [^\n]*seq >= \$5/);
      assert.match(plan, /using cards_pkey on cards/);
      assert.doesNotMatch(plan, /Seq Scan on cards/);
      assert.doesNotMatch(plan, /Sort Key: c\.seq/);
    } finally {
      await client.end();
    }
  });
});
