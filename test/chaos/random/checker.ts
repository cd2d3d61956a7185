/**
 * The invariants that hold after any faults (I1 … I13), as far as the system has come. Pure: facts in, violations out.
 * checker.test.ts plants each violation and sees it found.
 */
import type { Done, Facts, OrderFact } from './facts.ts';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

type Check = (facts: Facts) => string[];

/** States in which the story of a paid order may rest: goods are out, or a person has the order, or it is over. */
const resting = new Set(['delivered', 'attention', 'refunded', 'closed']);

const of = <W extends Done['what']>(history: readonly Done[], what: W): Extract<Done, { what: W }>[] =>
  history.filter((done): done is Extract<Done, { what: W }> => done.what === what);

const cardsOf = (facts: Facts, order: OrderFact): Facts['cards'] =>
  facts.cards.filter((card) => card.orderId === order.id);

function duplicates<T>(values: readonly T[]): T[] {
  const seen = new Set<T>();
  return values.filter((value) => seen.has(value) || !seen.add(value));
}

const checks: Readonly<Record<string, Check>> = {
  'I1 every paid order comes to rest': ({ orders }) =>
    orders
      .filter((order) => order.paidAt !== null && !resting.has(order.state))
      .map((order) => `${order.no} is ${order.state}`),

  'I2 no key in two deliveries': ({ cards, mails }) => {
    const sold = cards.filter((card) => card.orderId !== null);
    const twice = duplicates(cards.map((card) => card.key)).map((key) => `${key} is two cards`);
    const readers = new Map<string, Set<string>>();
    for (const mail of mails) {
      for (const { key } of sold.filter((card) => mail.text.includes(card.key))) {
        readers.set(key, (readers.get(key) ?? new Set()).add(mail.to));
      }
    }
    return [
      ...twice,
      ...[...readers].filter(([, to]) => to.size > 1).map(([key, to]) => `${key} was mailed to ${[...to].join(', ')}`),
    ];
  },

  'I3 no key is lost': ({ history, cards }) => {
    const known = new Set(cards.map((card) => card.key));
    const imported = of(history, 'imported').flatMap((done) => done.keys);
    return [
      ...imported.filter((key) => !known.has(key)).map((key) => `${key} is gone`),
      ...(cards.length > imported.length ? [`${cards.length} cards of ${imported.length} keys`] : []),
      ...cards
        .filter((card) => (card.state === 'sold') !== (card.orderId !== null))
        .map((card) => `${card.key} is ${card.state} with order ${card.orderId}`),
    ];
  },

  'I4 the whole quantity or nothing': (facts) =>
    facts.orders.flatMap((order) => {
      const count = cardsOf(facts, order).length;
      const want = order.state === 'delivered' ? order.quantity : 0;
      return count === want ? [] : [`${order.no} is ${order.state} with ${count} of ${order.quantity} keys`];
    }),

  'I6 a mail for each delivery, copies under one Message-ID': (facts) =>
    of(facts.history, 'ordered').flatMap(({ orderNo, email }) => {
      const order = facts.orders.find((one) => one.no === orderNo);
      if (email === null || !order) return [];
      const mails = facts.mails.filter((mail) => mail.to === email);
      if (order.state !== 'delivered') return mails.length > 0 ? [`${orderNo} is ${order.state} and was mailed`] : [];
      const keys = cardsOf(facts, order).map((card) => card.key);
      const found: string[] = [];
      if (mails.length === 0) found.push(`${orderNo} has no mail`);
      if (new Set(mails.map((mail) => mail.messageId)).size > 1) found.push(`${orderNo} has two kinds of mail`);
      if (mails.some((mail) => keys.some((key) => !mail.text.includes(key))))
        found.push(`${orderNo}: other keys in mail`);
      return found;
    }),

  'I7 audit is complete and its chain valid': ({ orders, auditChainValid }) => [
    ...(auditChainValid ? [] : ['the chain is broken']),
    ...orders
      .filter((order) => order.deliveries !== (order.releasedAt === null ? 0 : 1))
      .map((order) => `${order.no} has ${order.deliveries} audit rows of its delivery`),
    ...orders
      .filter((order) => order.paymentAudits !== order.payments)
      .map((order) => `${order.no}: ${order.payments} payments, ${order.paymentAudits} audit rows`),
  ],

  'I8 what was acknowledged is there': ({ history, trades }) =>
    of(history, 'notified')
      .filter((done) => done.status === 200 && done.kind !== 'forged' && !trades.has(done.tradeNo))
      .map((done) => `${done.orderNo}: ${done.tradeNo} was acknowledged and is not there`),

  'I9 what is not an exact payment delivers nothing': ({ history, orders, trades }) => [
    ...orders
      .filter((order) => order.releasedAt !== null && order.accepted !== 1)
      .map((order) => `${order.no} was delivered with ${order.accepted} accepted payments`),
    ...of(history, 'notified')
      .filter((done) => done.kind === 'forged' && (done.status === 200 || trades.has(done.tradeNo)))
      .map((done) => `${done.orderNo}: a forged notification was taken`),
  ],

  'I11 an action is applied once': ({ history, actions }) => {
    const rows = new Set(actions.map((action) => action.id));
    return [
      ...duplicates(actions.map((action) => action.id)),
      ...duplicates(actions.map((action) => action.orderNo)).map((no) => `${no} was closed twice`),
      ...of(history, 'acted')
        .filter((done) => done.status === 200 && !rows.has(done.id))
        .map((done) => `${done.orderNo}: action ${done.id} was answered and is not there`),
    ];
  },

  'I12 switched off, nothing is delivered': ({ history, orders }) =>
    of(history, 'switched off').flatMap(({ from, to }) =>
      orders
        .filter((order) => order.releasedAt !== null && order.releasedAt > from && order.releasedAt < to)
        .map((order) => `${order.no} was delivered ${Math.round((order.releasedAt ?? 0) - from)} ms after the answer`),
    ),

  'I13 nothing is left hanging': ({ orders, running, outbox }) => [
    ...(outbox > 0 ? [`${outbox} promises are not kept`] : []),
    ...orders
      .filter((order) => order.doneAt !== null && running.has(order.no))
      .map((order) => `${order.no} is done and runs`),
    ...orders
      .filter((order) => order.paidAt !== null && order.doneAt === null && !running.has(order.no))
      .map((order) => `${order.no} is ${order.state} and nothing runs`),
  ],
};

export function check(facts: Facts): Violation[] {
  return Object.entries(checks).flatMap(([invariant, look]) => look(facts).map((what) => ({ invariant, what })));
}

/** Names of all invariants, for the test that plants violations. */
export const invariants: readonly string[] = Object.keys(checks);
