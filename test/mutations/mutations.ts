/**
 * Faults planted in the code and the schema, one at a time, each with the test that must notice. What a guard is for is
 * shown by what happens without it.
 */

export interface Mutation {
  readonly what: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly put: string;
  /** The file of tests, and a part of the name of the one that must fail. */
  readonly test: string;
  readonly name: string;
}

const delivery = 'test/db/delivery.test.ts';
const intake = 'test/api/intake.test.ts';
const story = 'test/workflows/deliver-order.test.ts';

export const mutations: readonly Mutation[] = [
  {
    what: 'the claim takes no lock on cards',
    file: 'db/pick.ts',
    find: 'order by c.seq limit ${by.limit} ${locking}`',
    put: 'order by c.seq limit ${by.limit}`',
    test: delivery,
    name: '200 orders at once',
  },
  {
    what: 'SKIP LOCKED removed: the fast claim waits for others',
    file: 'db/claim.ts',
    find: `claimText(use, 'for update skip locked', 'w.order_id <> $1')`,
    put: `claimText(use, 'for update', 'w.order_id <> $1')`,
    test: delivery,
    name: 'a claim never waits for a claim',
  },
  {
    what: 'the sure claim skips what others hold, and calls a pool empty that is not',
    file: 'db/claim.ts',
    find: `claimText(use, 'for update', '(w.paid_at`,
    put: `claimText(use, 'for update skip locked', '(w.paid_at`,
    test: delivery,
    name: 'rule 6: a card that is merely held',
  },
  {
    what: 'the sure claim takes no product lock: wakes are lost',
    file: 'db/claim.ts',
    find: `  await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, order.productId]);\n`,
    put: '',
    test: 'test/db/stock-line.test.ts',
    name: 'rule 6: keys that come just',
  },
  {
    what: 'the switch has no lock: deliveries commit after the answer to "off"',
    file: 'db/delivery.ts',
    find: 'pg_advisory_xact_lock_shared($2) as',
    put: '$2::bigint as',
    test: delivery,
    name: 'rule 13 E1',
  },
  {
    what: 'steps do not lock the order',
    file: 'db/delivery.ts',
    find: 'from orders o where o.id = $1 for no key update of o`',
    put: 'from orders o where o.id = $1`',
    test: delivery,
    name: 'rule 4: a first try that is stopped',
  },
  {
    what: 'the fence of orders that have ended is gone',
    file: 'activities/advance.ts',
    find: `  if (order.doneAt || !isUnderWay(order.state)) return { next: 'end', state: order.state };\n`,
    put: '  void isUnderWay;\n',
    test: delivery,
    name: 'rule 5: what was closed gets nothing',
  },
  {
    what: 'the wall between test and live is open in the pool',
    file: 'db/pick.ts',
    find: "where c.product_id = ${by.product} and c.mode = ${by.mode} and c.state = 'available'",
    put: "where c.product_id = ${by.product} and ${by.mode} <> '' and c.state = 'available'",
    test: delivery,
    name: 'rule 11',
  },
  {
    what: 'orders are locked against foreign keys: people and notices wait in a circle',
    file: 'db/actions.ts',
    find: 'for no key update of o',
    put: 'for update of o',
    test: 'test/db/stops.test.ts',
    name: 'neither waits for the other in a circle',
  },
  {
    what: 'the unique index of payments is dropped',
    file: 'db/migrations/0001_foundation.sql',
    find: '  unique (account_id, trade_no)',
    put: '  check (account_id > 0)',
    test: intake,
    name: 'A4: fifty at once',
  },
  {
    what: 'the unique index of keys is dropped',
    file: 'db/migrations/0001_foundation.sql',
    find: 'create unique index cards_fingerprint',
    put: 'create index cards_fingerprint',
    test: intake,
    name: 'D4: a key that is in the pool',
  },
  {
    what: 'acknowledged before the commit',
    file: 'api/notify/notify.ts',
    find: '    const decision = await takeIn(',
    put: '    answer(response, provider.acknowledge.accepted);\n    const decision = await takeIn(',
    test: 'test/chaos/notify-kill.test.ts',
    name: 'the gateway hears nothing',
  },
  {
    what: 'a payment is stored without the promise to start',
    file: 'db/intake.ts',
    find: `select 'start', id, now() + interval '2 seconds' from moved`,
    put: `select 'start', id, now() + interval '2 seconds' from moved where false`,
    test: intake,
    name: 'A4: fifty at once',
  },
  {
    what: 'signatures of notifications are not compared',
    file: 'integrations/payments/epay.ts',
    find: `return refuse('BAD_SIGNATURE');`,
    put: 'void 0;',
    test: intake,
    name: 'A5: a forged',
  },
  {
    what: 'too little money is enough',
    file: 'domain/payment.ts',
    find: `  if (event.amountMinor < order.amountMinor) return 'under';\n`,
    put: '',
    test: intake,
    name: 'A5 rule 10',
  },
  {
    what: 'each try of a mail has a Message-ID of its own',
    file: 'activities/tell.ts',
    find: '<order-${message.orderNo}-${message.id}@',
    put: '<order-${message.orderNo}-${message.id}-${process.pid}@',
    test: 'test/chaos/kill.test.ts',
    name: 'at mail:accepted',
  },
  {
    what: 'messages are sent without looking whether they were',
    file: 'activities/tell.ts',
    find: `message?.state === 'pending' && message.releasedAt ? message`,
    put: `message?.releasedAt ? message`,
    test: delivery,
    name: 'rule 8: a message that was sent',
  },
  {
    what: 'a cancel is not seen',
    file: 'workflows/deliver-order.ts',
    find: '    cancelled = true;\n',
    put: '',
    test: story,
    name: 'rule 3: a cancel becomes a task',
  },
  {
    what: 'the retries count the first try',
    file: 'domain/policy.ts',
    find: '.map((each) => each.retries)) + 1;',
    put: '.map((each) => each.retries)) || 1;',
    test: story,
    name: 'C1: a delivery that fails is tried again 3 times',
  },
  {
    what: 'a step that should not fail ends the story',
    file: 'workflows/deliver-order.ts',
    find: '  if (!(error instanceof wf.ActivityFailure)) throw error;\n',
    put: '  throw error;\n',
    test: story,
    name: 'rule 3: a step that fails although it should not',
  },
  {
    what: 'pools are not quarantined by a restore',
    file: 'db/restore.ts',
    find: '    await quarantinePools(tx, true, actors.commandLine);\n',
    put: '    void quarantinePools;\n',
    test: 'test/e2e/restore.test.ts',
    name: 'nothing leaves a pool until it is lifted',
  },
  {
    what: 'ciphertext is not bound to its row',
    file: 'integrations/keyring/aad.ts',
    find: "`card:${productId}:${fingerprint.toString('hex')}`",
    put: '`card:${String(productId === -1)}${String(fingerprint.length)}`',
    test: 'test/db/encryption.test.ts',
    name: 'D6: a moved row',
  },
  {
    what: "a cookie of one order opens another one's state",
    file: 'api/buyer/session.ts',
    find: `if (!state || state.no !== request.params['no']) throw`,
    put: `if (!state) throw`,
    test: 'test/api/doors.test.ts',
    name: 'F1 rule 12: the session of one order',
  },
  {
    what: 'the goods of an order come by the session of another one',
    file: 'api/buyer/pickup.ts',
    find: `const order = await stateOf(pool, request);\n    const cards`,
    put: `const order = (await (await import('../../db/orders.ts')).pickupState(pool, sessionOf(request)))!;\n    const cards`,
    test: 'test/api/doors.test.ts',
    name: 'F1 rule 12: the session of one order',
  },
  {
    what: 'a head start is believed although the facts may have changed',
    file: 'worker/head-start.ts',
    find: `['tell', 'end', 'confirm']`,
    put: `['tell', 'end', 'confirm', 'wait']`,
    test: 'test/db/head-start.test.ts',
    name: 'rule 1: what may change meanwhile',
  },
];
