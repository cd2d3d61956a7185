import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFinal, isUnderWay, mayMove, orderMoves, orderStates } from '../../domain/order.ts';
import { actionKinds, actionRules } from '../../domain/actions.ts';
import { attemptsOf, clampDeliveryPolicy } from '../../domain/policy.ts';
import { makeOrderNo, orderNoBytes, orderNoOf, orderNoPattern, orderWorkflowId } from '../../domain/ids.ts';
import { errors } from '../../domain/errors.ts';

describe('domain: the states of an order', () => {
  it('C6: from every state under way an end can be reached', () => {
    for (const from of orderStates.filter(isUnderWay)) {
      const seen = new Set([from]);
      for (const state of seen) for (const [a, b] of orderMoves()) if (a === state) seen.add(b);
      assert.ok([...seen].some(isFinal), from);
    }
  });

  it('rule 5: nothing leads out of delivered, refunded or closed', () => {
    for (const from of orderStates.filter(isFinal))
      for (const to of orderStates) assert.equal(mayMove(from, to), false);
    assert.deepEqual(orderStates.filter(isFinal), ['delivered', 'refunded', 'closed']);
  });

  it('C3: every staff action makes a legal move from each state in which it is offered', () => {
    for (const kind of actionKinds) {
      const { from, to } = actionRules[kind];
      for (const state of from) assert.ok(state === to || mayMove(state, to), `${kind} from ${state}`);
    }
  });

  it('rule 2: by Signal, which has no known sender, one may retry, deliver from the pool, choose a source and hand over', () => {
    assert.deepEqual(
      actionKinds.filter((kind) => actionRules[kind].bySignal),
      ['retry', 'deliver_from_pool', 'choose_source', 'hand_over'],
    );
  });
});

describe('domain: retry policy', () => {
  it('C1 rule 9: whatever is configured, there is at least one attempt and at most 21, one second apart or more', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (retries, intervalMs) => {
        const policy = clampDeliveryPolicy({ retries, intervalMs });
        assert.ok(attemptsOf(policy) >= 1 && attemptsOf(policy) <= 21);
        assert.ok(policy.intervalMs >= 1000 && Number.isInteger(policy.intervalMs));
      }),
    );
  });

  it('C1: the default is three retries, five minutes apart', () => {
    assert.deepEqual(clampDeliveryPolicy({}), { retries: 3, intervalMs: 300_000 });
    assert.deepEqual(clampDeliveryPolicy(null), { retries: 3, intervalMs: 300_000 });
  });
});

describe('domain: order numbers', () => {
  it('rule 12: any random bytes make a number of the published pattern, and the workflow id leads back to it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: orderNoBytes, maxLength: orderNoBytes }), (bytes) => {
        const no = makeOrderNo(new Date('2026-11-24T16:30:00Z'), bytes);
        assert.match(no, orderNoPattern);
        assert.ok(no.startsWith('M261124'));
        assert.equal(orderNoOf(orderWorkflowId(no)), no);
      }),
    );
    assert.equal(orderNoOf('order-x'), undefined);
    assert.equal(orderNoOf('case-1'), undefined);
  });
});

describe('domain: the error catalogue', () => {
  it('E5: every error says cause and next step in Chinese and English', () => {
    for (const [code, { zh, en, status }] of Object.entries(errors)) {
      for (const text of [zh.cause, zh.next]) assert.match(text, /\p{Script=Han}/u, code);
      for (const text of [en.cause, en.next]) assert.doesNotMatch(text, /\p{Script=Han}/u, code);
      assert.ok(status >= 400 && status < 600, code);
    }
  });
});
