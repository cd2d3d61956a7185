import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { carryOutCase, lookAtCase } from '../../activities/cases.ts';
import { sendRefunds } from '../../worker/loops/refunds.ts';
import { buying, type Buying } from '../support/buying.ts';
import { buyerOf, type BuyerPage } from '../support/buyer-page.ts';
import { query } from '../support/paid-orders.ts';
import { startSystem, type System } from '../support/system.ts';

/** What an order is before the odd event comes. */
type Before = 'unpaid' | 'unpaid elsewhere' | 'expired an hour ago' | 'expired two days ago' | 'off sale and expired' | 'paid' | 'delivered' | 'closed' | 'refunded' | 'none'; // prettier-ignore

interface Row {
  readonly name: string;
  readonly before: Before;
  readonly event: object;
  /** How the payment stands; null: no payment came of it. */
  readonly standing: string | null;
  readonly order: string | null;
  /** The case that a person decides; null: nobody has to. */
  readonly case: { readonly kind: string; readonly code: string } | null;
}

const payment = (code: string) => ({ kind: 'payment', code });

/** Rule 10, whole: each row ends in a named state, with a case where a person must decide. */
const table: readonly Row[] = [
  { name: 'late, exact, on sale', before: 'expired an hour ago', event: {}, standing: 'late', order: 'paid', case: null },
  { name: 'too late', before: 'expired two days ago', event: {}, standing: 'too_late', order: 'expired', case: payment('PAYMENT_TOO_LATE') },
  { name: 'late for a product off sale', before: 'off sale and expired', event: {}, standing: 'too_late', order: 'expired', case: payment('PAYMENT_TOO_LATE') },
  { name: 'late and under', before: 'expired an hour ago', event: { amountMinor: 99 }, standing: 'under', order: 'expired', case: payment('PAYMENT_UNDER') },
  { name: 'under', before: 'unpaid', event: { amountMinor: 99 }, standing: 'under', order: 'unpaid', case: payment('PAYMENT_UNDER') },
  { name: 'over', before: 'unpaid', event: { amountMinor: 101 }, standing: 'over', order: 'unpaid', case: payment('PAYMENT_OVER') },
  { name: 'wrong currency', before: 'unpaid', event: { currency: 'USD' }, standing: 'wrong_currency', order: 'unpaid', case: payment('PAYMENT_WRONG_CURRENCY') },
  { name: 'double, while waiting', before: 'paid', event: { tradeNo: 'second' }, standing: 'second', order: 'paid', case: payment('PAYMENT_SECOND') },
  { name: 'double, after delivery', before: 'delivered', event: { tradeNo: 'second' }, standing: 'second', order: 'delivered', case: payment('PAYMENT_SECOND') },
  { name: 'after a person closed the order', before: 'closed', event: { tradeNo: 'after' }, standing: 'after_end', order: 'closed', case: payment('PAYMENT_AFTER_END') },
  { name: 'after a refund', before: 'refunded', event: { tradeNo: 'after' }, standing: 'after_end', order: 'refunded', case: payment('PAYMENT_AFTER_END') },
  { name: 'by a superseded link, of another account', before: 'unpaid elsewhere', event: {}, standing: 'unmatched', order: 'unpaid', case: payment('PAYMENT_UNMATCHED') },
  { name: 'for no order of ours', before: 'none', event: {}, standing: 'unmatched', order: null, case: payment('PAYMENT_UNMATCHED') },
  { name: 'refund while waiting', before: 'paid', event: { status: 'refunded' }, standing: 'accepted', order: 'attention', case: payment('PAYMENT_REFUNDED_OUTSIDE') },
  { name: 'chargeback while waiting', before: 'paid', event: { status: 'disputed' }, standing: 'accepted', order: 'attention', case: { kind: 'chargeback', code: 'PAYMENT_DISPUTED' } },
  { name: 'refund after delivery', before: 'delivered', event: { status: 'refunded' }, standing: 'accepted', order: 'delivered', case: payment('PAYMENT_REFUNDED_OUTSIDE') },
  { name: 'chargeback after delivery', before: 'delivered', event: { status: 'disputed' }, standing: 'accepted', order: 'delivered', case: { kind: 'chargeback', code: 'PAYMENT_DISPUTED' } },
]; // prettier-ignore

