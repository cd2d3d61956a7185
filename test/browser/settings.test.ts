import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../dev/client.ts';
import { setQuarantine } from '../../db/catalog.ts';
import { retentionDays, retentionKey } from '../../db/notifications.ts';
import { readSetting } from '../../db/settings.ts';
import { atConsole, type ConsolePerson } from '../support/console.ts';
import { verifyWebhook } from '../../integrations/webhook.ts';
import { testBrowser } from '../support/browser.ts';
import { onEnd } from '../support/services.ts';
import { startSystem, type System } from '../support/system.ts';

describe('E5: what the operator sets, saved through the browser', function () {
  this.timeout(120_000);
  let system: System;
  let owner: ConsolePerson;
  let receiver: { url: string; got: { headers: http.IncomingHttpHeaders; body: string }[] };

  before(async () => {
    const got: typeof receiver.got = [];
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
      request.on('end', () => {
        got.push({ headers: request.headers, body });
        response.end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onEnd(() => new Promise((resolve) => server.close(resolve)));
    receiver = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
    await testBrowser(); // the pages are built before a system looks for them
    system = await startSystem({ reach: [receiver.url] });
    owner = await atConsole(system, 'owner');
  });
  after(() => system.stop());

  const setting = (key: string): Promise<unknown> => readSetting(system.parts.pool, key);

  it('retries, trigger, escalation, warnings: in force at once', async () => {
    const { page } = owner;
    await owner.open('settings', '设置');
    await page.locator('#retries').fill('5');
    await page.locator('#minutes').fill('2');
    await page.locator('#ownerMinutes').fill('45');
    await page.locator('#threshold').fill('25');
    await page.getByText('支付状态变更为“已确认”后发货').click();
    await owner.button('保存').click();
    await owner.told('已保存');
    assert.equal(((await setting('delivery_policy')) as { retries: number }).retries, 5);
    assert.equal(((await setting('trigger')) as { when: string }).when, 'confirmed');
    assert.equal(((await setting('escalation')) as { ownerMinutes: number }).ownerMinutes, 45);
    assert.equal(((await setting('stock_warning')) as { threshold: number }).threshold, 25);
  });

  it('E1: the global switch asks before it stops the shop', async () => {
    const { page } = owner;
    await owner.open('', '首页');
    await page.getByRole('switch', { name: '全局自动发货' }).click();
    await page.locator('.ant-modal-confirm-btns .ant-btn-primary').click();
    await page.getByText('已关闭：付款后的订单都在等待').waitFor();
    assert.equal(await setting('auto_delivery'), false);
    await page.getByRole('switch', { name: '全局自动发货' }).click();
    await page.locator('.ant-modal-confirm-btns .ant-btn-primary').click();
    await page.getByText('已开启').waitFor();
    assert.equal(await setting('auto_delivery'), true);
  });

  it('G4: a shop gets a key that is shown once, opens the door, shows its last use, and is revoked', async () => {
    const { page } = owner;
    await owner.open('shops', '接口与回调');
    await owner.button('添加店铺').first().click();
    await page.locator('.ant-drawer #name').fill('官网商城');
    await owner.button('保存', page.locator('.ant-drawer')).click();
    const card = page.locator('.ant-card').filter({ hasText: '官网商城' });
    await card.waitFor();
    await owner.button('创建密钥', card).click();
    await page.locator('.ant-drawer #label').fill('官网服务器');
    await owner.button('创建', page.locator('.ant-drawer')).click();
    const key = await page.locator('.ant-modal-confirm .mono').innerText();
    assert.match(key, /^mf_live_[\w-]{43}$/);
    await page.getByRole('button', { name: '我已保存' }).click();
    await page.locator('.ant-modal-confirm').waitFor({ state: 'hidden' });
    assert.ok(!(await page.content()).includes(key), 'it is on the page no more');
    const read = (): Promise<Response> =>
      fetch(`${system.base}/api/v1/orders/M000000000000000`, { headers: { authorization: `Bearer ${key}` } });
    assert.notEqual((await read()).status, 401);
    await page.reload();
    const row = card.getByRole('row').filter({ hasText: '官网服务器' });
    await row.waitFor();
    assert.ok(!(await row.innerText()).includes('从未'), 'its use is seen');
    await owner.button('吊销', row).click();
    await page.locator('.ant-popover:visible .ant-btn-primary').click();
    await owner.told('已吊销');
    await row.getByText('已吊销').waitFor();
    assert.equal((await read()).status, 401);
  });

  it('G4: a webhook is saved, its secret shown once, tried with a true signature, and a refusal is told in words', async () => {
    const { page } = owner;
    const card = page.locator('.ant-card').filter({ hasText: '官网商城' });
    await card.locator('#url').fill(receiver.url);
    await owner.button('保存回调', card).click();
    const secret = await page.locator('.ant-modal-confirm .mono').innerText();
    await page.getByRole('button', { name: '我已保存' }).click();
    await page.locator('.ant-modal-confirm').waitFor({ state: 'hidden' });
    await card.getByRole('button', { name: '测试发送' }).click();
    await owner.told(/店铺已收到/);
    const sent = receiver.got.at(-1)!;
    const signed = `${String(sent.headers['webhook-id'])}.${String(sent.headers['webhook-timestamp'])}.${sent.body}`;
    const mac = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
      .update(signed)
      .digest('base64');
    assert.equal(sent.headers['webhook-signature'], `v1,${mac}`);
    const { shops } = await owner.client.json<{ shops: { id: number; name: string }[] }>('GET', '/api/console/shops');
    const id = shops.find(({ name }) => name === '官网商城')?.id ?? 0;
    const shop = `/api/console/shops/${id}/webhook`;
    const { webhookSecret } = await owner.client.json<{ webhookSecret: string }>('PUT', shop, { url: receiver.url, newSecret: true }); // prettier-ignore
    /** By the secret before and by the present one: what was sent last verifies. */
    const verifies = async (): Promise<[before: boolean, now: boolean]> => {
      await owner.client.json('POST', `${shop}/test`);
      const { headers, body } = receiver.got.at(-1)!;
      const given = { id: String(headers['webhook-id']), timestamp: Number(headers['webhook-timestamp']), signature: String(headers['webhook-signature']), body }; // prettier-ignore
      return [verifyWebhook(secret, given, given.timestamp), verifyWebhook(webhookSecret, given, given.timestamp)];
    };
    assert.deepEqual(await verifies(), [true, true], 'for a day either verifies');
    await system.parts.pool.query(`update shops set webhook_before_until = webhook_before_until - interval '24 hours' where id = $1`, [id]); // prettier-ignore
    assert.deepEqual(await verifies(), [false, true], 'and then the new one alone');
    await card.locator('#url').fill('http://192.168.1.1/hook');
    await owner.button('保存回调', card).click();
    const other = await page.locator('.ant-modal-confirm .mono').innerText();
    assert.ok(other !== secret && other !== webhookSecret, 'another host gets another secret');
    const { rows: kept } = await system.parts.pool.query<{ before: Buffer | null }>('select webhook_secret_before as before from shops where id = $1', [id]); // prettier-ignore
    assert.equal(kept[0]?.before, null, 'and hears nothing of the one before');
    await page.getByRole('button', { name: '我已保存' }).click();
    await page.locator('.ant-modal-confirm').waitFor({ state: 'hidden' });
    await card.getByRole('button', { name: '测试发送' }).click();
    await page.getByText('必须使用 https').waitFor();
    await page.locator('.ant-modal-confirm .ant-btn-primary').click();
    await card.getByRole('button', { name: '回调记录' }).click();
    await page.getByText('还没有回调').waitFor();
    await page.locator('.ant-drawer-close').click();
  });

  it('D6: retention and second approval are set; a data key is renewed and its progress shows', async () => {
    const { page } = owner;
    await owner.open('security', '数据与加密');
    await page.locator('#notificationDays').fill('90');
    await page.getByRole('switch').click();
    await owner.button('保存').click();
    await owner.told('已保存');
    assert.equal(retentionDays(await setting(retentionKey)), 90);
    assert.deepEqual(await setting('card_export'), { secondPerson: true });
    await page.getByRole('button', { name: '轮换卡密密钥' }).click();
    await page.locator('.ant-popover:visible .ant-btn-primary').click();
    await page.getByText('进行中').waitFor();
    const { rows } = await system.parts.pool.query<{ ring: string }>('select ring from key_rotations');
    assert.deepEqual(rows, [{ ring: 'card' }]);
  });

  it('D6: a key is shown for a reason and audited; an export waits for another person and is taken once', async () => {
    const key = `SHOW-${randomUUID()}`;
    await system.shop.addCards(system.sku, [key]);
    const { page } = owner;
    await owner.open('cards?tab=keys', '卡密池');
    await owner.button('查看').first().click();
    const confirm = page.locator('.ant-popover:visible');
    assert.ok(await confirm.locator('.ant-btn-primary').isDisabled(), 'not without a reason');
    await confirm.locator('input').fill('买家说无法兑换');
    await confirm.locator('.ant-btn-primary').click();
    await page.locator('.ant-modal-confirm').getByText(key).waitFor();
    await page.locator('.ant-modal-confirm .ant-btn-primary').click();
    const { rows } = await system.parts.pool.query<{ detail: { reason: string } }>(`select detail from audit where action = 'card_revealed'`); // prettier-ignore
    assert.equal(rows[0]?.detail.reason, '买家说无法兑换');

    await page.getByRole('tab', { name: '导出' }).click();
    await page.getByText('测试', { exact: true }).last().click();
    await page.locator('input#reason').fill('对账');
    await page.getByRole('button', { name: '申请导出' }).click();
    await page.getByText('需另一人批准').waitFor();
    const second = await atConsole(system, 'owner');
    await second.open('cards?tab=exports', '卡密池');
    await second.button('批准').click();
    await second.page.getByText('可下载').waitFor();
    await page.reload();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: /下\s*载/ }).click();
    const { readFile } = await import('node:fs/promises');
    assert.ok((await readFile(await (await download).path(), 'utf8')).includes(key));
    await page.getByText('已下载').waitFor();
  });

  it('rule 19: pools in quarantine after a restore are said on the first screen and lifted with the number sold since', async () => {
    await system.shop.addCards(system.sku, [`Q-${randomUUID()}`, `Q-${randomUUID()}`]);
    await system.parts.pool.query(`update cards set mode = 'live' where state = 'available'`);
    await setQuarantine(system.parts.pool, true);
    const { page } = owner;
    await owner.open('', '首页');
    await page.getByRole('button', { name: '核对并解除' }).click();
    await page.locator('#discard').fill('1');
    await page.getByRole('button', { name: '解除隔离' }).click();
    await owner.told('已解除，作废 1 个卡密');
    await until('the alert goes', async () => ((await page.getByRole('button', { name: '核对并解除' }).count()) === 0 ? true : undefined), 5_000); // prettier-ignore
    const { rows } = await system.parts.pool.query<{ open: number }>('select count(*)::int as open from products where quarantined_at is not null'); // prettier-ignore
    assert.equal(rows[0]?.open, 0);
    assert.deepEqual(owner.complaints, []);
  });
});
