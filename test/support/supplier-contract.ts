/** What every supplier adapter must keep, whatever its protocol: a new one brings a rig and runs this. */
import assert from 'node:assert/strict';
import { createOutbound } from '../../integrations/outbound.ts';
import { SupplierTrouble, type Answer, type Purchase, type SupplierAccount, type SupplierAdapter } from '../../integrations/suppliers/supplier.ts'; // prettier-ignore

/** Lost on the way: the adapter must say `unknown`, whether the supplier had recorded the sale or not. */
export const lost = [
  'timeout-before', 'timeout-after', 'drop-before', 'drop-after', 'error-before', 'error-after', 'html-before', 'html-after', 'half', 'redirect',
] as const; // prettier-ignore
export const refused = [
  ['no-stock', 'NO_STOCK'],
  ['no-balance', 'NO_BALANCE'],
  ['unknown-product', 'PRODUCT'],
] as const;
export type Situation = (typeof lost)[number] | (typeof refused)[number][0];

export interface Rig {
  readonly adapter: SupplierAdapter;
  readonly account: SupplierAccount;
  /** The same account with a key that the supplier does not know. */
  readonly stranger: SupplierAccount;
  readonly purchase: Omit<Purchase, 'ref'>;
  readonly unitMinor: number;
  /** For the next purchase only. */
  arrange(situation: Situation): void;
  sales(): number;
  attempts(): number;
  close(): Promise<void>;
}

let serial = 0;
const ref = (): string => `MFTEST${String(++serial).padStart(8, '0')}`;

