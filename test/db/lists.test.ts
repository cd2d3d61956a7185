import assert from 'node:assert/strict';
import pg from 'pg';
import { auditListSql, listAudit } from '../../db/audit-list.ts';
import { batchesSql, findBatches } from '../../db/batches.ts';
import { listNotifications, notificationListSql } from '../../db/notifications.ts';
import { listOrders, orderListSql } from '../../db/order-list.ts';
import { until } from '../../dev/client.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

/**
 * What is rare lies at the beginning, before many rows that are not wanted: a list that walks is caught. Blocks are
 * counted, not milliseconds. LISTED=1000000 plays it in full and prints the times.
 */
describe('lists of the console among very many rows', function () {
  this.timeout(1_800_000);
  let system: System;
  let db: pg.Client;
  let productId: number;
  const many = Number(process.env['LISTED'] ?? 20_000);
  const rare = 60;
  const limit = 51;
  const noon = (day: number): Date => new Date(Date.UTC(2026, 0, day, 12));

  before(async () => {
    system = await startSystem();
    db = new pg.Client({ connectionString: system.database.url });
    await db.connect();
    const [model = 0] = await paidOrders(system, 1);
    const product = await query<{ id: number }>(system, 'select product_id as id from orders where id = $1', model);
    productId = product[0]?.id ?? 0;
    await db.query(`insert into payment_accounts (provider, mode, name, config, confirm_by_query) values ('stripe', 'live', 'old', '', true)`); // prettier-ignore
    await db.query(`insert into actors (kind, name) values ('staff', 'seldom'), ('ops', 'seldom')`);
    // Spread over 300 days: times grow with the ids.
    const at = `'2026-01-01'::timestamptz + g * (interval '300 days' / ${many})`;
    await db.query(
      `insert into orders (no, mode, shop_id, idempotency_key, request_hash, product_id, quantity, amount_minor, currency, account_id,
         confirm_by_query, policy, trigger, token_hash, token, state, failure_code, expires_at, paid_at, released_at, created_at, done_at)
       select 'M260101' || lpad(g::text, 13, '0'), case when g <= ${rare} then 'test' else 'live' end, shop_id, 'list' || g, request_hash, product_id, 1, 100,
         currency, case when g <= ${rare} then (select id from payment_accounts where provider = 'stripe') else account_id end, false, policy,
         trigger, sha256(('list' || g)::bytea), token, case when g <= ${rare} then 'paid' else 'delivered' end,
         case when g <= ${rare} then 'POOL_EMPTY' end, ${at}, ${at}, case when g > ${rare} then ${at} end, ${at}, ${at}
       from orders, generate_series(1, ${many}) g where orders.id = ${model} order by g`,
    );
    await db.query(
      `insert into audit (at, actor_id, action, order_id)
       select ${at}, case when g <= ${rare} then (select id from actors where name = 'seldom' and kind = case g % 2 when 0 then 'ops' else 'staff' end) else 2 end,
         case when g <= ${rare} then 'rotated' else 'paid' end, case when g <= ${rare} then ${model}::bigint end from generate_series(1, ${many}) g order by g`,
    );
    await db.query(
      `insert into notifications (account_id, provider, method, headers, query, body, verdict, order_no, received_at)
       select case when g <= ${rare} then (select id from payment_accounts where provider = 'stripe') else ${system.sandbox} end,
         case when g <= ${rare} then 'stripe' else 'sandbox' end, 'POST', '{}', '', '', case when g <= ${rare} then 'NOTIFY_SIGNATURE' else 'accepted' end, 'M' || g, ${at}
       from generate_series(1, ${many}) g order by g`,
    );
    await db.query(`insert into card_batches (product_id, mode, source, actor_id) select ${productId}, 'live', 'list', 2 from generate_series(1, 100)`); // prettier-ignore
    await db.query(
      `insert into cards (product_id, batch_id, mode, state, ciphertext, fingerprint)
       select ${productId}, (select min(id) from card_batches) + g % 100, 'live', case when g % 3 = 0 then 'void' else 'available' end, decode(repeat('ab', 80), 'hex'), sha256(g::text::bytea)
       from generate_series(1, ${many}) g`,
    );
    // A snapshot that somebody held meanwhile keeps pages from being marked, and then their rows are read to be counted.
    const marked = async (): Promise<true | undefined> => {
      await db.query('vacuum analyze');
      const { rows } = await db.query<{ all: boolean }>(`select relallvisible >= relpages as all from pg_class where oid = 'cards'::regclass`); // prettier-ignore
      return rows[0]?.all === true || undefined;
    };
    await until('all pages of the keys are marked visible', marked, 30_000);
  });
  after(async () => {
    await db.end();
    await system.stop();
  });

  interface Node {
    readonly 'Node Type': string;
    readonly 'Relation Name'?: string;
    readonly 'Shared Hit Blocks': number;
    readonly 'Shared Read Blocks': number;
    readonly Plans?: readonly Node[];
  }
  const walked = (node: Node): string[] => [
    ...(node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? ''] : []),
    ...(node.Plans ?? []).flatMap(walked),
  ];
  const idsOf = async (where: string, value: string): Promise<number[]> =>
    (await query<{ id: number }>(system, `select id from ${where} = $1`, value)).map(({ id }) => id);
  const big = ['orders', 'audit', 'notifications', 'cards'];
  /** A page reads some blocks for each row that it shows, and a few for the way there. */
  async function readsLittle(what: string, { text, values }: { text: string; values: unknown[] }, most = limit * 14) {
    const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: Node; 'Execution Time': number }] }>(
      `explain (analyze, buffers, format json) ${text}`,
      values,
    );
    const top = rows[0]?.['QUERY PLAN'][0];
    assert.ok(top);
    const blocks = top.Plan['Shared Hit Blocks'] + top.Plan['Shared Read Blocks'];
    if (process.env['LISTED']) console.log(`      ${what}: ${top['Execution Time'].toFixed(1)} ms, ${blocks} blocks`);
    assert.deepEqual(walked(top.Plan).filter((table) => big.includes(table)), [], what); // prettier-ignore
    assert.ok(blocks <= most, `${what}: ${blocks} blocks`);
  }

  it('E6: the audit by actor, action, order or time reads its page and no more', async () => {
    const cases: [string, Parameters<typeof auditListSql>[0]][] = [
      ['all', {}],
      ['actor', { actor: 'seldom' }],
      ['common actor', { actor: 'automation' }],
      ['action', { action: 'rotated' }],
      ['common action', { action: 'paid' }],
      ['none of an action', { action: 'none' }],
      ['order', { orderNo: 'M2601010000000000001' }],
      ['long ago', { to: noon(2) }],
      ['a day', { from: noon(150), to: noon(151) }],
      ['action of a day', { action: 'paid', from: noon(150), to: noon(151) }],
    ];
    for (const [what, filter] of cases)
      await readsLittle(
        `audit, ${what}`,
        auditListSql(
          filter,
          limit,
          filter.actor === undefined ? undefined : await idsOf('actors where name', filter.actor),
        ),
      );
  });

  it('A5: notifications, also the few refused ones, by account, provider or order read their page and no more', async () => {
    const old = (await query<{ id: number }>(system, `select id from payment_accounts where provider = 'stripe'`))[0]
      ?.id;
    const cases: [string, Omit<Parameters<typeof notificationListSql>[0], 'limit'>][] = [
      ['all', {}],
      ['refused', { verdict: 'refused' }],
      ['accepted', { verdict: 'accepted' }],
      ['account', { accountId: old }],
      ['refused of an account without', { accountId: system.sandbox, verdict: 'refused' }],
      ['accepted of an account without', { accountId: old, verdict: 'accepted' }],
      ['provider', { provider: 'stripe' }],
      ['refused of a provider without', { provider: 'sandbox', verdict: 'refused' }],
      ['order', { orderNo: 'M77' }],
    ];
    for (const [what, filter] of cases) await readsLittle(`notifications, ${what}`, notificationListSql({ ...filter, limit })); // prettier-ignore
  });

  it('E2: orders by account, reason, state, mode or time read their page and no more', async () => {
    const cases: [string, Parameters<typeof orderListSql>[0]][] = [
      ['all', {}],
      ['provider', { provider: 'stripe' }],
      ['common provider', { provider: 'sandbox' }],
      ['provider without', { provider: 'epay' }],
      ['reason', { failure: 'POOL_EMPTY' }],
      ['none of a reason', { failure: 'SMTP_DOWN' }],
      ['test mode', { mode: 'test' }],
      ['under way', { state: ['paid'] }],
      ['one', { no: 'M2601010000000000077' }],
      ['product', { sku: system.sku }],
      ['long ago', { to: noon(2) }],
      ['a day', { from: noon(150), to: noon(151), mode: 'live' }],
    ];
    for (const [what, filter] of cases)
      await readsLittle(
        `orders, ${what}`,
        orderListSql(
          filter,
          limit,
          filter.provider === undefined ? undefined : await idsOf('payment_accounts where provider', filter.provider),
        ),
      );
  });

  it('D5: batches count the keys of the page that is shown, in an index', async () => {
    // Some bytes of index for each key that is counted.
    await readsLittle('batches', { text: batchesSql, values: [productId, Number.MAX_SAFE_INTEGER, 5] }, 60 + many / 20 / 50); // prettier-ignore
    const [one] = await findBatches(system.parts.pool, productId, { limit: 1 });
    assert.equal((one?.available ?? 0) + (one?.void ?? 0), many / 100);
    assert.equal((await findBatches(system.parts.pool, productId, { after: one?.id, limit: 200 })).length, 99);
  });

  it('E6, E2: pages follow each other without a gap or a repetition, whatever the filter', async () => {
    const { pool } = system.parts;
    const all = async (page: (before: number | undefined) => Promise<{ id: number }[]>): Promise<number[]> => {
      const ids: number[] = [];
      for (;;) {
        const rows = await page(ids.at(-1));
        ids.push(...rows.map((row) => row.id));
        if (rows.length < 7) return ids;
      }
    };
    const day = { from: noon(1), to: new Date(noon(1).getTime() + (300 * 86_400_000 * 40) / many) };
    for (const ids of [
      await all((before) => listAudit(pool, { actor: 'seldom', before }, 7)),
      await all((before) => listNotifications(pool, { verdict: 'refused', before, limit: 7 })),
      await all((before) => listOrders(pool, { provider: 'stripe', before }, 7)),
    ]) {
      assert.equal(new Set(ids).size, rare);
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => b - a),
      );
    }
    for (const ids of [
      await all((before) => listAudit(pool, { ...day, before }, 7)),
      await all((before) => listOrders(pool, { ...day, before }, 7)),
    ]) {
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(ids.length === 40 || ids.length === 39 || ids.length === 41, `${ids.length}`);
    }
  });
});
