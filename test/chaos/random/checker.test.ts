import assert from 'node:assert/strict';
import { check, invariants } from './checker.ts';
import type { CardFact, Facts, OrderFact } from './facts.ts';

const delivered: OrderFact = {
  id: 1, no: 'A', state: 'delivered', quantity: 2, amountMinor: 200, mail: true, paidAt: 10, releasedAt: 20, doneAt: 30,
  accepted: 1, deliveries: 1, paymentAudits: 1, payments: 1,
}; // prettier-ignore
const unpaid: OrderFact = {
  ...delivered, id: 2, no: 'B', state: 'unpaid', mail: false, paidAt: null, releasedAt: null, doneAt: null, accepted: 0,
  deliveries: 0, paymentAudits: 0, payments: 0,
}; // prettier-ignore
const card = (id: number, key: string, orderId: number | null): CardFact => ({
  id,
  key,
  state: orderId === null ? 'available' : 'sold',
  orderId,
});
const sound: Facts = {
  history: [
    { what: 'ordered', orderNo: 'A', email: 'a@x', quantity: 2 },
    { what: 'ordered', orderNo: 'B', email: null, quantity: 2 },
    { what: 'imported', keys: ['K1', 'K2', 'K3'] },
    { what: 'notified', kind: 'exact', orderNo: 'A', tradeNo: 'T1', status: 200 },
    { what: 'notified', kind: 'exact', orderNo: 'A', tradeNo: 'T1', status: undefined },
    { what: 'notified', kind: 'forged', orderNo: 'B', tradeNo: 'T2', status: 400 },
    { what: 'acted', id: 'x', orderNo: 'C', kind: 'close', status: 200 },
    { what: 'switched off', from: 21, to: 29 },
  ],
  orders: [delivered, unpaid],
  cards: [card(1, 'K1', 1), card(2, 'K2', 1), card(3, 'K3', null)],
  trades: new Set(['T1']),
  actions: [{ id: 'x', orderNo: 'C' }],
  mails: [
    { to: 'a@x', messageId: 'm1', text: 'K1 K2' },
    { to: 'a@x', messageId: 'm1', text: 'K1 K2' },
  ],
  running: new Set(),
  outbox: 0,
  auditChainValid: true,
};
const withOrder = (change: Partial<OrderFact>): Facts => ({ ...sound, orders: [{ ...delivered, ...change }, unpaid] });

/** Planted violations, by the invariant that must find them. */
const planted: readonly [invariant: string, name: string, facts: Facts][] = [
  ['I1', 'an order left paid', withOrder({ state: 'paid', releasedAt: null, doneAt: null, deliveries: 0 })],
  ['I2', 'one key as two cards', { ...sound, cards: [...sound.cards, card(4, 'K1', null)] }],
  ['I2', 'one key mailed to two buyers', { ...sound, mails: [...sound.mails, { to: 'b@x', messageId: 'm2', text: 'K1' }] }], // prettier-ignore
  ['I3', 'a key that is gone', { ...sound, cards: sound.cards.slice(0, 2) }],
  ['I3', 'a key from nowhere', { ...sound, cards: [...sound.cards, card(4, 'K4', null)] }],
  ['I3', 'a card sold to nobody', { ...sound, cards: [...sound.cards.slice(0, 2), { ...card(3, 'K3', null), state: 'sold' }] }], // prettier-ignore
  ['I4', 'half a quantity', { ...sound, cards: [card(1, 'K1', 1), card(2, 'K2', null), card(3, 'K3', null)] }],
  ['I4', 'keys of an order that is not delivered', { ...sound, cards: [...sound.cards.slice(0, 2), card(3, 'K3', 2)] }],
  ['I6', 'no mail', { ...sound, mails: [] }],
  ['I6', 'two Message-IDs', { ...sound, mails: [...sound.mails, { to: 'a@x', messageId: 'm2', text: 'K1 K2' }] }],
  ['I6', 'a mail without the keys', { ...sound, mails: [{ to: 'a@x', messageId: 'm1', text: 'K1' }] }],
  ['I7', 'a delivery without audit', withOrder({ deliveries: 0 })],
  ['I7', 'a delivery audited twice', withOrder({ deliveries: 2 })],
  ['I7', 'a payment without audit', withOrder({ paymentAudits: 0 })],
  ['I7', 'a broken chain', { ...sound, auditChainValid: false }],
  ['I8', 'an acknowledged payment that is gone', { ...sound, trades: new Set() }],
  ['I9', 'a delivery without payment', withOrder({ accepted: 0 })],
  ['I9', 'a delivery with two payments', withOrder({ accepted: 2 })],
  ['I9', 'a forged payment taken', { ...sound, trades: new Set(['T1', 'T2']) }],
  ['I11', 'two actions that both closed', { ...sound, actions: [...sound.actions, { id: 'y', orderNo: 'C' }] }],
  ['I11', 'an action that was answered and is gone', { ...sound, actions: [] }],
  ['I12', 'a delivery while switched off', withOrder({ releasedAt: 25 })],
  ['I13', 'a promise not kept', { ...sound, outbox: 1 }],
  ['I13', 'a done order that runs', { ...sound, running: new Set(['A']) }],
  ['I13', 'an open order that nothing drives', withOrder({ doneAt: null })],
];

describe('the checker of the invariants', () => {
  it('finds nothing in facts that are sound', () => assert.deepEqual(check(sound), []));

  for (const [id, name, facts] of planted) {
    it(`${id} finds ${name}`, () => {
      assert.ok(check(facts).some((violation) => violation.invariant.startsWith(`${id} `)));
    });
  }

  it('each invariant has a planted violation', () => {
    const covered = new Set(planted.map(([id]) => id));
    assert.deepEqual(invariants.filter((name) => !covered.has(name.split(' ')[0] ?? '')), []); // prettier-ignore
  });
});
