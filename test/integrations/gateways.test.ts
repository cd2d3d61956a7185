import assert from 'node:assert/strict';
import { GatewayRefused, QueryUnknown, type PlacedPayment, type Refund } from '../../integrations/payments/provider.ts';
import { providers } from '../../integrations/payments/registry.ts';
import { freshOrderNo, gateways, type Gateway } from '../support/gateways.ts';

/** What every provider promises, on the fake that speaks its protocol. */
for (const [id, start] of Object.entries(gateways)) {
  describe(`A3: provider ${id}`, function () {
    this.timeout(20_000);
    let gateway: Gateway;

    before(async () => {
      gateway = await start();
    });
    after(() => gateway.close());

    const quotes = new Map<string, PlacedPayment>();
    const placed = async (): Promise<string> => {
      const orderNo = freshOrderNo();
      const { quote } = await gateway.place(orderNo);
      quotes.set(orderNo, { orderNo, ...(quote && { quote }) });
      return orderNo;
    };
    const of = (orderNo: string): PlacedPayment => quotes.get(orderNo) ?? { orderNo };
    const query = (orderNo: string) => gateway.provider.query(gateway.account, of(orderNo), gateway.outbound);

    it('the configuration that an operator pastes has no problem, and an unknown field is one', () => {
      assert.deepEqual(gateway.provider.checkConfig(gateway.account.config), []);
      assert.deepEqual(
        gateway.provider.checkConfig({ ...gateway.account.config, evil: '1' }).map((p) => p.field),
        ['evil'],
      );
    });

    it('a genuine notification is paid, with our number, the amount and the currency', async () => {
      const orderNo = await placed();
      const verdict = gateway.provider.verify(gateway.account, gateway.notification(orderNo));
      assert.ok(verdict.ok, JSON.stringify(verdict));
      const { meaning, amountMinor, currency } = verdict.event;
      assert.deepEqual(
        { meaning, orderNo: verdict.event.orderNo, amountMinor, currency },
        { meaning: 'paid', orderNo, amountMinor: 100, currency: 'CNY' },
      );
    });

    it('without its secrets an account refuses everything', async () => {
      const raw = gateway.notification(await placed());
      const verdict = gateway.provider.verify({ ...gateway.account, config: {} }, raw);
      assert.deepEqual(verdict, { ok: false, code: 'SECRET_MISSING' });
    });

    it('A6: a notification of our own making is genuine and pays nothing; where only the provider signs there is none', () => {
      const raw = gateway.provider.selfNotification?.(gateway.account, freshOrderNo(), new Date());
      assert.equal(raw === undefined, ['alipay', 'wechat', 'epay_v2'].includes(id));
      if (!raw) return;
      const verdict = gateway.provider.verify(gateway.account, { ...raw, receivedAt: new Date() });
      assert.ok(verdict.ok, JSON.stringify(verdict));
      assert.equal(verdict.event.meaning, 'waiting');
    });

    it('nothing but our own number is signed into a payment request', async () => {
      const orderNo = freshOrderNo();
      const { url } = await gateway.place(orderNo);
      const text = decodeURIComponent(url);
      assert.ok(!/[\u4e00-\u9fff]/.test(text), 'no product name');
    });

    if (!providers.get(id.split('-')[0] ?? '')?.canQuery) return;

    it('A4: a query says unpaid, then paid with the same trade number as the notification', async () => {
      const orderNo = await placed();
      assert.equal((await query(orderNo)).status, 'unpaid');
      await gateway.pay(orderNo);
      const answer = await query(orderNo);
      const verdict = gateway.provider.verify(gateway.account, gateway.notification(orderNo));
      assert.ok(verdict.ok);
      const { tradeNo } = verdict.event;
      assert.deepEqual(answer, { status: 'paid', tradeNo, amountMinor: 100, currency: 'CNY' });
    });

    for (const trouble of ['timeout', 'drop', 'error', 'html'] as const) {
      it(`A4: a gateway in trouble (${trouble}) is unknown, never unpaid`, async () => {
        const orderNo = await placed();
        gateway.misbehave?.(trouble);
        await assert.rejects(query(orderNo), QueryUnknown);
        gateway.misbehave?.(undefined);
      });
    }

    const close = (orderNo: string) => gateway.provider.close?.(gateway.account, of(orderNo), gateway.outbound);
    if (providers.get(id.split('-')[0] ?? '')?.close) {
      it('an unpaid payment is closed; one that was paid meanwhile says so', async () => {
        const one = await placed();
        assert.equal(await close(one), 'closed');
        if (id === 'epay_v2') return; // its close only says no
        const other = await placed();
        await gateway.pay(other);
        assert.equal(await close(other), 'paid');
      });
    }

    const desk = providers.get(id.split('-')[0] ?? '')?.refunds;
    if (!desk) return;

    const refundOf = async (orderNo: string, amountMinor = 100): Promise<Refund> => {
      await gateway.pay(orderNo);
      const { tradeNo = '' } = await query(orderNo);
      return { orderNo, tradeNo, refundNo: `R${orderNo}`, amountMinor, totalMinor: 100, currency: 'CNY' };
    };
    const send = (refund: Refund) => desk.send(gateway.account, refund, gateway.outbound);
    const askRefund = (refund: Refund) => desk.ask?.(gateway.account, refund, gateway.outbound);

    it('a refund is done once, and the provider confirms it when asked', async () => {
      const refund = await refundOf(await placed());
      const first = await send(refund);
      assert.ok(['done', 'pending'].includes(first.status));
      gateway.settleRefunds?.();
      assert.deepEqual((await askRefund(refund))?.status, 'done');
    });

    if (desk.idempotent) {
      it('the same refund number twice is one refund', async () => {
        const refund = await refundOf(await placed(), 40);
        await send(refund);
        await send(refund);
        assert.equal(gateway.refundTimes?.(refund.refundNo) ?? 2, 2, 'both calls were made');
      });

      it('a refund that the provider never heard of is "none", not "pending"', async () => {
        const refund = await refundOf(await placed());
        assert.equal((await askRefund(refund))?.status, 'none');
      });
    }

    if (gateways[id] && id !== 'epay_v2') {
      it('a refusal is failed with the code of the provider; a lost answer is unknown', async () => {
        const refund = await refundOf(await placed());
        gateway.refundNext?.('refused');
        const refused = await send(refund).catch((error: unknown) => error);
        assert.ok(!(refused instanceof GatewayRefused) && (refused as { status: string }).status === 'failed');
        gateway.refundNext?.('lost');
        await assert.rejects(send(refund), QueryUnknown);
        assert.equal((await askRefund(refund))?.status, 'done', 'it was done after all');
      });
    }
  });
}
