import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until, type PlacedOrder } from '../../dev/client.ts';
import { startFakeSupplier, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { newPerson, testBrowser, type Person } from '../support/browser.ts';
import { buyerOf } from '../support/buyer-page.ts';
import { buying, type Buying } from '../support/buying.ts';
import { testTemporal } from '../support/services.ts';
import { signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

describe('C3 F3: staff decide about purchases and cases in a real browser', function () {
  this.timeout(120_000);
  let system: System;
  let fake: FakeSupplier;
  let shop: Buying;
  let sku = '';
  before(async () => {
    await testBrowser();
    fake = await startFakeSupplier({ port: 0 });
    fake.stock('UP-1', 80);
    const { address } = await testTemporal();
    system = await startSystem({ temporal: address, reach: [fake.url] });
    shop = buying(system);
    sku = await shop.product([]);
  });
  after(async () => {
    await system.stop();
    await fake.close();
  });

  const paid = async (quantity = 1): Promise<PlacedOrder> => {
    const order = await system.shop.order({ sku, quantity, email: `${randomUUID()}@example.com`, accountId: system.sandbox }); // prettier-ignore
    await system.notify(order.orderNo, { amountMinor: 100 * quantity });
    return order;
  };
  const stands = (order: PlacedOrder, state: string): Promise<true> =>
    until(state, async () => ((await system.shop.read(order.orderNo)).state === state ? true : undefined), 20_000);
  const open = async (role: 'owner' | 'support', path: string, phone = false): Promise<Person> => {
    const staff = await signedIn(system, role);
    const person = await newPerson({ phone, cookie: { base: system.base, value: staff.cookie } });
    await person.page.goto(`${system.base}/console/${path}`);
    return person;
  };

  it('E5: a source is added to a product, then an unknown outcome and a short delivery are answered, and both orders go on', async () => {
    const supplier = await shop.acg(fake, { name: '星河卡盟' });
    assert.ok(supplier);
    const owner = await open('owner', `products?search=${sku}`);
    const { page } = owner;
    await owner.click(page.getByRole('button', { name: /货\s*源/ }).first());
    await owner.click(page.getByRole('button', { name: '添加货源' }));
    const search = page.getByRole('combobox', { name: '上游商品编码' });
    await owner.type(search, 'UP-');
    await owner.click(page.locator('.ant-select-item-option').filter({ hasText: '上游商品 UP-1' }));
    await owner.click(page.locator('.ant-drawer').getByRole('button', { name: /保\s*存/ }));
    await page.getByText('已保存').first().waitFor();

    fake.misbehave('drop-after', 1);
    const lost = await paid();
    await stands(lost, 'attention');
    fake.misbehave('short', 1);
    const short = await paid(3);
    await stands(short, 'attention');

    const person = await open('owner', 'purchases?state=unknown');
    await person.click(person.page.getByRole('button', { name: /回\s*答/ }).first());
    const sale = fake.sales.find((s) => s.requestNo.startsWith(lost.orderNo));
    await person.type(person.page.locator('#supplierRef'), sale?.tradeNo ?? '');
    await person.click(person.page.locator('.ant-drawer').getByRole('button', { name: '已售出' }).last());
    await person.page.getByText('订单：已发货').waitFor();
    const lostPage = await buyerOf(system.base, lost.orderNo, lost.pickupUrl);
    assert.deepEqual(await lostPage.goods(), [sale?.secret]);

    await person.page.goto(`${system.base}/console/purchases?state=review`);
    await person.click(person.page.getByRole('button', { name: /回\s*答/ }).first());
    await person.type(person.page.getByLabel('查看原因'), '核对短少');
    await person.click(person.page.getByRole('button', { name: '查看内容' }));
    await person.page.locator('.preview').waitFor();
    await person.click(
      person.page
        .locator('.ant-drawer')
        .getByRole('button', { name: /接\s*受/ })
        .last(),
    );
    await person.page.getByText('订单：已发货').waitFor();
    await stands(short, 'delivered');
    for (const one of [owner, person]) {
      assert.deepEqual(one.complaints, []);
      await one.context.close();
    }
  });

  it('F3 C3: on a phone, support answers a buyer and replaces the one key that was named; refunds are not theirs to give', async () => {
    await system.shop.addCards(sku, ['OLD-A-1', 'OLD-B-2']);
    const order = await paid(2);
    await stands(order, 'delivered');
    const buyer = await buyerOf(system.base, order.orderNo, order.pickupUrl);
    const before = await buyer.goods();
    await buyer.at('cases', { kind: 'bad_key', text: '第二个不能用', lines: [2] });
    await system.shop.addCards(sku, ['NEW-C-3']);
    const support = await open('support', 'cases', true);
    const { page } = support;
    await support.click(page.getByRole('listitem').filter({ hasText: '卡密异常' }).first());
    await page.getByText('第二个不能用').waitFor();
    assert.equal(await page.getByRole('button', { name: /退\s*款/ }).count(), 0);
    await support.type(page.locator('#text').first(), '马上为您更换');
    await support.click(page.getByRole('button', { name: /发\s*送/ }));
    await page.getByText('马上为您更换').waitFor();
    await support.click(page.getByRole('button', { name: /换\s*卡/ }));
    await page.getByText('第 2 个（买家指出）').waitFor();
    await support.click(page.locator('.ant-modal-footer .ant-btn-primary'));
    await page.getByText('已换卡').waitFor();
    assert.deepEqual((await buyer.goods()).sort(), [before[0], 'NEW-C-3'].sort());
    const [shown] = await buyer.cases();
    assert.deepEqual([shown?.outcome, shown?.messages.at(-1)?.text], ['replaced', '马上为您更换']);
    assert.deepEqual(support.complaints, []);
    await support.context.close();
  });
});
