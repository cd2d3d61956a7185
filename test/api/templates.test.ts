import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { sampleVariables } from '../../domain/templates.ts';
import { checkTexts, renderText } from '../../integrations/templates.ts';
import { advance } from '../../activities/advance.ts';
import { sendMail, sendWebhook } from '../../activities/tell.ts';
import { openPickup } from '../../dev/client.ts';
import { openImporter, type Importer } from '../support/goods.ts';
import { onEnd } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('delivery templates', function () {
  this.timeout(60_000);
  let system: System;
  let importer: Importer;
  const hooks: string[] = [];
  before(async () => {
    const receiver = http.createServer((request, response) => {
      void buffer(request).then((body) => {
        hooks.push(body.toString());
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => receiver.close(resolve)));
    system = await startSystem({ webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` });
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
    await sendMail(system.parts.steps, outcome.messages.find((m) => m.kind === 'mail')?.id ?? 0);
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
    assert.throws(() => renderText(text, sampleVariables), /longer than|limit exceeded/);
    assert.equal(checkTexts({ 'zh-CN': { mailBody: text } }, sampleVariables).length, 1);
  });

  it('D8: the preview shows sample and real order, never the goods of one', async () => {
    const sample = await importer.ask<{ texts: Record<string, string>; mail: { html: string } }>('templates/preview', { content }); // prettier-ignore
    assert.equal(sample.texts['instructions'], '登录 QQ-100 官网');
    const order = await system.shop.order({ sku: system.sku, accountId: system.sandbox });
    const real = await importer.ask<{ mail: { subject: string; text: string } }>('templates/preview', { content, orderNo: order.orderNo }); // prettier-ignore
    assert.ok(real.mail.subject.includes(order.orderNo) && real.mail.text.includes('••••'));
  });

  it('D8: nothing gets out of the sandbox, and nothing grows or runs without bound', () => {
    const refused = [
      '{{ order.__proto__ }}', '{{ order["constructor"] }}', '{{ order.toString }}', '{{ process.env }}', '{{ "a" | nosuch }}',
      '{% layout "/etc/passwd" %}', '{% render "x" %}', '{% include order.no %}',
      '{{ "now" | date: "%999999999d" }}', '{{ (1..1000000000) | join: "x" }}',
      '{% assign x = "aaaaaaaaaa" %}{% for i in (1..30) %}{% assign x = x | append: x %}{% endfor %}{{ x }}',
      '{% for a in (1..100000) %}{% for b in (1..100000) %}{% endfor %}{% endfor %}',
      '{% tablerow i in (1..3000000) cols:2 %}x{% endtablerow %}',
    ]; // prettier-ignore
    const before = process.memoryUsage().rss;
    for (const text of refused) assert.equal(checkTexts({ en: { page: text } }, sampleVariables).length, 1, text);
    assert.ok(process.memoryUsage().rss - before < 300e6);
    assert.equal(renderText('{{ "a,b" | split: "," | map: "constructor" }}', sampleVariables), '');
  });

  it('D8: what a buyer, a supplier or an operator wrote is never markup in a mail, nor a line of its head', async () => {
    const evil = '<img src=x onerror=alert(1)>{{ order.no }}';
    const product = await importer.product({ name: evil, texts: { 'zh-CN': { mailSubject: 'A{% assign x = "1" %}\r\nBcc: all@example.com', mailBody: '<script>{{ product.name }}</script>' } } }); // prettier-ignore
    await system.shop.addCards(product.sku, ['</pre><script>key()</script>']);
    const order = await system.shop.order({ sku: product.sku, email: 'evil@example.com', accountId: system.sandbox });
    await system.notify(order.orderNo);
    const { rows } = await system.parts.pool.query<{ id: number }>('select id from orders where no = $1', [order.orderNo]); // prettier-ignore
    const outcome = await advance(system.parts.steps, rows[0]?.id ?? 0);
    assert.ok(outcome.next === 'tell');
    for (const message of outcome.messages) if (message.kind === 'mail') await sendMail(system.parts.steps, message.id);
    const mail = await system.mail.waitFor('evil@example.com', 15_000);
    assert.ok(!/<(script|img)/i.test(mail.html), mail.html);
    assert.ok(mail.html.includes('&#60;script&#62;&#60;img') && mail.html.includes('{{ order.no }}'), 'a value is no template'); // prettier-ignore
    assert.equal(mail.subject, '【测试订单】A Bcc: all@example.com');
  });

  it('D8: the SMS text goes to the shop with its webhook, as sold, without the goods and without the link that opens them', async () => {
    const { id } = await importer.ask<{ id: number }>('templates', { name: '短信', content: { 'zh-CN': { sms: '{{ product.name }}：{{ order.no }} 请到 {{ pickupUrl }} 提货{{ goods }}' } } }); // prettier-ignore
    const product = await importer.product({ templateId: id });
    await system.shop.addCards(product.sku, ['SECRET-KEY']);
    const order = await system.shop.order({ sku: product.sku, accountId: system.sandbox });
    await importer.ask(`templates/${id}`, { name: '短信', content: { 'zh-CN': { sms: '改过了' } } }, { method: 'PUT' });
    const { items } = await importer.ask<{ items: { version: number; content: { 'zh-CN'?: { sms?: string } } }[] }>(`templates/${id}/versions`); // prettier-ignore
    assert.deepEqual(items.map((v) => [v.version, v.content['zh-CN']?.sms?.slice(0, 3)]), [[2, '改过了'], [1, '{{ ']]); // prettier-ignore
    await system.notify(order.orderNo);
    const { rows } = await system.parts.pool.query<{ id: number }>('select id from orders where no = $1', [order.orderNo]); // prettier-ignore
    const outcome = await advance(system.parts.steps, rows[0]?.id ?? 0);
    assert.ok(outcome.next === 'tell');
    const webhook = outcome.messages.find((message) => message.kind === 'webhook');
    assert.ok(webhook);
    await sendWebhook(system.parts.steps, webhook.id);
    const told = hooks.find((body) => body.includes(order.orderNo)) ?? '';
    const { data } = JSON.parse(told) as { data: { sms: string } };
    assert.equal(data.sms, `测试：${order.orderNo} 请到 ${system.parts.environment.PUBLIC_URL}/query 提货`);
    assert.ok(!told.includes('SECRET-KEY') && !told.includes('#'));
  });

  it('D8: a product whose own words have a mistake is refused by name', async () => {
    const answer = await importer.ask<{ error: { code: string; detail: { field: string }[] } }>('products', { sku: 'BAD-TEXT', name: 'x', priceMinor: 1, texts: { en: { page: '{{ nosuch }}' } } }, { expect: 400 }); // prettier-ignore
    assert.deepEqual([answer.error.code, answer.error.detail[0]?.field], ['TEMPLATE_INVALID', 'en.page']);
  });
});
