import assert from 'node:assert/strict';
import { decidePayment, type OrderForPayment, type PaidEvent, type PaymentDecision } from '../../domain/payment.ts';
import { orderStates } from '../../domain/order.ts';

const now = new Date('2026-11-24T12:00:00Z');
const minutes = (n: number): Date => new Date(now.getTime() + n * 60_000);
const order: OrderForPayment = {
  state: 'unpaid',
  mode: 'live',
  accountId: 1,
  amountMinor: 1000,
  currency: 'CNY',
  expiresAt: minutes(10),
  onSale: true,
};
const event: PaidEvent = { accountId: 1, mode: 'live', amountMinor: 1000, currency: 'CNY' };

const table: [string, Partial<OrderForPayment>, Partial<PaidEvent>, PaymentDecision][] = [
  ['the exact amount in time is accepted', {}, {}, 'accepted'],
  ['less is a case, never a delivery', {}, { amountMinor: 999 }, 'under'],
  ['more is a case', {}, { amountMinor: 1001 }, 'over'],
  ['another currency is a case', {}, { currency: 'USD' }, 'wrong_currency'],
  ['another account is a stranger', {}, { accountId: 2 }, 'unmatched'],
  ['test money never touches a live order', {}, { mode: 'test' }, 'mode_mismatch'],
  ['live money never touches a test order', { mode: 'test' }, {}, 'mode_mismatch'],
  ['an order expired an hour ago is late', { state: 'expired', expiresAt: minutes(-60) }, {}, 'late'],
  ['past its time but not yet marked is late too', { expiresAt: minutes(-1) }, {}, 'late'],
  ['late and under is under', { state: 'expired', expiresAt: minutes(-60) }, { amountMinor: 1 }, 'under'],
  ['a day and a minute is too late', { state: 'expired', expiresAt: minutes(-24 * 60 - 1) }, {}, 'too_late'],
  ['late for a product off sale', { state: 'expired', expiresAt: minutes(-60), onSale: false }, {}, 'too_late'],
  ['paid again is a second payment', { state: 'paid' }, {}, 'second'],
  ['paid again after delivery is a second payment', { state: 'delivered' }, {}, 'second'],
  ['closed by a person stays closed', { state: 'closed' }, {}, 'after_end'],
  ['refunded stays refunded', { state: 'refunded' }, {}, 'after_end'],
];

describe('domain: what a payment means (A5, rules 10 and 11)', () => {
  for (const [name, o, e, expected] of table) {
    it(name, () => assert.equal(decidePayment({ ...order, ...o }, { ...event, ...e }, now), expected));
  }

  it('an unknown order is unmatched', () => assert.equal(decidePayment(undefined, event, now), 'unmatched'));

  it('only an unpaid or expired order can be set going', () => {
    for (const state of orderStates) {
      const decision = decidePayment({ ...order, state }, event, now);
      assert.equal(['accepted', 'late'].includes(decision), state === 'unpaid' || state === 'expired', state);
    }
  });
});