export function keepsTheSupplierContract(name: string, open: () => Promise<Rig>): void {
  describe(`supplier contract: ${name}`, function () {
    this.timeout(20_000);
    let rig: Rig;
    const hosts = (): string[] => Object.values(rig.account.config).flatMap((v) => (URL.canParse(v) ? [new URL(v).host] : [])); // prettier-ignore
    let outbound: ReturnType<typeof createOutbound>;
    before(async () => {
      rig = await open();
      outbound = createOutbound({ allow: hosts(), timeoutMs: 400 });
    });
    after(async () => {
      await outbound.close();
      await rig.close();
    });
    const place = (given: Partial<Purchase> = {}, account = rig.account): Promise<Answer> =>
      rig.adapter.place(account, { ...rig.purchase, ref: ref(), ...given }, outbound);

    it('B3: a good purchase is one sale, with the codes, the cost and the number of the supplier', async () => {
      const before = rig.sales();
      const answer = await place({ quantity: 3 });
      assert.ok(answer.kind === 'delivered' || answer.kind === 'accepted', answer.kind);
      assert.equal(rig.sales(), before + 1);
      assert.ok(answer.supplierRef);
      assert.equal(answer.costMinor ?? 3 * rig.unitMinor, 3 * rig.unitMinor);
      if (answer.kind !== 'delivered') return;
      assert.equal(answer.codes?.reveal().split('\n').length, 3);
      assert.ok(!JSON.stringify(answer).includes(answer.codes.reveal().split('\n')[0] ?? ''), 'codes show in no JSON');
    });

    for (const situation of lost) {
      it(`B3: ${situation} is unknown, after exactly one call`, async () => {
        rig.arrange(situation);
        const before = rig.attempts();
        const answer = await place();
        assert.equal(answer.kind, 'unknown');
        assert.equal(rig.attempts(), before + 1);
      });
    }

    for (const [situation, reason] of refused) {
      it(`B3: ${situation} is a sure refusal, and nothing is sold`, async () => {
        rig.arrange(situation);
        const before = rig.sales();
        assert.deepEqual(await place(), { kind: 'refused', reason });
        assert.equal(rig.sales(), before);
      });
    }

    it('B3: a supplier that does not know us sells nothing, and questions say so', async () => {
      const before = rig.sales();
      assert.deepEqual(await place({}, rig.stranger), { kind: 'refused', reason: 'ACCOUNT' });
      assert.equal(rig.sales(), before);
      await assert.rejects(
        rig.adapter.balance(rig.stranger, outbound),
        (e) => e instanceof SupplierTrouble && e.code === 'SUPPLIER_DENIED',
      );
    });

    it('B3: what does not leave this machine is surely not bought: private address, nobody there', async () => {
      const strict = createOutbound({ allow: [], timeoutMs: 400 });
      const before = rig.attempts();
      const purchase = { ...rig.purchase, ref: ref() };
      assert.deepEqual(await rig.adapter.place(rig.account, purchase, strict), { kind: 'refused', reason: 'NOT_SENT' });
      assert.equal(rig.attempts(), before);
      await assert.rejects(rig.adapter.balance(rig.account, strict), SupplierTrouble);
      await strict.close();
      const closed = Object.entries(rig.account.config).map(([key, v]) => [key, URL.canParse(v) ? 'http://127.0.0.1:9' : v]); // prettier-ignore
      const nobody = createOutbound({ allow: ['127.0.0.1:9'], timeoutMs: 400 });
      const account = { ...rig.account, config: Object.fromEntries(closed) as Record<string, string> };
      assert.deepEqual(await rig.adapter.place(account, purchase, nobody), { kind: 'refused', reason: 'NOT_SENT' });
      await nobody.close();
    });

    it('rule 8: the same reference twice is never sold twice, and the second answer is never "surely not bought"', async function () {
      if (rig.adapter.capabilities.idempotency === 'none') this.skip();
      const same = ref();
      const before = rig.sales();
      await place({ ref: same });
      const second = await place({ ref: same });
      assert.equal(rig.sales(), before + 1);
      assert.equal(second.kind, rig.adapter.capabilities.idempotency === 'replays' ? 'delivered' : 'unknown');
    });

    it('B3: what the capabilities promise is there: find, fetch, price and stock, balance, catalogue', async () => {
      const { adapter, account } = rig;
      const same = ref();
      const answer = await place({ ref: same });
      assert.equal(adapter.find !== undefined, adapter.capabilities.queryByOurRef);
      assert.equal(adapter.cancel !== undefined, adapter.capabilities.cancel);
      if (adapter.find) {
        const found = await adapter.find(account, { ...rig.purchase, ref: same }, outbound);
        // What was only accepted may be there by now.
        assert.ok(
          found !== 'absent' &&
            (found.kind === answer.kind || (answer.kind === 'accepted' && found.kind === 'delivered')),
        );
        assert.equal(await adapter.find(account, { ...rig.purchase, ref: ref() }, outbound), 'absent');
      }
      if (adapter.fetch && 'supplierRef' in answer) {
        const again = await adapter.fetch(account, answer.supplierRef, outbound);
        if (answer.kind === 'delivered') {
          assert.ok(again.kind === 'delivered');
          assert.equal(again.codes?.reveal(), answer.codes?.reveal());
        }
      }
      assert.equal(
        (await adapter.quote(account, { ...rig.purchase, quantity: 2 }, outbound)).costMinor,
        2 * rig.unitMinor,
      );
      assert.ok((await adapter.balance(account, outbound)) > 0);
      const listed = await adapter.catalogue(account, outbound);
      assert.equal(listed.find((p) => p.sku === rig.purchase.sku)?.costMinor, rig.unitMinor);
    });

    it('E5: the form says what is missing, malformed or unknown', () => {
      const { adapter, account } = rig;
      assert.deepEqual(adapter.checkConfig(account.config), []);
      const required = adapter.configFields.filter((f) => f.required).map((f) => f.key);
      assert.deepEqual(
        adapter.checkConfig({}).map((p) => p.field),
        required,
      );
      assert.equal(adapter.checkConfig({ ...account.config, surprise: 'x' })[0]?.field, 'surprise');
      assert.ok(
        adapter.configFields.some((f) => f.secret),
        'something is secret',
      );
    });
  });
}
