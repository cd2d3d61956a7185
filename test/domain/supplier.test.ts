import assert from 'node:assert/strict';
import { afterCall, breakerLimits } from '../../domain/breaker.ts';
import { judgeCodes, splitCodes } from '../../domain/codes.ts';
import { mayBecome, nextQuestionMs, openPurchaseStates, purchaseStates } from '../../domain/supplier.ts';

describe('buying, as rules', () => {
  it('B3: an unknown purchase never goes back on the wire, and an ended one never changes, but for one that never arrived', () => {
    for (const from of purchaseStates) {
      assert.equal(mayBecome(from, 'placing'), from === 'planned', from);
      if (!openPurchaseStates.includes(from))
        for (const to of purchaseStates) assert.equal(mayBecome(from, to), from === 'absent' && to === 'planned');
    }
    for (const state of ['planned', 'placing', 'accepted', 'unknown', 'review'] as const)
      assert.ok(openPurchaseStates.includes(state));
    assert.ok(!mayBecome('placing', 'absent'), 'absence is only ever read');
  });

  it('B3: questions come at growing pauses, never before the supplier can know', () => {
    assert.deepEqual([0, 1, 2, 99].map((n) => nextQuestionMs(n, 0)), [2_000, 5_000, 15_000, 3_600_000]); // prettier-ignore
    assert.equal(nextQuestionMs(0, 30_000), 30_000);
  });

  it('B4: sentences, pages, lost bytes, repeats and what does not fit the pattern are no keys', () => {
    const sentence = ['很抱歉，有人在你付款之前抢走了商品，请联系客服。', '正在发货中，请耐心等待，如有疑问，请联系客服。', '库存不足', 'Please wait, your order is being processed']; // prettier-ignore
    for (const code of sentence) assert.deepEqual(judgeCodes([code]).problems, [{ line: 1, problem: 'sentence' }]);
    for (const code of ['<html><body>', 'K\ufffd123', 'x', '……']) {
      assert.deepEqual(judgeCodes([code]).problems, [{ line: 1, problem: 'shape' }], code);
    }
    const judged = judgeCodes(['AB12-CD34', 'AB12-CD34', '账号:a 密码:b2'], (code) => /[0-9]/.test(code));
    assert.deepEqual(judged, { good: ['AB12-CD34', '账号:a 密码:b2'], problems: [{ line: 2, problem: 'repeated' }] });
    assert.deepEqual(splitCodes('a \r\n\r\n b\nc\r'), ['a ', ' b', 'c']);
  });

  it('E7: five troubles in a row open the breaker, probes double its time up to ten minutes, a good answer closes it', () => {
    let breaker = { failures: 0, level: 0 };
    for (let i = 1; i < breakerLimits.failures; i++) {
      const next = afterCall(breaker, 'trouble');
      assert.equal(next.openMs, null);
      breaker = next;
    }
    const opened = afterCall(breaker, 'trouble');
    assert.equal(opened.openMs, 30_000);
    const probe = afterCall(opened, 'trouble');
    assert.equal(probe.openMs, 60_000);
    let last = probe;
    for (let i = 0; i < 20; i++) last = afterCall(last, 'trouble');
    assert.equal(last.openMs, breakerLimits.longestMs);
    assert.deepEqual(afterCall(last, 'refused'), { failures: 0, level: 0, openMs: null }, 'a refusal is an answer');
  });
});
