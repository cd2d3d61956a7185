import assert from 'node:assert/strict';
import { sampleVariables } from '../../domain/templates.ts';
import { checkTexts, renderText } from '../../integrations/templates.ts';
import { advance } from '../../activities/advance.ts';
import { sendMail } from '../../activities/tell.ts';
import { openPickup } from '../../dev/client.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { startSystem, type System } from '../support/system.ts';

describe('delivery templates', function () {
  this.timeout(60_000);
  let system: System;
  let importer: Importer;
  before(async () => {
    system = await startSystem();
    importer = openImporter(system);
  });
  after(() => system.stop());

  const content = {
    'zh-CN': { validity: '365天', instructions: '登录 {{ product.sku }} 官网', mailSubject: '【秒发】{{ order.no }} 已发货', mailBody: '您好！\n共 {{ order.quantity }} 件' }, // prettier-ignore
  };
  const refused = async (text: string): Promise<string> =>
    (await importer.ask<{ error: { code: string } }>('templates', { name: text, content: { 'zh-CN': { page: text } } }, { expect: 400 })).error.code; // prettier-ignore

  it("D8: an order keeps the text it was sold with; the product's own words go over the template; values are escaped", async () => {
    const { id } = await importer.ask<{ id: number }>('templates', { name: '点卡', content });
    await importer.ask('templates', { name: '点卡', content }, { expect: 409 });
    const product = await importer.product({
      templateId: id,
      texts: { 'zh-CN': { validity: '30天<b>' } },
      partLabels: ['账号', '密码'],
    });
    await system.shop.addCards(product.sku, ['\0["user-1","pass<1>"]']);
    const order = await system.shop.order({ sku: product.sku, email: 'tpl@example.com', accountId: system.sandbox });
    await importer.ask(`templates/${id}`, { name: '点卡', content: { 'zh-CN': { instructions: '新的说明' } } }, { method: 'PUT' }); // prettier-ignore
    await system.notify(order.orderNo);
    const { rows } = await system.parts.pool.query<{ id: number }>('select id from orders where no = $1', [
      order.orderNo,
    ]);
    const outcome = await advance(system.parts.steps, rows[0]?.id ?? 0);
    assert.ok(outcome.next === 'tell');
    await sendMail(system.parts.steps, outcome.messages[0]?.id ?? 0);
    const mail = await system.mail.waitFor('tpl@example.com', 15_000);
    assert.ok(mail.subject.includes(`【秒发】${order.orderNo} 已发货`), mail.subject);
    for (const part of ['共 1 件', '有效期：30天<b>', `登录 ${product.sku} 官网`, '账号: user-1', '密码: pass<1>']) {
      assert.ok(mail.text.includes(part), part);
    }
    assert.ok(!mail.text.includes('新的说明'));
    const pickup = await openPickup(system.base, order.pickupUrl);
    assert.deepEqual(await pickup.goods(), ['账号: user-1\n密码: pass<1>']);
  });

  it('D8: unknown variables, loops without end and reads from outside are refused by name', async () => {
    assert.equal(await refused('{{ order.nosuch }}'), 'TEMPLATE_INVALID');
    assert.equal(await refused('{% include "/etc/passwd" %}'), 'TEMPLATE_INVALID');
    assert.equal(await refused('{{ order.constructor }}'), 'TEMPLATE_INVALID');
    assert.equal(await refused('{% for i in (1..100000000) %}x{% endfor %}'), 'TEMPLATE_INVALID');
    assert.equal(await refused('{{ order.no'), 'TEMPLATE_INVALID');
  });

  it('D8: a text that grows without bound, by repeating what it captured, is refused and never sent', () => {
    const text = '{% capture s %}{% for i in (1..9000) %}0123456789{% endfor %}{% endcapture %}{% for i in (1..1000) %}{{ s }}{% endfor %}'; // prettier-ignore
    assert.throws(() => renderText(text, sampleVariables), /longer than/);
    assert.equal(checkTexts({ 'zh-CN': { mailBody: text } }, sampleVariables).length, 1);
  });

  it('D8: the preview shows sample and real order, never the goods of one', async () => {
    const sample = await importer.ask<{ texts: Record<string, string>; mail: { html: string } }>('templates/preview', { content }); // prettier-ignore
    assert.equal(sample.texts['instructions'], '登录 QQ-100 官网');
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    const real = await importer.ask<{ mail: { subject: string; text: string } }>('templates/preview', { content, orderNo: order.orderNo }); // prettier-ignore
    assert.ok(real.mail.subject.includes(order.orderNo) && real.mail.text.includes('••••'));
  });
});
