import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { advance } from '../../activities/advance.ts';
import { applyAction } from '../../db/actions.ts';
import { grantStock } from '../../db/grants.ts';
import { actors } from '../../db/locks.ts';
import { setAutoDelivery } from '../../db/settings.ts';
import { actionRules, type ActionKind } from '../../domain/actions.ts';
import { KnownError } from '../../domain/errors.ts';
import { isFinal, isUnderWay, mayMove, type OrderState } from '../../domain/order.ts';
import { paidOrders, query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

/** What the rules say must be: pure, in memory. */
interface Model {
  on: boolean;
  stock: number;
  /** In the order of their payment. */
  orders: { state: OrderState; quantity: number; inLine: boolean; byswitch: boolean }[];
}
interface Real {
  system: System;
  sku: string;
  product: number;
  ids: number[];
  nos: string[];
}
type Order = Model['orders'][number];

const order = (m: Model, i: number): Order => {
  const found = m.orders[i % m.orders.length];
  assert.ok(found);
  return found;
};
const deliver = (m: Model, o: Order): void => {
  m.stock -= o.quantity;
  Object.assign(o, { state: 'delivered', inLine: false });
};

/** The database says what the model says, after every command. */
async function agree(m: Model, r: Real): Promise<void> {
  const rows = await query<{ state: OrderState; cards: number; inLine: boolean; tasks: number; released: boolean }>(
    r.system,
    `select o.state, o.released_at is not null as released,
       (select count(*)::int from cards c where c.order_id = o.id and c.state = 'sold') as cards,
       exists (select from stock_waits w where w.order_id = o.id) as "inLine",
       (select count(*)::int from tasks t where t.order_id = o.id and t.closed_at is null) as tasks
     from orders o where o.id = any ($1) order by o.id`,
    r.ids,
  );
  assert.deepEqual(
    rows.map(({ state, inLine }) => ({ state, inLine })),
    m.orders.map(({ state, inLine }) => ({ state, inLine })),
  );
  for (const [i, row] of rows.entries()) {
    const { quantity } = order(m, i);
    assert.equal(row.cards, row.state === 'delivered' ? quantity : 0, 'I4: all or nothing');
    assert.equal(row.released, row.state === 'delivered', 'rule 5');
    if (row.state === 'attention' || row.state === 'waiting_stock') assert.equal(row.tasks, 1, 'C6: people know');
    if (isFinal(row.state)) assert.equal(row.tasks, 0, 'a task ends with its trouble');
  }
  const [pool] = await query<{ n: number }>(
    r.system,
    `select count(*)::int as n from cards where product_id = $1 and state = 'available'`,
    r.product,
  );
  assert.equal(pool?.n, m.stock, 'I3: no key lost, none made');
}

abstract class Step implements fc.AsyncCommand<Model, Real> {
  check = (): boolean => true;
  abstract act(m: Model, r: Real): Promise<void>;
  async run(m: Model, r: Real): Promise<void> {
    const before = m.orders.map((o) => o.state);
    await this.act(m, r);
    for (const [i, o] of m.orders.entries()) {
      const was = before[i];
      assert.ok(was !== undefined && (was === o.state || mayMove(was, o.state)), `${was} to ${o.state}`);
    }
    await agree(m, r);
  }
}

class Look extends Step {
  readonly i: number;
  constructor(i: number) {
    super();
    this.i = i;
  }
  async act(m: Model, r: Real): Promise<void> {
    const o = order(m, this.i);
    await advance(r.system.parts.steps, r.ids[this.i % r.ids.length] ?? 0);
    if (!isUnderWay(o.state) || o.state === 'attention') return;
    const ahead = m.orders.slice(0, m.orders.indexOf(o)).some((other) => other.inLine);
    if (!m.on) Object.assign(o, { state: 'attention', inLine: false, byswitch: true });
    else if (!ahead && m.stock >= o.quantity) deliver(m, o);
    else Object.assign(o, { state: 'waiting_stock', inLine: true });
  }
  override toString = () => `look(${this.i})`;
}
class Keys extends Step {
  readonly n: number;
  constructor(n: number) {
    super();
    this.n = n;
  }
  async act(m: Model, r: Real): Promise<void> {
    await r.system.shop.addCards(
      r.sku,
      Array.from({ length: this.n }, () => randomUUID()),
    );
    m.stock += this.n;
  }
  override toString = () => `keys(${this.n})`;
}
class Grant extends Step {
  async act(m: Model, r: Real): Promise<void> {
    await grantStock(r.system.parts.pool, r.product, 'test', 600_000);
    if (!m.on) return;
    for (const o of m.orders.filter((one) => one.inLine)) {
      // Tried again, it is served in its place, before its story looks; who wants more than there is holds up the others.
      if (o.state !== 'waiting_stock' && o.state !== 'paid') continue;
      if (o.quantity > m.stock) break;
      deliver(m, o);
    }
  }
  override toString = () => 'grant';
}
class Switch extends Step {
  readonly on: boolean;
  constructor(on: boolean) {
    super();
    this.on = on;
  }
  async act(m: Model, r: Real): Promise<void> {
    await setAutoDelivery(r.system.parts.pool, this.on, actors.opsToken);
    m.on = this.on;
    if (!this.on) return;
    for (const o of m.orders) if (o.state === 'attention' && o.byswitch) Object.assign(o, { state: 'paid', byswitch: false }); // prettier-ignore
  }
  override toString = () => `switch(${this.on})`;
}
class Act extends Step {
  readonly i: number;
  readonly kind: ActionKind;
  constructor(i: number, kind: ActionKind) {
    super();
    this.i = i;
    this.kind = kind;
  }
  async act(m: Model, r: Real): Promise<void> {
    const o = order(m, this.i);
    const action = { id: randomUUID(), orderNo: r.nos[this.i % r.nos.length] ?? '', kind: this.kind, actorId: actors.opsToken, note: '', source: 'auto' }; // prettier-ignore
    const done = await applyAction(r.system.parts.pool, action).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof KnownError);
        return error.code;
      },
    );
    if (!actionRules[this.kind].from.includes(o.state)) {
      assert.equal(done, 'ORDER_STATE_CONFLICT');
    } else if (this.kind === 'deliver_from_pool') {
      assert.equal(done, m.stock >= o.quantity ? true : 'POOL_TOO_FEW');
      if (done === true) deliver(m, o);
    } else {
      assert.equal(done, true);
      const { to } = actionRules[this.kind];
      Object.assign(o, { state: to, byswitch: false, inLine: o.inLine && to === 'paid' });
    }
  }
  override toString = () => `${this.kind}(${this.i})`;
}