interface CaseView {
  case: { no: string; kind: string; source: string; state: string; code: string | null; outcome: string | null; orderNo: string | null; dueAt: string | null };
  payment: { id: number; standing: string; refunds: string } | null;
  decisions: string[];
} // prettier-ignore

describe('payments that misbehave (rule 10): a named state for each, and a case where a person must decide', function () {
  this.timeout(60_000);
  let system: System;
  let shop: Buying;

  before(async () => {
    system = await startSystem();
    shop = buying(system);
  });
  after(() => system.stop());

  const rows = <T extends object>(text: string, ...values: unknown[]): Promise<T[]> =>
    query<T>(system, text, ...values);
  const notify = async (orderNo: string, event: object): Promise<void> => {
    const { tradeNo, ...rest } = event as { tradeNo?: string };
    const answer = await system.notify(orderNo, { ...rest, ...(tradeNo !== undefined && { tradeNo: `${tradeNo}-${orderNo}` }) }); // prettier-ignore
    assert.equal(answer.status, 200, 'whatever it says, it is acknowledged once it is stored');
  };
  const act = (orderNo: string, kind: string): Promise<unknown> =>
    shop.api(`orders/${orderNo}/actions`, { body: { id: randomUUID(), kind, note: 'test' } });
  const firstPayment = async (orderNo: string): Promise<number> =>
    (await rows<{ id: number }>('select id from payments where order_no = $1 order by id', orderNo))[0]?.id ?? 0;
  const idOf = async (orderNo: string): Promise<number> =>
    (await rows<{ id: number }>('select id from orders where no = $1', orderNo))[0]?.id ?? 0;

  /** An order in that state; its number. */
  const arrange = async (before: Before): Promise<{ orderNo: string; pickupUrl: string | null }> => {
    if (before === 'none') return { orderNo: `M260101${randomUUID().replaceAll('-', '').slice(0, 13).toUpperCase().replace(/[ILOU]/g, 'X')}`, pickupUrl: null }; // prettier-ignore
    const sku = await shop.product([]);
    const placed = await system.shop.order({
      sku,
      accountId: before === 'unpaid elsewhere' ? system.epay : system.sandbox,
    });
    const { orderNo } = placed;
    if (before === 'expired an hour ago' || before === 'off sale and expired') {
      await rows(`update orders set state = 'expired', expires_at = now() - interval '1 hour' where no = $1`, orderNo);
    }
    if (before === 'off sale and expired') await rows(`update products set state = 'off_sale' where sku = $1`, sku);
    if (before === 'expired two days ago') {
      await rows(`update orders set state = 'expired', expires_at = now() - interval '2 days' where no = $1`, orderNo);
    }
    if (['paid', 'delivered', 'closed', 'refunded'].includes(before)) await notify(orderNo, {});
    if (before === 'delivered') {
      await system.shop.addCards(sku, [`KEY-${orderNo}`]);
      await shop.run(await idOf(orderNo));
    }
    if (before === 'closed') await act(orderNo, 'close');
    if (before === 'refunded') {
      await shop.api(`payments/${await firstPayment(orderNo)}/refunds`, {
        body: { requestId: randomUUID(), reason: 'x' },
      });
      await sendRefunds(system.parts.steps);
    }
    return { orderNo, pickupUrl: placed.pickupUrl };
  };
  const openCases = async (orderNo: string): Promise<CaseView[]> => {
    const found = await rows<{ no: string }>(
      `select c.no from cases c left join payments y on y.id = c.payment_id left join orders o on o.id = c.order_id
       where c.closed_at is null and coalesce(o.no, y.order_no) = $1 order by c.id`,
      orderNo,
    );
    return Promise.all(found.map(({ no }) => shop.api<CaseView>(`cases/${no}`)));
  };
  const openTasks = async (orderNo: string): Promise<string[]> =>
    (await rows<{ code: string }>(`select t.code from tasks t left join payments y on y.id = t.payment_id left join orders o on o.id = t.order_id
       where t.closed_at is null and coalesce(o.no, y.order_no) = $1 and t.code like 'PAYMENT\\_%' order by 1`, orderNo)).map((t) => t.code); // prettier-ignore

  for (const row of table) {
    it(`A5: ${row.name}: payment ${row.standing ?? 'none'}, order ${row.order ?? 'none'}, ${row.case ? `case ${row.case.kind} ${row.case.code}` : 'no case'}`, async () => {
      const { orderNo, pickupUrl } = await arrange(row.before);
      // The same word three times, two of them at once, is one fact.
      await notify(orderNo, row.event);
      await Promise.all([notify(orderNo, row.event), notify(orderNo, row.event)]);
      const payments = await rows<{ standing: string }>('select standing from payments where order_no = $1 order by id', orderNo); // prettier-ignore
      assert.equal(payments.at(-1)?.standing ?? null, row.standing);
      const [order] = await rows<{ state: string }>('select state from orders where no = $1', orderNo);
      assert.equal(order?.state ?? null, row.order);
      const open = await openCases(orderNo);
      assert.deepEqual(open.map((c) => ({ kind: c.case.kind, code: c.case.code })), row.case ? [row.case] : []); // prettier-ignore
      assert.deepEqual(await openTasks(orderNo), row.case ? [row.case.code] : [], 'and people are told once');
      const [seen] = open;
      if (!seen) return;
      assert.deepEqual([seen.case.source, seen.case.state, seen.case.orderNo], ['provider', 'open', row.order === null ? null : orderNo]); // prettier-ignore
      assert.ok(seen.case.dueAt, 'the clock runs');
      assert.ok(seen.decisions.includes('note') && seen.decisions.includes('refund'));
      assert.equal(seen.payment?.standing, row.standing);
      if (pickupUrl === null) return;
      const page = await buyerOf(system.base, orderNo, pickupUrl);
      assert.deepEqual((await page.cases()).map((c) => c.kind), row.case?.kind === 'chargeback' ? [] : ['payment']); // prettier-ignore
    });
  }

  describe('how such a case ends', () => {
    const decide = async (no: string, decision: string, change: object = {}): Promise<string> => {
      const id = randomUUID();
      await shop.api(`cases/${no}/decision`, { body: { id, decision, ...change } });
      return id;
    };
    const idOfCase = async (no: string): Promise<number> =>
      (await rows<{ id: number }>('select id from cases where no = $1', no))[0]?.id ?? 0;
    /** The steps of its story, until it waits or ends. */
    const story = async (no: string): Promise<CaseView> => {
      for (;;) {
        const next = await lookAtCase(system.parts.steps, await idOfCase(no));
        if (next.next !== 'do') break;
        const done = await carryOutCase(system.parts.steps, next.actionId);
        if (done.waitMs !== null) break;
      }
      return shop.api<CaseView>(`cases/${no}`);
    };
    const odd = async (
      before: Before,
      event: object,
    ): Promise<{ orderNo: string; no: string; paymentId: number; page: BuyerPage | undefined }> => {
      // prettier-ignore
      const { orderNo, pickupUrl } = await arrange(before);
      await notify(orderNo, event);
      const [seen] = await openCases(orderNo);
      const page = pickupUrl === null ? undefined : await buyerOf(system.base, orderNo, pickupUrl);
      return { orderNo, no: seen?.case.no ?? '', paymentId: seen?.payment?.id ?? 0, page };
    };

    it('C3: a second payment is paid back by the decision; the case ends when the money has moved; the buyer reads it; the order is untouched', async () => {
      const { orderNo, no, paymentId, page } = await odd('delivered', { tradeNo: 'second' });
      await decide(no, 'refund', { text: '重复付款已原路退回' });
      assert.equal((await story(no)).case.state, 'working');
      await sendRefunds(system.parts.steps);
      const end = await story(no);
      assert.deepEqual([end.case.state, end.case.outcome], ['resolved', 'refunded']);
      const [refund] = await rows<{ state: string; payment: number; amount: number }>('select state, payment_id as payment, amount_minor as amount from refunds where payment_id = $1', paymentId); // prettier-ignore
      assert.deepEqual(refund, { state: 'done', payment: paymentId, amount: 100 });
      assert.equal((await system.shop.read(orderNo)).state, 'delivered');
      assert.deepEqual(await openTasks(orderNo), []);
      const [shown] = (await page?.cases()) ?? [];
      assert.deepEqual([shown?.outcome, shown?.messages.at(-1)?.text], ['refunded', '重复付款已原路退回']);
    });

    it('A5: money for no order of ours is paid back from its case; nobody but its payer gets it', async () => {
      const { no, paymentId } = await odd('none', {});
      await decide(no, 'refund');
      await story(no);
      await sendRefunds(system.parts.steps);
      assert.equal((await story(no)).case.outcome, 'refunded');
      const sums = await rows<{ refunded: number }>('select refunded_minor as refunded from payments where id = $1', paymentId); // prettier-ignore
      assert.deepEqual(sums, [{ refunded: 100 }]);
    });

    it('A5: settled on the payments page instead, the case ends by itself: given to an order, paid back, or noted', async () => {
      const given = await odd('none', {});
      const sku = await shop.product([]);
      const target = await system.shop.order({ sku, accountId: system.sandbox });
      await shop.api(`payments/${given.paymentId}/assign`, { body: { requestId: randomUUID(), orderNo: target.orderNo, note: 'its own', acceptAmount: false } }); // prettier-ignore
      assert.equal((await story(given.no)).case.outcome, 'noted');
      const back = await odd('unpaid', { amountMinor: 99 });
      await shop.api(`payments/${back.paymentId}/refunds`, { body: { requestId: randomUUID(), reason: 'under', amountMinor: 50 } }); // prettier-ignore
      await sendRefunds(system.parts.steps);
      assert.equal((await story(back.no)).case.state, 'open', 'half of it is not settled');
      await shop.api(`payments/${back.paymentId}/refunds`, { body: { requestId: randomUUID(), reason: 'the rest' } });
      await sendRefunds(system.parts.steps);
      assert.equal((await story(back.no)).case.outcome, 'refunded');
      const noted = await odd('unpaid', { amountMinor: 101 });
      const [task] = await rows<{ id: number }>('select id from tasks where payment_id = $1 and closed_at is null', noted.paymentId); // prettier-ignore
      await shop.api(`tasks/${task?.id ?? 0}/close`, { body: { note: 'kept as a tip' } });
      assert.equal((await story(noted.no)).case.outcome, 'noted');
    });

    it('C6: a chargeback that stopped an order is noted: the case ends, the order still waits for people with its task', async () => {
      const { orderNo, no } = await odd('paid', { status: 'disputed' });
      await decide(no, 'note');
      assert.equal((await story(no)).case.outcome, 'noted');
      assert.equal((await system.shop.read(orderNo)).state, 'attention');
      assert.deepEqual(await openTasks(orderNo), ['PAYMENT_DISPUTED']);
      await act(orderNo, 'close');
      assert.equal((await system.shop.read(orderNo)).state, 'closed');
    });

    it('A5: a second payment that is charged back later is two cases, each with its own end', async () => {
      const { orderNo, no } = await odd('delivered', { tradeNo: 'second' });
      await notify(orderNo, { tradeNo: 'second', status: 'disputed' });
      const open = await openCases(orderNo);
      assert.deepEqual(open.map((c) => c.case.kind), ['payment', 'chargeback']); // prettier-ignore
      await decide(no, 'note');
      await story(no);
      assert.deepEqual((await openCases(orderNo)).map((c) => c.case.kind), ['chargeback']); // prettier-ignore
      assert.deepEqual(await openTasks(orderNo), ['PAYMENT_DISPUTED']);
    });
  });
});
