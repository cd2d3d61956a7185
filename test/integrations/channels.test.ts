import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors, type ErrorCode } from '../../domain/errors.ts';
import { ChannelError, cutBytes, type Channel } from '../../integrations/channels/channel.ts';
import { dingtalk, signDingtalk } from '../../integrations/channels/dingtalk.ts';
import { messageOf, type NoticeWords } from '../../integrations/channels/message.ts';
import { channels } from '../../integrations/channels/registry.ts';
import { webhook } from '../../integrations/channels/webhook.ts';
import { wecom } from '../../integrations/channels/wecom.ts';
import { createOutbound, type Outbound } from '../../integrations/outbound.ts';
import { verifyWebhook } from '../../integrations/webhook.ts';

const notice: NoticeWords = {
  kind: 'incident',
  code: 'POOL_EMPTY',
  orderNo: 'M261124AAAAAAAAAAAAA',
  sku: 'QQ-100',
  productName: '腾讯QQ 100元',
  mode: 'live',
  detail: { open: 1, fresh: 1 },
};
const message = messageOf(notice, 'https://shop.example');

describe('channels', () => {
  let server: http.Server;
  let base = '';
  let outbound: Outbound;
  let answer = { status: 200, body: '{"errcode":0,"errmsg":"ok"}' };
  const got: { url: string; headers: http.IncomingHttpHeaders; body: string }[] = [];

  before(async () => {
    server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        got.push({ url: request.url ?? '', headers: request.headers, body });
        response.statusCode = answer.status;
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    base = `http://127.0.0.1:${port}`;
    outbound = createOutbound({ allow: [`127.0.0.1:${port}`], timeoutMs: 1_000 });
  });
  after(async () => {
    await outbound.close();
    server.close();
  });
  beforeEach(() => {
    got.length = 0;
    answer = { status: 200, body: '{"errcode":0,"errmsg":"ok"}' };
  });

  const now = new Date('2026-11-24T12:00:00Z');
  const nobody = { send: () => Promise.resolve(), verify: () => Promise.resolve(), close: () => undefined };
  const send = (channel: Channel, config: Record<string, string>) =>
    channel.send(config, message, 'notice_7_1', { outbound, mailer: nobody, now });

  it('C2: a message says product, order, reason, what to do and where', () => {
    const text = [message.title, ...message.lines, message.link].join('\n');
    for (const part of [
      '卡密池为空',
      'QQ-100',
      'M261124AAAAAAAAAAAAA',
      '导入卡密',
      'https://shop.example/console/orders/',
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  it('E5: every code of the catalogue makes a message in both languages, of every kind', () => {
    for (const code of Object.keys(errors) as ErrorCode[]) {
      for (const kind of ['incident', 'digest', 'reminder', 'escalation', 'stock', 'restocked', 'test'] as const) {
        const en = messageOf({ ...notice, code, kind, productName: 'card', mode: 'test' }, 'https://x', 'en');
        assert.doesNotMatch([en.title, ...en.lines].join(), /\p{Script=Han}|undefined|NaN/u, `${code} ${kind}`);
      }
    }
  });

  it('企业微信: markdown within 4096 bytes; success is judged by the body', async () => {
    await send(wecom, { url: `${base}/cgi-bin/webhook/send?key=k` });
    const { msgtype, markdown } = JSON.parse(got[0]?.body ?? '') as { msgtype: string; markdown: { content: string } };
    assert.equal(msgtype, 'markdown');
    assert.ok(Buffer.byteLength(markdown.content) <= 4096);
    answer = { status: 200, body: '{"errcode":93000,"errmsg":"invalid webhook url"}' };
    await assert.rejects(send(wecom, { url: `${base}/x?key=SECRETKEY` }), (error: Error) => {
      assert.ok(error instanceof ChannelError && error.reason.startsWith('errcode 93000 机器人地址无效'));
      assert.ok(!`${error.message}${error.stack}`.includes('SECRETKEY'), 'no key in errors');
      return true;
    });
    for (const body of ['<html>', '{}', '{"errcode":"0"}', '']) {
      answer = { status: 200, body };
      await assert.rejects(send(wecom, { url: `${base}/x?key=k` }), ChannelError);
    }
  });

  it('钉钉: signed by the robot’s secret over time and secret', async () => {
    const secret = 'SECabcdefghijklmnop';
    await send(dingtalk, { url: `${base}/robot/send?access_token=t`, secret });
    const url = new URL(got[0]?.url ?? '', base);
    const ms = now.getTime();
    assert.equal(url.searchParams.get('timestamp'), String(ms));
    const expected = createHmac('sha256', secret).update(`${ms}\n${secret}`).digest('base64');
    assert.equal(url.searchParams.get('sign'), expected);
    assert.ok(signDingtalk(secret, ms).includes(encodeURIComponent(expected)));
    assert.ok((JSON.parse(got[0]?.body ?? '') as { text: { content: string } }).text.content.includes('卡密池为空'));
  });

  it('企业微信: a long message is cut to 4096 bytes, not characters, and stays whole characters', async () => {
    const long = { ...message, lines: Array.from({ length: 40 }, () => '游戏点卡'.repeat(40)) };
    await wecom.send({ url: `${base}/cgi-bin/webhook/send?key=k` }, long, 'notice_7_1', { outbound, mailer: nobody, now }); // prettier-ignore
    const { markdown } = JSON.parse(got[0]?.body ?? '') as { markdown: { content: string } };
    const bytes = Buffer.byteLength(markdown.content);
    assert.ok(bytes <= 4096 && bytes > 4080, `${bytes} bytes`);
    assert.ok(!markdown.content.includes('\ufffd'));
  });

  it('robots that refuse say why in words; one that is shut for being too busy is left alone for as long', async () => {
    const cases: [Channel, number, RegExp, number][] = [
      [dingtalk, 310000, /关键词/, 0],
      [dingtalk, 130101, /过于频繁/, 660],
      [wecom, 45009, /过于频繁/, 120],
      [wecom, 40008, /^errcode 40008$/, 0],
    ];
    for (const [channel, errcode, words, pause] of cases) {
      answer = { status: 200, body: JSON.stringify({ errcode, errmsg: 'x' }) };
      await assert.rejects(send(channel, { url: `${base}/x` }), (error: unknown) => {
        assert.ok(error instanceof ChannelError);
        assert.match(error.reason, words);
        assert.equal(error.pauseSeconds, pause);
        return true;
      });
    }
    // Below the limit of twenty a minute, so that it does not come to that.
    for (const channel of [wecom, dingtalk]) assert.ok(channel.perMinute < 20);
  });

  it('the signed webhook verifies by the Standard Webhooks scheme and carries the facts', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    answer = { status: 204, body: '' };
    await send(webhook, { url: `${base}/hook`, secret });
    const { headers, body } = got[0]!;
    const given = { id: String(headers['webhook-id']), timestamp: Number(headers['webhook-timestamp']), signature: String(headers['webhook-signature']), body }; // prettier-ignore
    assert.ok(verifyWebhook(secret, given, now.getTime() / 1000));
    assert.equal((JSON.parse(body) as { data: { code: string } }).data.code, 'POOL_EMPTY');
    answer = { status: 500, body: '' };
    await assert.rejects(send(webhook, { url: `${base}/hook`, secret }), /HTTP 500/);
  });

  it('addresses that people type: robots only at their own hosts; forms say what is wrong in both languages', () => {
    const bad: [string, Record<string, string>][] = [
      ['wecom', { url: 'https://evil.example/cgi-bin/webhook/send?key=aaaaaaaaaaaaaaaa' }],
      ['wecom', { url: 'https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=aaaaaaaaaaaaaaaa' }],
      ['dingtalk', { url: 'https://oapi.dingtalk.com@evil/robot/send?access_token=aaaaaaaaaaaaaaaa' }],
      ['webhook', { url: 'file:///etc/passwd', secret: `whsec_${'A'.repeat(32)}` }],
      ['email', { to: 'a@b.example\nBcc: c@d.example' }],
      ['email', {}],
    ];
    for (const [kind, config] of bad) {
      const problems = channels.get(kind)?.checkConfig(config) ?? [];
      assert.ok(problems.length > 0, kind);
      assert.match(problems[0]?.zh ?? '', /\p{Script=Han}/u);
    }
  });

  it('text is cut by bytes, never inside a character', () => {
    for (let n = 4; n < 40; n++) {
      const cut = cutBytes('卡密池为空😀 abc', n);
      assert.ok(Buffer.byteLength(cut) <= n);
      assert.ok(!cut.includes('�'));
    }
  });
});