const someone = fc.nat({ max: 3 });
// What waits and what comes meet often enough: each of these stands there twice.
const usual = [
  someone.map((i) => new Look(i)),
  fc.integer({ min: 1, max: 3 }).map((n) => new Keys(n)),
  fc.constant(new Grant()),
];
const commands = [
  ...usual,
  ...usual,
  fc.constantFrom(true, true, false).map((on) => new Switch(on)),
  fc
    .tuple(
      someone,
      fc.constantFrom<ActionKind>(
        'retry',
        'hand_over',
        'close',
        'deliver_from_pool',
        'choose_source',
        'confirm_payment',
      ),
    ) // prettier-ignore
    .map(([i, kind]) => new Act(i, kind)),
];

describe('the order against its model', function () {
  this.timeout(300_000);
  let system: System;

  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  it('rules 4, 5, 7, 13, I3, I4, C6: whatever is done to four orders in whatever order, PostgreSQL is where the rules say', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
        fc.commands(commands, { maxCommands: 40, size: 'max' }),
        async (quantities, steps) => {
          const sku = `MODEL-${randomUUID().slice(0, 8)}`;
          await system.shop.createProduct({ sku, name: 'model', priceMinor: 100 });
          await setAutoDelivery(system.parts.pool, true, actors.opsToken);
          const ids: number[] = [];
          for (const quantity of quantities) ids.push(...(await paidOrders(system, 1, quantity, sku)));
          const rows = await query<{ no: string; product: number }>(
            system,
            'select no, product_id as product from orders where id = any ($1) order by id',
            ids,
          );
          // They find nothing, and stand in line.
          for (const id of ids) await advance(system.parts.steps, id);
          await fc.asyncModelRun(
            () => ({
              model: {
                on: true,
                stock: 0,
                orders: quantities.map((quantity) => ({ state: 'waiting_stock' as const, quantity, inLine: true, byswitch: false })), // prettier-ignore
              },
              real: { system, sku, product: rows[0]?.product ?? 0, ids, nos: rows.map((row) => row.no) },
            }),
            steps,
          );
        },
      ),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 25), endOnFailure: true },
    );
  });
});
